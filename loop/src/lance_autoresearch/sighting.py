"""What can be seen of an unattended run from outside, at one moment; the run notices nothing."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from lance_autoresearch import journal, ledger, lock, run_folder
from lance_autoresearch.budget import Spent, spent
from lance_autoresearch.git import Repository
from lance_autoresearch.history import commits_since
from lance_autoresearch.journal import Step
from lance_autoresearch.ledger import MISSING, Row, one_line
from lance_autoresearch.report import change
from lance_autoresearch.run_folder import RunFolder, Settings

TAIL_BYTES = 64 * 1024
LONGEST = 200  # characters of a line of output
WORKS = "the agent works"
TELLING = ("text", "message", "content", "result", "command", "file_path", "item", "part", "error")


@dataclass(frozen=True)
class Sighting:
    """A run at one moment.

    alive   whether a process works on it
    rows    its ledger, where a keep that the branch does not have is none
    output  the last lines of the agent whose turn it is, or was
    now_s   when this was seen, in seconds since 1970
    """

    settings: Settings
    alive: bool
    steps: list[Step]
    rows: list[Row]
    output: list[str]
    now_s: float

    @property
    def spent(self) -> Spent:
        """What the steps that have ended used up."""
        return spent(self.steps)

    @property
    def step_s(self) -> float:
        """How long the step that is under way has lasted, 0 between steps."""
        last = self.steps[-1] if self.steps else None
        return 0.0 if last is None or last.ended else max(0.0, self.now_s - last.began["at_s"])

    @property
    def doing(self) -> str:
        """What goes on, in words."""
        if not self.alive:
            return "not running"
        last = self.steps[-1] if self.steps else None
        if last is None or last.ended:
            return "between steps: a prompt is written, or the champion is measured a last time"
        return "judging what the agent left" if last.turn else WORKS

    @property
    def gain(self) -> str:
        """What the champion has gained, in words."""
        speedups = [row["speedup_vs_baseline"] for row in self.rows if row["keep"] == "yes"]
        if not speedups:
            return "nothing kept yet"
        return "a champion" if speedups[-1] == MISSING else f"{float(speedups[-1]):.2f}x the baseline's speed"


def see(root: Path, run: RunFolder, now_s: float) -> Sighting:
    """Look at `run`, and leave no trace of it: no folder, and no lock that keeps another from starting.

    root  the user's checkout

    Raises: LarError if its files are not what a run writes.
    """
    # First: a run that ends while we look has then written all that we read.
    alive = lock.is_held(run.path)
    settings, steps = run.settings(), journal.read_steps(run.journal)
    output = last_lines(run, steps[-1].number) if steps else []
    rows = ledger.read_rows(run.target.ledger)
    # After the rows: a commit is made before its row is.
    champions = commits_since(Repository(root), run_folder.branch_of(settings), settings.start)
    rows = [row if row["commit"] in champions else {**row, "keep": "no"} for row in rows]
    return Sighting(settings, alive, steps, rows, output, now_s)


def last_lines(run: RunFolder, number: int) -> list[str]:
    """Return the end of an agent's output, oldest line first."""
    path = run.path / "steps" / f"{number:04d}" / "output.log"  # run.step would make the folder
    if not path.is_file():
        return []
    with path.open("rb") as output:
        start = max(0, os.fstat(output.fileno()).st_size - TAIL_BYTES)
        output.seek(start)
        lines = output.read().decode("utf-8", "replace").splitlines()
    shown = [readable(line)[:LONGEST] for line in lines[1 if start else 0 :]]
    return [line for line in shown if line]


def readable(line: str) -> str:
    """Return a line of output for a terminal; of a JSON event, its type and the words in it."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        return "" if one_line(line) == MISSING else one_line(line)
    words = " ".join(spoken(event))
    return one_line(f"{event.get('type', '')}: {words}") if words else ""


def spoken(part: object) -> list[str]:
    """Return the texts below the telling keys of an event."""
    if isinstance(part, str):
        return [part]
    if isinstance(part, list):
        return [text for item in part if not isinstance(item, str) for text in spoken(item)]
    if isinstance(part, dict):
        return [text for key in (*TELLING, "input") if key in part for text in spoken(part[key])]
    return []


def trial_line(place: int, row: Row) -> str:
    """Return one trial in one line."""
    verdict = "kept" if row["keep"] == "yes" else "not kept" if row["verdict"] == "keep" else row["verdict"]
    judged = row["verdict"] in ("keep", "discard") and row["ratio"] != MISSING
    ratio = f", {change(row['ratio'], row['ratio_low'], row['ratio_high'])}" if judged else ""
    return f"trial {place}: {verdict}{ratio}: {row['description']}"
