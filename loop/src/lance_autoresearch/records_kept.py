"""A second copy of what was judged, outside the agent's work tree: what it changed or removed comes back.

Taken at the end of each step. Of what an agent forges within its own turn, `second_look` finds out a keep;
the rest is copied as it is then.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from lance_autoresearch.files import replace_file
from lance_autoresearch.run_folder import RunFolder, Say, set_aside


def copy_out(run: RunFolder, trials: Iterable[str]) -> None:
    """Copy the records of `trials` and the ledger to the run's folder."""
    run.judged.mkdir(exist_ok=True)
    names = [f"{trial}.json" for trial in trials]
    pairs = [(run.target.trials / name, run.judged / name) for name in names]
    for there, copy in [*pairs, (run.target.ledger, run.judged / run.target.ledger.name)]:
        if there.is_file():
            replace_file(copy, there.read_bytes(), scratch=run.path)


def put_back(run: RunFolder, say: Say) -> None:
    """Put back the records that are missing or differ from their copies, and a ledger that lacks its rows."""
    names = []
    for copy in sorted(run.judged.glob("*.json")):
        there, content = run.target.trials / copy.name, copy.read_bytes()
        if not there.is_file() or there.read_bytes() != content:
            replace(run, there, content)
            names.append(copy.stem)
    copy, ledger = run.judged / run.target.ledger.name, run.target.ledger
    rows = copy.read_bytes() if copy.is_file() else b""
    if not (ledger.read_bytes() if ledger.is_file() else b"").startswith(rows):
        replace(run, ledger, rows)
        names.append(ledger.name)
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        say(f"changed or removed in the work tree, and put back: {', '.join(names[:3])}{more}")


def replace(run: RunFolder, path: Path, content: bytes) -> None:
    """Make `path` hold `content`; what was there is set aside."""
    if os.path.lexists(path):
        set_aside(run, path)
    run.target.trials.mkdir(parents=True, exist_ok=True)
    replace_file(path, content, scratch=run.target.trials)
