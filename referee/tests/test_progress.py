"""Progress rewrites one line on a terminal and writes one line a stage in a pipe."""

import io

from referee.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def ticking(*seconds: float):  # type: ignore[no-untyped-def]
    times = iter(seconds)
    return lambda: next(times)


def test_a_pipe_gets_one_plain_line_a_stage() -> None:
    """No escape codes, no line for every case."""
    stream = io.StringIO()
    progress = Progress(stream, ticking(0.0, 1.0, 2.0, 3.0))
    progress("checking", 1, 2)
    progress("checking", 2, 2)
    progress("timing", 1, 5)
    progress.note("a word")
    progress.close()
    assert stream.getvalue() == "   1.0 s  checking\n   3.0 s  timing\na word\n"


def test_a_terminal_gets_one_line_rewritten() -> None:
    """Stage, count and elapsed time; cleared at the end."""
    stream = Terminal()
    progress = Progress(stream, ticking(0.0, 1.0, 2.0))
    progress("checking", 1, 2)
    progress("checking", 2, 2)
    progress.close()
    assert stream.getvalue() == "\r\x1b[K   1.0 s  checking 1/2\r\x1b[K   2.0 s  checking 2/2\r\x1b[K"


def test_what_was_waited_does_not_count() -> None:
    """A trial that queued for an hour begins at 0."""
    stream = io.StringIO()
    progress = Progress(stream, ticking(0.0, 3600.0, 3601.0))
    progress.start()
    progress("checking")
    assert stream.getvalue() == "   1.0 s  checking\n"
