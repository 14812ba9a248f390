"""One trial at a time per target: a lock that the kernel drops when its holder dies."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LOOK_S = 0.01  # far longer than `is_held` takes


@contextmanager
def held(trials: Path, say: Callable[[str], None]) -> Iterator[int]:
    """Hold the lock of the folder `trials`, waiting for another trial first, and yield its descriptor.

    say  told for whom we wait; Ctrl-C ends the wait
    """
    with opened(trials) as lock:
        if not taken(lock, fcntl.LOCK_EX):
            holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            say(f"waiting for the trial of process {holder} on this target; Ctrl-C gives up")
            fcntl.flock(lock, fcntl.LOCK_EX)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield lock


def is_held(folder: Path) -> bool:
    """Return whether a process holds the lock of `folder`, which need not exist; nothing is made.

    Any number may look at the same time, and for the moment of a look `held_if_free` tries again.
    """
    try:
        lock = os.open(folder / ".lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not taken(lock, fcntl.LOCK_SH)
    finally:
        os.close(lock)


@contextmanager
def held_if_free(trials: Path) -> Iterator[int | None]:
    """Hold the lock of the folder `trials` and yield its descriptor, or None while a trial runs."""
    with opened(trials) as lock:
        free = taken(lock, fcntl.LOCK_EX)
        if not free:
            time.sleep(LOOK_S)  # somebody may only have looked
            free = taken(lock, fcntl.LOCK_EX)
        yield lock if free else None


def taken(lock: int, kind: int) -> bool:
    """Return whether we now hold the lock behind a descriptor, without waiting for it.

    kind  LOCK_EX, or LOCK_SH for one that others may share
    """
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def opened(trials: Path) -> Iterator[int]:
    """Yield a descriptor of the lock file, made if need be."""
    trials.mkdir(parents=True, exist_ok=True)
    lock = os.open(trials / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield lock
    finally:
        os.close(lock)
