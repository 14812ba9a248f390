"""How far a trial is: one line that is rewritten on a terminal, one line a stage in a pipe."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO


@dataclass
class Progress:
    """Tells `stream` the stage, how much of it is done, and the seconds since the start."""

    stream: TextIO
    clock: Callable[[], float] = time.monotonic
    stage: str = ""

    def __post_init__(self) -> None:
        self._live = self.stream.isatty()
        self.start()

    def start(self) -> None:
        """Count the seconds from here on: what came before was waiting."""
        self._start_s = self.clock()

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Say that `done` of `total` of `stage` are done (0 of 0: it has just begun)."""
        count = f" {done}/{total}" if total else ""
        elapsed_s = self.clock() - self._start_s
        if self._live:
            self.stream.write(f"\r\x1b[K{elapsed_s:6.1f} s  {stage}{count}")
            self.stream.flush()
        elif stage != self.stage:
            self.stream.write(f"{elapsed_s:6.1f} s  {stage}\n")
            self.stream.flush()
        self.stage = stage

    def note(self, message: str) -> None:
        """Say something that stays on the screen."""
        self.stream.write(f"\r\x1b[K{message}\n" if self._live else f"{message}\n")
        self.stream.flush()

    def close(self) -> None:
        if self._live:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
