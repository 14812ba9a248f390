"""How many times as fast as the baseline: the champion after each trial, and each candidate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

JUDGED = ("keep", "discard")  # the ratio of a trial that was stopped is no result


@dataclass(frozen=True)
class Speedup:
    """Baseline time over kernel time, above 1 where the kernel is faster, and its two 95 % bounds."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.2f}x ({self.low:.2f}x to {self.high:.2f}x)"


@dataclass(frozen=True)
class Point:
    """One trial in the course of a run.

    candidate  what the trial says of its candidate; None if it was stopped
    champion   the one that the run has after it
    """

    number: int
    kept: bool
    candidate: Speedup | None
    champion: float


@dataclass(frozen=True)
class Course:
    """A run from trial to trial.

    start     the kernel that the run began with
    measured  whether the baseline was ever measured; if not, every figure is in parts of the start
    """

    points: tuple[Point, ...]
    start: float
    measured: bool


def measured_speedup(record: Mapping[str, Any]) -> Speedup | None:
    """Return what a trial has measured against the baseline itself, as it does of a keep."""
    return bounded(
        record.get("speedup_vs_baseline"),
        record.get("speedup_vs_baseline_low"),
        record.get("speedup_vs_baseline_high"),
    )


def combo_speedups(record: Mapping[str, Any]) -> dict[str, Speedup]:
    """Return what a trial has measured against the baseline at each combo; empty if it did not."""
    found = {
        combo: bounded(one.get("speedup"), one.get("speedup_low"), one.get("speedup_high"))
        for combo, one in (record.get("combos_vs_baseline") or {}).items()
    }
    return {combo: one for combo, one in found.items() if one is not None}


def over_champion(record: Mapping[str, Any]) -> Speedup | None:
    """Return how many times as fast as the champion a candidate is; None if it was stopped."""
    return over_opponent(record) if record["verdict"] in JUDGED else None


def over_opponent(found: Mapping[str, Any]) -> Speedup | None:
    """Return a speedup from a ratio of times, candidate over opponent, of a trial or of one of its combos."""
    ratio, low, high = (found.get(name) for name in ("ratio", "ratio_low", "ratio_high"))
    return Speedup(1 / ratio, 1 / (high or ratio), 1 / (low or ratio)) if ratio else None


def bounded(middle: float | None, low: float | None, high: float | None) -> Speedup | None:
    """Return a speedup, where a bound that is not known is the middle itself; None without a middle."""
    if middle is None:
        return None
    return Speedup(middle, middle if low is None else low, middle if high is None else high)


def course(records: Sequence[Mapping[str, Any]], kept: Sequence[bool]) -> Course:
    """Return the run of these trials, oldest first.

    A keep was measured against the baseline. A discarded candidate was measured against the champion only,
    so its figure is the champion's times that, with the interval of the latter; so is the start's.
    """
    wins = [record for record, won in zip(records, kept, strict=True) if won]
    first, gain = (measured_speedup(wins[0]), over_champion(wins[0])) if wins else (None, None)
    start = first.middle / gain.middle if first and gain else 1.0
    champion, points = start, []
    for number, (record, won) in enumerate(zip(records, kept, strict=True), start=1):
        candidate, gain = None, over_champion(record)
        if gain is not None:
            candidate = Speedup(champion * gain.middle, champion * gain.low, champion * gain.high)
        if won:
            candidate = measured_speedup(record) or candidate
            champion = candidate.middle if candidate else champion
        points.append(Point(number, won, candidate, champion))
    return Course(tuple(points), start, measured=first is not None)
