"""When a candidate replaces the champion; a pure function of log ratios and sizes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from referee import statistics
from referee.faults import Verdict
from referee.statistics import Estimate

NOISE_BAND = 0.01
GUARD = 1.05
MIN_BLOCKS = 5
MAX_BLOCKS = 20


@dataclass(frozen=True)
class Decision:
    """What the data say so far; `verdict` is None while they cannot tell and more blocks are allowed."""

    verdict: Verdict | None
    reason: str
    overall: Estimate
    combos: dict[str, Estimate]


def only_the_guard_is_open(decision: Decision) -> bool:
    """Return whether the data say that the candidate is faster, and not yet whether it is so everywhere."""
    overall = decision.overall
    return decision.verdict is None and overall.ratio <= 1 - NOISE_BAND and overall.high < 1


def decide(log_ratios: np.ndarray, combos: Sequence[str], *, fewer_nodes: bool, may_go_on: bool) -> Decision:
    """Apply the keep rule to log_ratios[blocks, combos].

    keep     geomean better by the noise band and its 95 % bound below 1, and no combo above the guard;
             or, if the candidate has fewer nodes, shown to be within the noise band of the champion
    discard  a combo is surely slower than the guard, or a gain of the noise band is ruled out,
             or the blocks are used up and the data cannot tell
    """
    overall = statistics.overall(log_ratios)
    per_combo = dict(zip(combos, statistics.by_combo(log_ratios), strict=True))

    def decision(verdict: Verdict | None, reason: str) -> Decision:
        return Decision(verdict, reason, overall, per_combo)

    worst = max(per_combo, key=lambda combo: per_combo[combo].low)
    if per_combo[worst].low > GUARD:
        return decision(Verdict.DISCARD, f"slower at {worst}: ratio {per_combo[worst]}, guard {GUARD}")
    doubtful = [combo for combo, one in per_combo.items() if one.ratio > GUARD]
    faster = overall.ratio <= 1 - NOISE_BAND and overall.high < 1
    simpler = fewer_nodes and overall.high <= 1 + NOISE_BAND
    if (faster or simpler) and not doubtful:
        kind = "faster" if faster else "simpler and not slower"
        return decision(Verdict.KEEP, f"{kind}: ratio {overall}")
    too_slow = overall.low > (1 + NOISE_BAND if fewer_nodes else 1 - NOISE_BAND)
    if too_slow:
        slower = overall.low > 1 and overall.ratio > 1 + NOISE_BAND
        kind = "slower" if slower else f"no gain of {NOISE_BAND:.0%}"
        return decision(Verdict.DISCARD, f"{kind}: ratio {overall}")
    if may_go_on:
        return decision(None, f"undecided: ratio {overall}")
    gave_up, doubt = f"inconclusive after {len(log_ratios)} blocks", f"in doubt at {', '.join(doubtful)}"
    if faster:
        return decision(Verdict.DISCARD, f"{gave_up}: faster over all, but {doubt}: ratio {overall}")
    return decision(Verdict.DISCARD, f"{gave_up}: ratio {overall}" + (f"; {doubt}" if doubtful else ""))
