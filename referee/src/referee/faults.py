"""The ways in which a kernel ends its own trial."""

from enum import StrEnum


class Verdict(StrEnum):
    """The one word in which a trial ends."""

    KEEP = "keep"
    DISCARD = "discard"
    FAIL = "fail"
    CRASH = "crash"
    TIMEOUT = "timeout"
    REJECTED = "rejected"


EXIT_CODES = {
    Verdict.KEEP: 0,
    Verdict.DISCARD: 0,
    Verdict.FAIL: 2,
    Verdict.TIMEOUT: 3,
    Verdict.CRASH: 1,
    Verdict.REJECTED: 1,
}


class KernelFault(Exception):
    """A kernel did what no right and fair kernel does; the trial ends with `verdict`.

    reason is one line that names the rule, line or case; detail is what helps to find the cause.
    """

    def __init__(self, verdict: Verdict, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason
        self.detail = detail

    def at(self, place: str) -> "KernelFault":
        """Return the same fault with the case or combo that shows it in front."""
        return KernelFault(self.verdict, f"{place}: {self.reason}", self.detail)
