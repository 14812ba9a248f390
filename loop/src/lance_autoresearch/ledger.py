"""The ledger: `results.tsv`, one line per trial, append-only.

A line goes to disk in one write. A kill can leave at most a torn last line, without its newline;
`repair` cuts it off, and the trial's own record puts the row back.
"""

import os
from pathlib import Path
from typing import Any

from lance_autoresearch.errors import LarError
from lance_autoresearch.files import sync_folder, write_all

Row = dict[str, str]

COLUMNS = (
    "commit",
    "timestamp",
    "correctness",
    "geomean_ns",
    "worst_ns",
    "worst_combo",
    "best_ns",
    "best_combo",
    "peak_mem_mb",
    "total_seconds",
    "keep",
    "description",
    "verdict",
    "ratio",
    "ratio_low",
    "ratio_high",
    "speedup_vs_baseline",
    "seed",
    "trial",
)
HEADER = "\t".join(COLUMNS) + "\n"
MISSING = "-"


def row_of(record: dict[str, Any], commit: str, kept: bool) -> Row:
    """Return the ledger row of a trial record.

    commit  the commit that holds the champion after this trial
    """
    reason = "" if kept else f" [{record.get('reason') or record['verdict']}]"
    return {
        "commit": commit[:10] or MISSING,
        "timestamp": one_line(record["timestamp"]),
        "correctness": one_line(record.get("correctness")),
        "geomean_ns": number(record.get("geomean_ns_per_query"), 1),
        "worst_ns": number(record.get("worst_ns_per_query"), 1),
        "worst_combo": one_line(record.get("worst_combo")),
        "best_ns": number(record.get("best_ns_per_query"), 1),
        "best_combo": one_line(record.get("best_combo")),
        "peak_mem_mb": number(record.get("peak_mem_mb"), 1),
        "total_seconds": number(record.get("total_seconds"), 1),
        "keep": "yes" if kept else "no",
        "description": one_line(record["hypothesis"] + reason),
        "verdict": one_line(record["verdict"]),
        "ratio": number(record.get("ratio"), 4),
        "ratio_low": number(record.get("ratio_low"), 4),
        "ratio_high": number(record.get("ratio_high"), 4),
        "speedup_vs_baseline": number(record.get("speedup_vs_baseline"), 3),
        "seed": one_line(record.get("seed")),
        "trial": one_line(record["id"]),
    }


def one_line(value: object) -> str:
    """Return `value` as text that fits one cell: no tabs, no line ends, no control characters."""
    words = "" if value is None else " ".join(str(value).split())
    return "".join(letter if letter.isprintable() else "?" for letter in words) or MISSING


def number(value: object, decimals: int) -> str:
    """Return `value` with a fixed number of decimals, or the sign for a missing one."""
    return f"{value:.{decimals}f}" if isinstance(value, int | float) else MISSING


def read_rows(path: Path) -> list[Row]:
    """Return the rows of the ledger, oldest first; a torn last line is not a row.

    Raises: LarError if the file is not a ledger of this version.
    """
    if not path.is_file():
        return []
    complete, _, _ = path.read_bytes().rpartition(b"\n")
    lines = complete.decode("utf-8", "replace").split("\n")
    if lines == [""]:
        return []
    if lines[0] + "\n" != HEADER:
        raise LarError(
            f"expected the columns {' '.join(COLUMNS)} in {path}, got {' '.join(lines[0].split())}\n"
            "move the file away; the next command rebuilds it from trials/*.json"
        )
    rows = []
    for at, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) != len(COLUMNS):
            raise LarError(
                f"expected {len(COLUMNS)} cells in {path} line {at}, got {len(cells)}\n"
                "delete that line; the next command rebuilds it from trials/*.json"
            )
        rows.append(dict(zip(COLUMNS, cells, strict=True)))
    return rows


def repair(path: Path) -> bool:
    """Cut off a torn last line and return whether there was one. Needs the trial lock."""
    if not path.is_file():
        return False
    content = path.read_bytes()
    complete = content.rfind(b"\n") + 1
    if complete == len(content):
        return False
    with path.open("r+b") as ledger:
        ledger.truncate(complete)
        os.fsync(ledger.fileno())
    return True


def append(path: Path, row: Row) -> None:
    """Append one row, and the header before the first. Needs the trial lock and a repaired ledger."""
    line = "\t".join(row[column] for column in COLUMNS) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        if os.fstat(descriptor).st_size == 0:
            write_all(descriptor, HEADER.encode())
        write_all(descriptor, line.encode("utf-8", "replace"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)
