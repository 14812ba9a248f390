"""Signals as exceptions, so that every exit runs its clean-up and ends in one line."""

import signal
from types import FrameType

from lance_autoresearch.errors import Interrupted


def raise_on_signals() -> None:
    """Make Ctrl-C, a polite kill and a closed terminal raise `Interrupted`.

    A signal that our parent ignores (nohup, a job in the background of a script) stays ignored.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt)


def interrupt(number: int, frame: FrameType | None) -> None:
    """Raise `Interrupted` with the exit code that shells expect of this signal."""
    raise Interrupted("interrupted" if number == signal.SIGINT else "terminated", 128 + number)
