"""One trial: policy, correctness, blocks until the data can tell, confirmation on a fresh seed."""

import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from referee import lint, policy
from referee.contender import Contender, contender
from referee.faults import KernelFault, Verdict
from referee.judging import compare_with_baseline, confirm, judge
from referee.player_process import Rules
from referee.progress import Progress
from referee.stage import OverBudget, Question, Record, Stage
from referee.workload import Experiment


def run(
    experiment: Experiment,
    question: Question,
    folder: Path,
    source_paths: Sequence[Path],
    rules: Rules,
    progress: Progress,
    clock: Callable[[], float] = time.monotonic,
) -> Record:
    """Judge `question.candidate_text` and return the whole record; never raises for what a kernel does.

    Lint refuses a candidate that asks to be kept, and is only noted otherwise.

    folder        an empty folder of the trial's own
    source_paths  where players find referee, harness_common and the target's package
    """
    deadline_s = clock() + question.time_budget_s
    progress("policy")
    found = policy.findings(question.candidate_text, experiment.package)
    seed = secrets.randbits(64) if question.seed is None else question.seed
    record = Record(seed, suspects=[str(finding) for finding in found if not finding.refuses])
    refused = [str(finding) for finding in found if finding.refuses]
    if not refused:
        complaints = lint.complaints(question.candidate_text, settings_path(experiment.package, source_paths))
        record.suspects += [f"lint: {complaint}" for complaint in complaints if not question.confirm]
        refused = [f"lint: {complaint}" for complaint in complaints if question.confirm]
    if refused:
        record.verdict, record.reason = Verdict.REJECTED, refused[0]
        record.detail = "\n".join(refused[1:])
        return record
    run_unread(Stage(experiment, question, rules, progress, clock, deadline_s, record), folder, source_paths)
    return record


def settings_path(package: str, source_paths: Sequence[Path]) -> Path:
    """Return where the target's kernels.py stands, below whose folders ruff looks for its settings."""
    return next(folder / package / "kernels.py" for folder in source_paths if (folder / package).is_dir())


def run_unread(
    stage: Stage, folder: Path, source_paths: Sequence[Path], machine_code: Path | None = None
) -> None:
    """Do all of a trial that comes after the policy, and leave what it finds in the stage's record.

    Tests call it with kernels that the policy would not let through: each defence must stand alone.
    machine_code holds Numba files that an earlier contender left, to save compiling the same again.
    """
    experiment, question, record = stage.experiment, stage.question, stage.record

    def enter(name: str, text: str, handicap: float = 0.0) -> Contender:
        return contender(name, experiment.package, text, folder, source_paths, machine_code, handicap)

    try:
        candidate = enter("candidate", question.candidate_text)
        opponent = enter(question.opponent_name, question.opponent_text, question.opponent_handicap)
        judge(stage, candidate, opponent)
        if record.verdict is Verdict.KEEP and question.confirm:
            confirm(stage, candidate, opponent)
        if record.verdict is Verdict.KEEP and question.baseline_text is not None:
            try:
                compare_with_baseline(stage, candidate, enter("baseline", question.baseline_text))
            except OverBudget:
                record.reason += "; no time left to measure it against the baseline"
    except KernelFault as fault:
        record.verdict, record.reason, record.detail = fault.verdict, fault.reason, fault.detail
        if fault.verdict is Verdict.FAIL:
            record.correctness = "fail"
    except OverBudget:
        record.verdict = Verdict.TIMEOUT
        record.reason = f"over the time budget of {question.time_budget_s:g} s"
