"""What a player may not do, enforced by the kernel of the operating system.

Landlock (Linux 5.13 and later) closes the file system outside the given folders; seccomp refuses new
processes, threads, sockets and a look into other processes; resource limits bound memory and file size.
Where one is missing the player goes on without it and the trial says so.
Sources: landlock(7), seccomp(2), getrlimit(2), linux/landlock.h, linux/filter.h.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read file, read directory
ACCESS_BITS = {1: 13, 2: 14, 3: 15, 4: 15}  # rights on files that a Landlock version knows; 16 from 5 on

# others: socket, socketpair, fork, vfork, execve, execveat, ptrace, process_vm_readv, process_vm_writev, bpf,
# io_uring_setup, kill, tkill, tgkill, sched_setaffinity, sched_setscheduler
FORBIDDEN_CALLS = {
    "x86_64": {
        "audit_arch": 0xC000003E,
        "clone": 56,
        "others": (41, 53, 57, 58, 59, 322, 101, 310, 311, 321, 425, 62, 200, 234, 203, 144),
        "clone3": 435,
    },
    "aarch64": {
        "audit_arch": 0xC00000B7,
        "clone": 220,
        "others": (198, 199, 221, 281, 117, 270, 271, 280, 425, 129, 130, 131, 122, 119),
        "clone3": 435,
    },
}


def die_with_parent() -> None:
    """Ask to be killed when the referee goes, however it goes (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def limit_resources(memory_bytes: int, file_bytes: int) -> None:
    """Bound the address space and the size of any file written; no core dumps."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def enclose(readable: Iterable[Path], writable: Iterable[Path]) -> str:
    """Close everything that can be closed and say in a few words what is in force."""
    if sys.platform != "linux":
        return "unsandboxed: no landlock and no seccomp on this system"
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    files = close_files(libc, readable, writable)
    calls = close_calls(libc)
    closed = [word for word, done in (("landlock", files), ("seccomp", calls)) if done]
    missing = [word for word, done in (("landlock", files), ("seccomp", calls)) if not done]
    if not missing:
        return " and ".join(closed)
    return f"partly unsandboxed: {' and '.join(missing)} not available"


def close_files(libc: ctypes.CDLL, readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Allow reading below `readable`, everything below `writable`, and no other file (Landlock)."""
    version = libc.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    every_access = (1 << ACCESS_BITS.get(version, 16)) - 1
    attributes = struct.pack("<QQQ", every_access, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return False
    for paths, access in ((readable, READ), (writable, every_access)):
        for path in paths:
            allow_beneath(libc, ruleset, path, access)
    restricted: int = libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return restricted == 0


def allow_beneath(libc: ctypes.CDLL, ruleset: int, path: Path, access: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a folder that is not there needs no permission
    if not path.is_dir():
        access &= 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14  # what can be done to a file
    libc.syscall(LANDLOCK_ADD_RULE, ruleset, 1, struct.pack("<Qi", access, descriptor), 0)
    os.close(descriptor)


def close_calls(libc: ctypes.CDLL) -> bool:
    """Refuse FORBIDDEN_CALLS with EPERM, clone3 with ENOSYS as an old kernel would (seccomp)."""
    machine = FORBIDDEN_CALLS.get(platform.machine())
    if machine is None:
        return False
    load, jump_equal, jump_at_least, give_back = 0x20, 0x15, 0x35, 0x06
    allow, refuse, absent = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38
    program = [(load, 0, 0, 4), (jump_equal, 1, 0, machine["audit_arch"]), (give_back, 0, 0, refuse)]
    program += [(load, 0, 0, 0), (jump_at_least, 0, 1, 1 << 30), (give_back, 0, 0, refuse)]
    for number in (machine["clone"], *machine["others"]):  # type: ignore[misc]
        program += [(jump_equal, 0, 1, number), (give_back, 0, 0, refuse)]
    program += [(jump_equal, 0, 1, machine["clone3"]), (give_back, 0, 0, absent)]
    program.append((give_back, 0, 0, allow))
    code = b"".join(struct.pack("<HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("<H6xQ", len(program), ctypes.addressof(buffer))
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0) == 0)
