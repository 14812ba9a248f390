"""From recorded durations to ratios with intervals; pure functions, no clock.

A ratio is candidate time over opponent time: below 1 the candidate is faster.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

CONFIDENCE = 0.95
BURSTS = 0.01
COMBO_BURSTS = 0.02
BURSTS_CONFIDENCE = 0.999


@dataclass(frozen=True)
class Estimate:
    """A ratio with its two one-sided 95 % bounds."""

    ratio: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.ratio:.4f} ({self.low:.4f} to {self.high:.4f})"


def typical_ns(durations_ns: np.ndarray) -> float:
    """Return one combo's time per op in one block, for people to read: the lower quartile.

    Interruptions only ever add time, so the lower part of the sample is the kernel and the upper part the
    machine. No decision rests on it: ratios come from `log_ratio`.
    """
    return float(np.quantile(durations_ns, 0.25))


def log_ratio(candidate_ns: np.ndarray, opponent_ns: np.ndarray) -> float:
    """Return ln(candidate / opponent) of one combo in one block: the median over paired ops.

    Entry i of both arrays is the same op on the same inputs, timed within a few ops of each other: what slows
    the machine for longer than that slows both, and what hits one of them falls out of the median.
    """
    return float(np.median(np.log(candidate_ns / opponent_ns)))


def burst_part(candidate_ns: np.ndarray, opponent_ns: np.ndarray) -> float:
    """Return what all of the candidate's time says it gained less than its typical op says.

    candidate_ns  int64[turns, ops]  turn i of both sides ran the same ops, one after the other
    opponent_ns   int64[turns, ops]

    The two sides' excess over their typical ops is compared in parts of the opponent's, as a logarithm, so
    that an interruption weighs the same on either side. The first op of a turn finds cold caches, which costs
    both about the same: in parts of each one's own time it would count against whoever is faster.
    """
    typical = math.exp(log_ratio(candidate_ns, opponent_ns))
    pace_ns = turn_pace_ns(candidate_ns, opponent_ns) / math.sqrt(typical)  # the opponent's typical op
    beyond = float((candidate_ns / pace_ns).mean()) - typical
    opponents_beyond = float((opponent_ns / pace_ns).mean()) - 1.0
    return math.log1p(beyond / max(1.0, typical)) - math.log1p(opponents_beyond)


def whole_log_ratio(candidate_ns: np.ndarray, opponent_ns: np.ndarray) -> float:
    """Return ln(candidate / opponent) of all the time of [turns, ops], at the pace of each turn."""
    pace_ns = turn_pace_ns(candidate_ns, opponent_ns)
    return math.log(float((candidate_ns / pace_ns).mean()) / float((opponent_ns / pace_ns).mean()))


def turn_pace_ns(candidate_ns: np.ndarray, opponent_ns: np.ndarray) -> np.ndarray:
    """Return float64[turns, 1], the geometric mean of both sides' median op, as the machine changes its pace.

    Not one side's alone: where turns differ, the mean of a ratio is above the ratio of the means.
    """
    medians = np.median(candidate_ns, axis=1) * np.median(opponent_ns, axis=1)
    return np.asarray(np.sqrt(medians)[:, np.newaxis])


def in_bursts(parts: np.ndarray) -> np.ndarray:
    """Return bool[combos], in which the typical op surely promises more than the whole time keeps.

    By more than BURSTS over all combos, or by more than COMBO_BURSTS in one.

    parts  float64[blocks, combos]  `burst_part`; one block alone is never sure
    """
    if len(parts) < 2:
        return np.zeros(parts.shape[1], np.bool_)

    def surely_beyond(values: np.ndarray, allowed: float) -> np.ndarray:
        t = float(stdtrit(len(values) - 1, BURSTS_CONFIDENCE))
        reach = t * values.std(axis=0, ddof=1) / len(values) ** 0.5
        return np.asarray(values.mean(axis=0) - reach > allowed)

    everywhere = bool(surely_beyond(parts.mean(axis=1), BURSTS))
    return surely_beyond(parts, COMBO_BURSTS) | everywhere


def estimate(log_ratios: Sequence[float] | np.ndarray) -> Estimate:
    """Return the ratio whose logarithm is the mean over blocks, with Student's one-sided bounds.

    Blocks are the independent repeats: each has fresh processes, hence fresh memory layout. One block gives
    no bounds (0 and infinity). Source: Student, Biometrika 6(1), 1908.
    """
    values = np.asarray(log_ratios, dtype=np.float64)
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise ValueError(f"expected finite log ratios, one a block, got {values!r:.80}")
    mean = float(values.mean())
    if values.size == 1:
        return Estimate(math.exp(mean), 0.0, math.inf)
    standard_error = float(values.std(ddof=1)) / math.sqrt(values.size)
    reach = float(stdtrit(values.size - 1, CONFIDENCE)) * standard_error
    return Estimate(math.exp(mean), math.exp(mean - reach), math.exp(mean + reach))


def overall(log_ratios: np.ndarray) -> Estimate:
    """Return the estimate for the geomean over combos from log_ratios[blocks, combos]."""
    return estimate(log_ratios.mean(axis=1))


def by_combo(log_ratios: np.ndarray) -> list[Estimate]:
    """Return one estimate per combo from log_ratios[blocks, combos]."""
    return [estimate(column) for column in log_ratios.T]


def block_noise(log_ratios: np.ndarray) -> float:
    """Return the standard deviation over blocks of the block's mean log ratio; nan for one block."""
    means = log_ratios.mean(axis=1)
    return float(means.std(ddof=1)) if means.size > 1 else math.nan


def smallest_visible_gain(noise: float, n_blocks: int) -> float:
    """Return the gain whose one-sided bound just clears 1 after `n_blocks` blocks of that noise."""
    return float(stdtrit(n_blocks - 1, CONFIDENCE)) * noise / math.sqrt(n_blocks)
