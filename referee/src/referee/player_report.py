"""What a profiled player's report says: checked for its form, cleaned and cut.

The player runs the kernel, so its report is text to show and no more; nothing is decided by it.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from referee import assembly
from referee.faults import KernelFault, Verdict
from referee.report import one_line

MOST_LINES = 25
MOST_FUNCTIONS = 12
NAME_LENGTH = 40
LINE_LENGTH = 72
MOST_READ = 20_000
MUCH = 0.1


def understood(told: Mapping[str, Any], n_combos: int) -> dict[str, Any]:
    """Return the player's report as shares and a hot loop, every text in it cleaned and cut.

    Raises: KernelFault (rejected) if it has another form.
    """
    try:
        return shares_and_loop(told, n_combos)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        reason = "channel: expected a report of samples, got another form"
        raise KernelFault(Verdict.REJECTED, reason) from None


def shares_and_loop(told: Mapping[str, Any], n_combos: int) -> dict[str, Any]:
    """Return what `understood` does. Raises: any of the errors that a wrong form gives."""
    if len(told["built"]) != n_combos:
        raise ValueError
    built, shares, counted = [], [], []
    for one in told["built"]:
        counts = {cleaned(name, NAME_LENGTH): whole(count) for name, count in one["functions"].items()}
        n_samples, n_ops = sum(counts.values()), max(1, whole(one["n_ops"]))
        shares.append({name: count / max(1, n_samples) for name, count in counts.items()})
        counted.append({cleaned(name, NAME_LENGTH): whole(n) / n_ops for name, n in one["counted"].items()})
        built.append(
            {"samples": n_samples, "functions": most_first(shares[-1]), "counters_per_op": counted[-1]}
        )
    functions = most_first(mean(shares))
    return {
        "built": built,
        "functions": functions,
        "samples": sum(one["samples"] for one in built),
        "sampled": told["sampled"] is True,
        "counters_per_op": mean(counted),
        "counters_missing": cleaned(told["counters_missing"], 160),
        "hot_loop": hot_loop(told["listings"]),
        "unlisted": unlisted(told["unlisted"]),
    }


def unlisted(shares: Mapping[str, Any]) -> dict[str, float]:
    """Return the functions that take more than a tenth of the time and have no listing to find a loop in."""
    found = {cleaned(name, NAME_LENGTH): share_of_time(share) for name, share in shares.items()}
    return most_first({name: share for name, share in found.items() if share > MUCH})


def hot_loop(listings: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the loop in which most time is spent, of all functions; None if no time is in a loop.

    Where nothing could be sampled: the loop with most vector instructions, and a share of 0.
    """
    best: dict[str, Any] | None = None
    for listed in listings[:MOST_FUNCTIONS]:
        lines = [cleaned(line, 1000) for line in listed["lines"][:MOST_READ]]
        shares = [share_of_time(share) for share in listed["shares"][:MOST_READ]]
        loop = assembly.hottest_loop(lines, shares) if len(lines) == len(shares) else None
        if loop is None:
            continue
        lines, shares = lines[loop.first : loop.last + 1], shares[loop.first : loop.last + 1]
        share, summary = sum(shares), assembly.summarised(lines)
        if best is None or (share, summary.n_vector) > (best["share"], best["n_vector"]):
            begin, end = assembly.hottest_lines(shares, MOST_LINES)
            best = {
                "function": cleaned(listed["function"], NAME_LENGTH),
                "share": round(share, 4),
                **dataclasses.asdict(summary),
                "lines": [
                    [round(share, 4), line[:LINE_LENGTH]]
                    for share, line in zip(shares[begin:end], lines[begin:end], strict=True)
                ],
                "lines_left_out": len(lines) - (end - begin),
            }
    return best


def mean(each: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean over combos, each of the same weight, of numbers by name; a missing one is 0."""
    names = dict.fromkeys(name for one in each for name in one)
    return {name: sum(one.get(name, 0.0) for one in each) / len(each) for name in names}


def most_first(shares: Mapping[str, float]) -> dict[str, float]:
    """Return the greatest shares, rounded, in falling order."""
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return {name: round(share, 4) for name, share in ordered[:MOST_FUNCTIONS]}


def cleaned(text: Any, most: int) -> str:
    if not isinstance(text, str):
        raise TypeError
    return one_line(text[: 2 * most])[:most]


def whole(number: Any) -> int:
    if type(number) is not int or not 0 <= number < 1 << 63:
        raise ValueError
    return number


def share_of_time(number: Any) -> float:
    share = float(number)
    if not 0.0 <= share <= 1.0:
        raise ValueError
    return share
