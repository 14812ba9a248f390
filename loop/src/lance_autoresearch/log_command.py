"""`lar log`: which ledger is shown, and what is said of the others."""

from pathlib import Path
from typing import Annotated

import typer

from lance_autoresearch import ledger, lock, run_folder
from lance_autoresearch.conclusion import kept_trials
from lance_autoresearch.git import Repository
from lance_autoresearch.history import unattended_runs
from lance_autoresearch.ledger import Row
from lance_autoresearch.run_folder import Say
from lance_autoresearch.settle import settle_unfinished
from lance_autoresearch.workspace import Target

Run = Annotated[
    str | None,
    typer.Option("--tag", "--run", metavar="NAME", help="An unattended run [default: this checkout]."),
]


def rows_to_show(target: Target, tag: str | None, say: Say) -> list[Row]:
    """Return the ledger of the checkout, or of the unattended run called `tag`, oldest trial first.

    A trial of the checkout that a kill cut off is finished first; a run finishes its own when it goes on.
    What a run has taken back is not kept.

    Raises: LarError if there is no such run.
    """
    if tag is not None:
        run = run_folder.found(target.root, target.name, tag)
        rows, kept = ledger.read_rows(run.target.ledger), kept_trials(run)  # in this order: a night goes on
        return [{**row, "keep": "yes" if kept[row["trial"]] else "no"} for row in rows]
    with lock.held_if_free(target.trials) as held:
        if held is not None:
            for identity, outcome in settle_unfinished(Repository(target.root, held), target):
                say(f"finished the earlier trial {identity}: {outcome.line}")
    rows = ledger.read_rows(target.ledger)
    others = [] if is_run(target.root) else runs_with_trials(target)
    if others:
        here = "besides these" if rows else "no trials in this checkout"
        named = ", ".join(f"{run} ({count})" for run, count in others)
        say(f"{here}; trials of unattended runs: {named}; see: lar log {target.name} --run {others[-1][0]}")
    elif not rows:
        say(f'no trials yet; the first: lar trial {target.name} -m "what you changed and why"')
    return rows


def is_run(root: Path) -> bool:
    """Return whether `root` is the work tree of an unattended run; its agent is not told of other runs."""
    return (root.parent / "settings.json").is_file() and root.name == "worktree"


def runs_with_trials(target: Target) -> list[tuple[str, int]]:
    """Return the tag and the number of trials of each unattended run that has some, the last used last."""
    runs = unattended_runs(target.root, target.name)
    counted = [(run.settings().tag, len(ledger.read_rows(run.target.ledger))) for run in runs]
    return [(tag, count) for tag, count in counted if count]
