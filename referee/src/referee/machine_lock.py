"""One trial times at a time on one machine, whoever starts it and from whichever checkout.

The lock lies in one folder for all, whatever TMPDIR says: an agent's sandbox sets another one, and two locks
would be two clocks. Only our own tests name another folder, by LAR_MACHINE_LOCK.
"""

import contextlib
import fcntl
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

WAIT_S = 0.5
REMIND_S = 60.0
FOLDER = "/tmp"
PREFIX = f"lance-autoresearch-{os.getuid()}-"


@contextlib.contextmanager
def alone(say: Callable[[str], None], folder: Path | None = None) -> Iterator[Path]:
    """Wait until no other trial runs on this machine and yield an empty folder to work in.

    The lock is the operating system's own (flock): it goes with its holder, however that ends, and the next
    holder clears away what was left behind. `say` is told whom we wait for, and again every minute.

    folder  holds both the lock and the folder to work in; by default the one for all, and TMPDIR

    Raises: OSError if the lock can be neither opened nor made.
    """
    place = folder or Path(tempfile.gettempdir())
    lock_folder = folder or Path(os.environ.get("LAR_MACHINE_LOCK", FOLDER))
    descriptor = open_lock(lock_folder / "lance-autoresearch.lock")
    try:
        wait_for(descriptor, say)
        with contextlib.suppress(OSError):  # in a sandbox that only lets us read, we hold it without a name
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        for left_behind in place.glob(f"{PREFIX}*"):
            shutil.rmtree(left_behind, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=PREFIX, dir=place, ignore_cleanup_errors=True) as workplace:
            yield Path(workplace)
    finally:
        os.close(descriptor)


def open_lock(path: Path) -> int:
    """Open the lock file for any user; who did not create it may not ask to create it (proc_sys_fs(5)).

    A descriptor to read is enough to hold it: an agent's sandbox may not let us write outside its folders.
    """
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        descriptor = os.open(path, flags | os.O_CREAT, 0o666)
        os.fchmod(descriptor, 0o666)
        return descriptor
    except OSError:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)


def wait_for(descriptor: int, say: Callable[[str], None]) -> None:
    began_s, said_s = time.monotonic(), -math.inf
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            now_s = time.monotonic()
        if now_s - said_s >= REMIND_S:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace") or "unknown"
            so_far = f", for {(now_s - began_s) / 60:.0f} min so far" if said_s > 0 else ""
            say(f"waiting for another trial on this machine (process {holder}){so_far}; Ctrl-C gives up")
            said_s = now_s
        time.sleep(WAIT_S)
