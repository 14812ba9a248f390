"""The ledger, readable."""

import textwrap

from lance_autoresearch.ledger import MISSING, Row
from lance_autoresearch.table import Column

COLUMNS = (
    Column("time (UTC)"),
    Column("verdict"),
    Column("change"),
    Column("vs baseline", right=True),
    Column("commit"),
    Column("description"),
)
LONGEST = 160  # characters of a description; `lar log --json` has all of them
NUMBERS = (
    "geomean_ns",
    "worst_ns",
    "best_ns",
    "peak_mem_mb",
    "total_seconds",
    "ratio",
    "ratio_low",
    "ratio_high",
    "speedup_vs_baseline",
)


def report_line(row: Row) -> list[str]:
    """Return the cells of one trial, in the order of `COLUMNS`.

    The ratio of a trial that was stopped is no result.
    """
    speedup = row["speedup_vs_baseline"]
    judged = row["verdict"] in ("keep", "discard")
    taken_back = row["verdict"] == "keep" and row["keep"] == "no" and row["commit"] != MISSING
    return [
        row["timestamp"].replace("T", " ").removesuffix("Z"),
        "taken back" if taken_back else row["verdict"],
        change(row["ratio"], row["ratio_low"], row["ratio_high"]) if judged else MISSING,
        MISSING if speedup == MISSING else f"{float(speedup):.2f}x",
        row["commit"],
        brief(row["description"]),
    ]


def brief(description: str) -> str:
    """Return a row's description, that is the hypothesis and `[reason]`, in at most `LONGEST` characters.

    Both are cut, so that a long hypothesis leaves something of why the trial came to nothing.
    """
    hypothesis, bracket, reason = description.rpartition(" [")
    if not (bracket and reason.endswith("]")):
        return textwrap.shorten(description, LONGEST, placeholder=" ...")
    room = LONGEST - len(" []")
    reason = textwrap.shorten(reason[:-1], max(room - len(hypothesis), room // 3), placeholder=" ...")
    hypothesis = textwrap.shorten(hypothesis, room - len(reason), placeholder=" ...")
    return f"{hypothesis} [{reason}]"


def change(ratio: str, low: str, high: str) -> str:
    """Return what a ratio of times, candidate over champion, means, with its interval.

    A gain reads `1.08x faster`, a loss `1.08x slower`, and an interval that holds 1 says neither.
    """
    if MISSING in (ratio, low, high):
        return MISSING
    middle, least, most = float(ratio), float(low), float(high)
    if most < 1:
        return f"{1 / middle:.2f}x faster ({1 / most:.2f}x to {1 / least:.2f}x)"
    if least > 1:
        return f"{middle:.2f}x slower ({least:.2f}x to {most:.2f}x)"
    return "no clear difference"


def as_json(row: Row) -> dict[str, object]:
    """Return a row with numbers as numbers and missing values as None."""
    plain: dict[str, object] = {}
    for column, cell in row.items():
        if cell == MISSING:
            plain[column] = None
        elif column in NUMBERS:
            plain[column] = float(cell)
        elif column == "seed":
            plain[column] = int(cell) if cell.isdecimal() else cell
        elif column == "keep":
            plain[column] = cell == "yes"
        else:
            plain[column] = cell
    return plain
