"""Whether the two clocks of a turn tell one story; pure functions, times are arguments."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from referee.faults import KernelFault, Verdict

AGREEMENT = 0.01
COMBO_AGREEMENT = 0.02
CPU_AGREEMENT = 0.05
CPU_SLACK_NS = 20_000_000


@dataclass(frozen=True)
class Turn:
    """What two clocks said of a few ops that one player ran without a pause.

    durations_ns  the player's clock, per op
    wall_ns       the referee's clock, from the word "go" to the answer
    cpu_ns        processor time of the player's whole process in that span
    """

    durations_ns: list[int]
    wall_ns: int
    cpu_ns: int

    @property
    def timed_ns(self) -> int:
        """The ops' time by the player's clock."""
        return sum(self.durations_ns)

    @property
    def untimed_ns(self) -> int:
        """What the referee's clock saw and the player's did not: inputs in, outputs out, the message."""
        return self.wall_ns - self.timed_ns

    def wrong(self) -> str:
        """Return why this turn cannot have taken place, or nothing."""
        if self.timed_ns > self.wall_ns:
            return f"clock: {self.timed_ns} ns of ops do not fit in the {self.wall_ns} ns that they took"
        return ""


def overworked(turns: Sequence[Turn]) -> str:
    """Return why one thread cannot have run all these turns of one player, or nothing.

    The slack: the system books a process's time when it pauses or at a tick, so some of what was spent before
    the first turn is found in it.
    """
    cpu_ns, wall_ns = sum(turn.cpu_ns for turn in turns), sum(turn.wall_ns for turn in turns)
    if cpu_ns > wall_ns * (1 + CPU_AGREEMENT) + CPU_SLACK_NS:
        return f"threads: {cpu_ns} ns of processor time in {wall_ns} ns"
    return ""


def hidden(candidate: Sequence[Turn], opponent: Sequence[Turn]) -> list[float]:
    """Return, per turn, the time the candidate spent outside its ops' timed spans, beyond the opponent's.

    Both players do the same untimed work for the same ops, so what only the referee's clock saw must be the
    same for both. In parts of the opponent's time, or of the candidate's turn where that was longer: after a
    long turn the referee wakes up later, and what a slow turn hides does not make it fast.
    """
    usual_ns = np.median([other.timed_ns for other in opponent])
    return [
        float((one.untimed_ns - other.untimed_ns) / max(usual_ns, one.timed_ns))
        for one, other in zip(candidate, opponent, strict=True)
    ]


def check_agreement(hidden: Sequence[np.ndarray], combos: Sequence[str]) -> None:
    """Raise if the median of what was `hidden` is surely above what two honest kernels can differ by.

    hidden  float64[turns] of each combo

    An interruption falls into one turn or another; a clock must lie in half of them to move the ratio, which
    is a median as well. One combo may stray more than all of them together.
    """
    for combo, parts in zip(combos, hidden, strict=True):
        check_hidden(parts, COMBO_AGREEMENT, f"workload {combo}")
    check_hidden(np.concatenate(hidden), AGREEMENT, "all workloads")


def check_hidden(parts: np.ndarray, allowed: float, place: str) -> None:
    """Raise if the lower 99.9 % bound of the median is above `allowed`; too few turns have no such bound.

    Source of the bound: the sign test; of n values about n/2 -+ 1.55 sqrt(n) lie below their true median.
    """
    rank = math.floor(parts.size / 2 - 1.55 * math.sqrt(parts.size))
    if rank >= 0 and np.sort(parts)[rank] > allowed:
        reason = (
            f"clock: the two clocks disagree by {np.median(parts):.1%}; time passed outside the timed span"
        )
        raise KernelFault(Verdict.REJECTED, f"{place}: {reason}")


def check_floor(combo: str, durations_ns: np.ndarray, least_ns: float) -> None:
    """Raise if half of a combo's ops were faster than the machine can touch the bytes they must touch."""
    median_ns = float(np.median(durations_ns))
    if median_ns < least_ns:
        reason = (
            f"too good to be true: {combo} took {median_ns:.0f} ns; its bytes alone take {least_ns:.0f} ns"
        )
        raise KernelFault(Verdict.REJECTED, reason)
