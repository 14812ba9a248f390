"""What is on disk of the runs of a target: in the user's checkout, and in the folders of unattended runs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lance_autoresearch import journal, ledger, run_folder
from lance_autoresearch.champion import text_at
from lance_autoresearch.errors import LarError
from lance_autoresearch.git import Repository, attempt
from lance_autoresearch.journal import Step
from lance_autoresearch.record import Record, as_text, load
from lance_autoresearch.run_branch import recorded_start
from lance_autoresearch.run_folder import RunFolder, Settings
from lance_autoresearch.speedup import Speedup, measured_speedup
from lance_autoresearch.workspace import Target

# What stands before the name of a program, or of a script, in a command that starts an agent.
LAUNCHER = re.compile(r"(python|pypy)[\d.]*|uvx?|run|env|sh|bash|node|npx|-.*|\w+=.*")


@dataclass(frozen=True)
class Trial:
    """One trial: its record without samples, its ledger row's `commit`, and its step, if any.

    kept  whether its candidate became the champion, and the branch still has it
    """

    record: Record
    kept: bool
    commit: str
    step: Step | None


@dataclass(frozen=True)
class History:
    """One run, that is one branch: its trials, oldest first, and its steps if it was unattended.

    start          the commit where it began, as git knows it
    start_text     kernels.py there; empty if nothing was kept
    champion_text  kernels.py in the commit of the last keep, whatever the trial's record says; empty likewise
    """

    target: str
    branch: str
    trials: tuple[Trial, ...]
    steps: tuple[Step, ...] = ()
    folder: RunFolder | None = None
    start: str = ""
    start_text: str = ""
    champion_text: str = ""

    @property
    def tag(self) -> str:
        """The last part of the branch's name."""
        return self.branch.removeprefix(f"autoresearch/{self.target}/")

    @property
    def agent(self) -> str | None:
        """The agent's name, and the model if one was asked for; None if a person tried, or nobody knows."""
        if self.folder is None:
            return None
        asked = self.folder.settings()
        return agent_name(asked) + (f" (model {asked.model})" if asked.model else "")

    @property
    def keeps(self) -> list[Trial]:
        """The trials whose candidates became the champion, oldest first."""
        return [trial for trial in self.trials if trial.kept]

    @property
    def speedup(self) -> Speedup | None:
        """How many times as fast as the baseline the champion is, as its own trial measured it."""
        return measured_speedup(self.keeps[-1].record) if self.keeps else None

    @property
    def last_at(self) -> str:
        """When the last trial began, as in 2026-11-23T06:00:00Z; empty without one."""
        return str(self.trials[-1].record["timestamp"]) if self.trials else ""


def agent_name(settings: Settings) -> str:
    """Return the name of a run's agent; of a command, the first word that is more than what starts it."""
    words = [Path(word).name for word in settings.agent.split()]
    return next((word for word in words if not LAUNCHER.fullmatch(word)), words[0])


def unattended_runs(root: Path, target: str | None = None) -> list[RunFolder]:
    """Return the run folders of the repository, the last used one last; of one target if it is given.

    Raises: LarError if the settings of one cannot be read.
    """
    runs = []
    for path in run_folder.runs_of(root).glob("*/settings.json"):
        name = RunFolder(path.parent, "").settings().target
        if target in (None, name):
            runs.append(RunFolder(path.parent, name))
    return sorted(runs, key=run_folder.last_used_s)


def histories(root: Path, target: str) -> list[History]:
    """Return every run of `target` that has trials or steps, the one with the last trial last.

    root  the user's checkout; a branch that was tried in both places is one run

    Raises: LarError if a ledger, a journal or a record is not one.
    """
    repository = Repository(root)
    folders = {run_folder.branch_of(run.settings()): run for run in unattended_runs(root, target)}
    steps = {branch: tuple(journal.read_steps(run.journal)) for branch, run in folders.items()}
    places = [Target(root, target), *(run.target for run in folders.values())]
    trials: dict[str, dict[str, Trial]] = {branch: {} for branch, found in steps.items() if found}
    of_step = {
        identity: step
        for found in steps.values()
        for step in found
        for identity in step.ended.get("trials", [])
    }
    for place in places:
        for row in ledger.read_rows(place.ledger):
            path = place.trials / f"{row['trial']}.json"
            if path.is_file():
                record = without_samples(load(path))
                one = Trial(record, row["keep"] == "yes", row["commit"], of_step.get(row["trial"]))
                trials.setdefault(record["branch"], {})[row["trial"]] = one
    found_runs = []
    for branch, named in trials.items():
        folder = folders.get(branch)
        start = folder.settings().start if folder else recorded_start(repository, branch) or ""
        champions = commits_since(repository, branch, start)
        of_run = tuple(
            replace(one, kept=one.kept and one.commit in champions) for _, one in sorted(named.items())
        )
        last = next((one.commit for one in reversed(of_run) if one.kept), None)
        ends = (start, last) if last else ()
        texts = [as_text(text_at(repository, Target(root, target), commit)) for commit in ends]
        found_runs.append(History(target, branch, of_run, steps.get(branch, ()), folder, start, *texts))
    return sorted(found_runs, key=lambda run: run.last_at)


def commits_since(repository: Repository, branch: str, start: str) -> set[str]:
    """Return the commits that a branch has since its run began, as a ledger names them.

    A keep that is not among them was taken back: it stood on a commit of the agent's own, or did not repeat.
    Empty if the branch or its start is gone.
    """
    listed = attempt(repository, "rev-list", f"{start}..refs/heads/{branch}", "--")
    return {line[:10] for line in listed.stdout.decode().split()} if start else set()


def without_samples(record: Record) -> Record:
    """Return a record without its clock readings, which are most of it."""
    return {key: value for key, value in record.items() if key != "samples"}


def leading(runs: Sequence[History], tag: str | None = None) -> History:
    """Return the run whose champion is furthest ahead of the baseline, or else the last one.

    tag  the run that the user names

    Raises: LarError if there is no such run.
    """
    named = [run for run in runs if tag in (None, run.tag)]
    if not named:
        known = ", ".join(run.tag for run in runs) or "none"
        raise LarError(f"expected a run {tag or ''} with trials, found: {known}".replace("  ", " "))
    return max(named, key=lambda run: (run.speedup.middle if run.speedup else 0.0, run.last_at))
