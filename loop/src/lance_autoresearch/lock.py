"""One trial at a time per target: a lock that the kernel drops when its holder dies."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(trials: Path, say: Callable[[str], None]) -> Iterator[int]:
    """Hold the lock of the folder `trials`, waiting for another trial first, and yield its descriptor.

    say  told for whom we wait; Ctrl-C ends the wait
    """
    with opened(trials) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            say(f"waiting for the trial of process {holder} on this target; Ctrl-C gives up")
            fcntl.flock(lock, fcntl.LOCK_EX)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield lock


@contextmanager
def held_if_free(trials: Path) -> Iterator[int | None]:
    """Hold the lock of the folder `trials` and yield its descriptor, or None while a trial runs."""
    with opened(trials) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield lock


@contextmanager
def opened(trials: Path) -> Iterator[int]:
    """Yield a descriptor of the lock file, made if need be."""
    trials.mkdir(parents=True, exist_ok=True)
    lock = os.open(trials / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield lock
    finally:
        os.close(lock)
