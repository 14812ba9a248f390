"""One trial times at a time on one machine, whoever starts it and from whichever checkout."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

WAIT_S = 0.5


@contextlib.contextmanager
def alone(say: Callable[[str], None], folder: Path | None = None) -> Iterator[Path]:
    """Wait until no other trial runs on this machine and yield an empty folder to work in.

    The lock is the operating system's own (flock): it goes with its holder, however that ends, and the next
    holder clears away what was left behind. `say` is told once whom we wait for.
    """
    place = folder or Path(tempfile.gettempdir())
    lock_path = place / "lance-autoresearch.lock"
    descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    with contextlib.suppress(OSError):
        os.chmod(lock_path, 0o666)  # another user's trial waits for the same lock
    try:
        wait_for(descriptor, say)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        workplace = place / f"lance-autoresearch-{os.getuid()}"
        shutil.rmtree(workplace, ignore_errors=True)
        workplace.mkdir(mode=0o700)
        try:
            yield workplace
        finally:
            shutil.rmtree(workplace, ignore_errors=True)
    finally:
        os.close(descriptor)


def wait_for(descriptor: int, say: Callable[[str], None]) -> None:
    said = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not said:
                holder = os.pread(descriptor, 20, 0).decode(errors="replace") or "unknown"
                say(f"waiting for another trial on this machine (process {holder}); Ctrl-C gives up")
                said = True
            time.sleep(WAIT_S)
        else:
            return
