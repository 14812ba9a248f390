"""Whether the two clocks of a round tell one story; pure functions, times are arguments."""

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from referee.faults import KernelFault, Verdict
from referee.player_process import Round

AGREEMENT = 0.01
COMBO_AGREEMENT = 0.02
CPU_AGREEMENT = 0.05
SLACK_NS = 2_000_000


def check_round(played: Round) -> None:
    """Raise unless a round's durations fit in the referee's span, and its processor time in one thread."""
    total_ns = sum(played.durations_ns)
    if total_ns > played.wall_ns:
        reason = f"clock: {total_ns} ns of ops do not fit in the {played.wall_ns} ns that the round took"
        raise KernelFault(Verdict.REJECTED, reason)
    if played.cpu_ns > played.wall_ns * (1 + CPU_AGREEMENT) + SLACK_NS:
        reason = f"threads: {played.cpu_ns} ns of processor time in a round of {played.wall_ns} ns"
        raise KernelFault(Verdict.REJECTED, reason)


def untimed_ns(played: Round) -> int:
    """Return what the referee's clock saw of a round and the player's clock did not."""
    return played.wall_ns - sum(played.durations_ns)


def hidden(candidate: Sequence[Round], opponent: Sequence[Round]) -> float:
    """Return the time that the candidate spent outside its op's timed span, as a part of the opponent's time.

    Both players do the same untimed work in a round (inputs in, outputs out), so what only the referee's
    clock saw of a round must be the same for both; the median over rounds is returned.
    """
    extra_ns = [untimed_ns(one) - untimed_ns(other) for one, other in zip(candidate, opponent, strict=True)]
    return float(np.median(extra_ns) / np.median([sum(other.durations_ns) for other in opponent]))


def check_agreement(hidden: np.ndarray, combos: Sequence[str]) -> None:
    """Raise if hidden[blocks, combos] is surely above what two honest kernels can differ by.

    One combo may stray more than all together; a difference counts only when its 99.9 % bound does.
    """
    if len(hidden) < 2:
        return
    for combo, parts in zip(combos, hidden.T, strict=True):
        check_hidden(parts, COMBO_AGREEMENT, f"workload {combo}")
    check_hidden(hidden.mean(axis=1), AGREEMENT, "all workloads")


def check_hidden(parts: np.ndarray, allowed: float, place: str) -> None:
    reach = float(stdtrit(parts.size - 1, 0.999)) * parts.std(ddof=1) / parts.size**0.5
    if parts.mean() - reach > allowed:
        reason = f"clock: the two clocks disagree by {parts.mean():.1%}; time passed outside the timed span"
        raise KernelFault(Verdict.REJECTED, f"{place}: {reason}")


def check_floor(combo: str, durations_ns: np.ndarray, least_ns: float) -> None:
    """Raise if half of a combo's ops were faster than the machine can touch the bytes they must touch."""
    median_ns = float(np.median(durations_ns))
    if median_ns < least_ns:
        reason = (
            f"too good to be true: {combo} took {median_ns:.0f} ns; its bytes alone take {least_ns:.0f} ns"
        )
        raise KernelFault(Verdict.REJECTED, reason)
