"""Which processes descend from which, and how all of them are ended: read from /proc, to overlook none.

Only Linux has it; elsewhere the table is empty, and a process group is all that can be reached.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
PROC = Path("/proc")
POLITE_S = 3.0  # for git to finish what it is writing, and for a trial to remove its folder
FORCED_S = 5.0


@dataclass(frozen=True)
class Process:
    """One line of the table.

    started  clock ticks from boot to its start: with the pid it names one process until the next boot
    ended    a zombie, which waits for its parent to take its exit code
    """

    pid: int
    parent: int
    session: int
    started: int
    ended: bool


def process_table() -> dict[int, Process]:
    """Return all processes by pid.

    Source: proc_pid_stat(5), fields 3, 4, 6 and 22.
    """
    table = {}
    for folder in PROC.iterdir() if sys.platform == "linux" else ():
        if folder.name.isdigit():
            try:
                # The second field is a name in brackets and may hold anything, brackets too.
                fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
            except OSError:  # it ended meanwhile
                continue
            if len(fields) > 19:
                numbers = int(folder.name), int(fields[1]), int(fields[3]), int(fields[19])
                table[numbers[0]] = Process(*numbers, ended=fields[0] in (b"Z", b"X"))
    return table


def command_line(pid: int) -> bytes:
    """Return the words that a process was started with, or nothing if it has ended."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""


def descendants(table: dict[int, Process], roots: Collection[int], spared: Collection[int]) -> set[int]:
    """Return the pids below `roots`, without `spared` and what is below those."""
    children: dict[int, list[int]] = {}
    for process in table.values():
        children.setdefault(process.parent, []).append(process.pid)
    below: set[int] = set()
    ahead = list(roots)
    while ahead:
        for child in children.get(ahead.pop(), []):
            if child not in below and child not in spared:
                below.add(child)
                ahead.append(child)
    return below


@contextmanager
def adopting_orphans() -> Iterator[None]:
    """Be the new parent of every descendant whose own parent ends, until the block ends.

    Otherwise that is the init process, and who starts a child and ends is lost from the tree.
    Does nothing where the system cannot (macOS).
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None
    if prctl:
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        if prctl:
            prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def reap_orphans(kept: Collection[int]) -> None:
    """Take the exit codes of adopted processes that have ended; those of `kept` have their own taker."""
    while sys.platform == "linux":
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in kept:
            return
        os.waitpid(ended.si_pid, os.WNOHANG)


def end_processes(running: Callable[[], set[int]]) -> None:
    """Ask what `running` returns to end, and kill what is there after a while, or comes up meanwhile."""
    for number, patience_s in ((signal.SIGTERM, POLITE_S), (signal.SIGKILL, FORCED_S)):
        give_up_s = time.monotonic() + patience_s
        send(running(), number)
        while (left := running()) and time.monotonic() < give_up_s:
            if number == signal.SIGKILL:
                send(left, number)
            time.sleep(0.02)


def send(pids: Collection[int], number: signal.Signals) -> None:
    """Send a signal to each process that is still there; a negative number is a group, as in kill(2)."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):  # gone; or macOS, of a group that is all zombies
            continue
