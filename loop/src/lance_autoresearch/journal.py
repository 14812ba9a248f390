"""The journal of an unattended run, `steps.jsonl`: one JSON object per line, append-only.

A step has three lines: it `began`, its agent's `turn` ended, the step `ended`. Whoever reads the journal
after a kill knows from the last line how far the step had come. As in the ledger, a kill can leave at most
a torn last line, which `repair` cuts off.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lance_autoresearch import ledger
from lance_autoresearch.errors import LarError
from lance_autoresearch.files import sync_folder, write_all

Line = dict[str, Any]

BEGAN, TURN, ENDED = "began", "turn", "ended"


@dataclass(frozen=True)
class Step:
    """What is known of one step; `turn` and `ended` are empty until it has come so far.

    number  counts from 1
    began   champion: the commit at HEAD before the agent; at_s: seconds since 1970
    turn    how the agent's turn ended (`reason`, `wall_s`), what it cost and what it said, and `candidate`,
            the checksum of the kernels.py that it left
    ended   `outcome` in one word, the `trials` that belong to the step and which were `kept`, `wall_s`, and
            what the next prompt says of it (`told`)
    """

    number: int
    began: Line
    turn: Line = field(default_factory=dict)
    ended: Line = field(default_factory=dict)


def read_steps(path: Path) -> list[Step]:
    """Return the steps, oldest first; a torn last line counts as not written.

    Raises: LarError if a whole line is not one of a journal.
    """
    if not path.is_file():
        return []
    complete, _, _ = path.read_bytes().rpartition(b"\n")
    steps: dict[int, dict[str, Line]] = {}
    for at, text in enumerate(complete.decode("utf-8", "replace").splitlines(), start=1):
        try:
            line = json.loads(text)
            steps.setdefault(line["step"], {})[line["event"]] = line
        except (ValueError, KeyError, TypeError) as error:
            raise LarError(
                f"expected a step in {path} line {at}, got {text[:80]!r}; delete that line"
            ) from error
    return [
        Step(number, parts.get(BEGAN, {}), parts.get(TURN, {}), parts.get(ENDED, {}))
        for number, parts in sorted(steps.items())
    ]


def append(path: Path, event: str, number: int, facts: Mapping[str, Any]) -> None:
    """Add one line, on disk when this returns. Needs a repaired journal and the run's lock."""
    line = json.dumps({"step": number, "event": event, **facts}) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        write_all(descriptor, line.encode("ascii"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def repair(path: Path) -> bool:
    """Cut off a torn last line and return whether there was one."""
    return ledger.repair(path)


def trials_of(steps: Sequence[Step]) -> set[str]:
    """Return the ids of the trials that belong to a step that has ended."""
    return {identity for step in steps for identity in step.ended.get("trials", [])}
