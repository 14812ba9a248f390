"""One trial: the candidate in the working tree against the champion at HEAD of the run branch."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from lance_autoresearch import lock, record, run_branch, settle, snapshot
from lance_autoresearch.champion import text_at
from lance_autoresearch.errors import Interrupted, LarError
from lance_autoresearch.git import Repository, undisturbed
from lance_autoresearch.process import run_experiment
from lance_autoresearch.record import Record, as_text
from lance_autoresearch.run_branch import Run
from lance_autoresearch.workspace import Target


def try_candidate(
    target: Target, hypothesis: str, seed: int | None, as_json: bool, say: Callable[[str], None]
) -> int:
    """Judge the working tree's kernels.py, record the trial, and return the exit code of its verdict.

    say  told each thing the user should know besides the verdict

    Raises: LarError if there is nothing to judge or nowhere to record it.
    """
    trial, outcome = try_and_settle(target, hypothesis, seed, as_json, say)
    if as_json:
        shown = {key: value for key, value in trial.items() if key not in record.TEXTS}
        print(json.dumps({**shown, "commit": outcome.commit, "kept": outcome.kept}, indent=1))
    elif not trial["judged"]:
        print(f"---\nverdict: {trial['verdict']}\nreason: {trial['reason']}\ncorrectness: not reached")
    if not trial["judged"]:
        say(trial["detail"])
    say(outcome.line)
    return 1 if trial["verdict"] == "keep" and not outcome.kept else int(trial["exit_code"])


def try_and_settle(
    target: Target, hypothesis: str, seed: int | None, quiet: bool, say: Callable[[str], None]
) -> tuple[Record, settle.Outcome]:
    """Judge the working tree's kernels.py and bring branch, file and ledger in line with the verdict.

    Raises: LarError if there is nothing to judge or nowhere to record it.
    """
    run_branch.checked_out(Repository(target.root), target)
    with lock.held(target.trials, say) as held:
        repository = Repository(target.root, held)
        for identity, outcome in settle.settle_unfinished(repository, target):
            say(f"finished the earlier trial {identity}: {outcome.line}")
        run = run_branch.current_run(repository, target)
        trial = new_trial(repository, target, run, hypothesis, say)
        run_branch.record_start(repository, run)
        changed = run_branch.changed_files(repository, target, run)
        result = rejection(target, run, changed) if changed else judge(repository, target, trial, seed, quiet)
        trial = {**result, **trial, "target": target.name, "judged": not changed}
        with undisturbed():
            record.save(target.trials, trial)
            return trial, settle.settle(repository, target, trial)


def new_trial(
    repository: Repository, target: Target, run: Run, hypothesis: str, say: Callable[[str], None]
) -> Record:
    """Return what is known of a trial before it is judged: who, when, and both texts.

    Raises: LarError if there is no candidate, or if it is the champion.
    """
    file = Path(target.root, target.kernels)
    if not file.is_file():
        raise LarError(
            f"expected the candidate in {target.kernels}, found no file; git restore {target.kernels}"
        )
    candidate, champion = file.read_bytes(), text_at(repository, target, run.head)
    by_hand = run_branch.commits_by_hand(repository, target, run)
    if by_hand:
        say(
            f"warning: {', '.join(commit[:10] for commit in by_hand)} changed {target.kernels} "
            "without a trial; leave commits to lar trial"
        )
    if candidate == champion:
        raise LarError(
            f"nothing to try: {target.kernels} is the same as at HEAD ({run.head[:10]}); edit it first"
        )
    for path in run_branch.untracked_sources(repository, target):
        say(f"warning: {path} is not tracked by git, so it takes no part in the trial")
    now_s = time.time()
    return {
        "id": record.new_id(now_s),
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s)),
        "branch": run.branch,
        "hypothesis": hypothesis,
        "champion_commit": run.head,
        "start_commit": run.start,
        "candidate_text": as_text(candidate),
        "champion_text": as_text(champion),
        "diff": record.unified_diff(as_text(champion), as_text(candidate), target.kernels),
    }


def judge(repository: Repository, target: Target, trial: Record, seed: int | None, quiet: bool) -> Record:
    """Return the referee's document, from the immutable files as they were when the run began.

    Raises: Interrupted on Ctrl-C; LarError if the process ends without a verdict.
    """
    try:
        with snapshot.judging_folder(target.trials) as folder:
            snapshot.extract(repository, trial["start_commit"], target, folder)
            candidate, champion = folder / "candidate.py", folder / "champion.py"
            candidate.write_bytes(record.as_bytes(trial["candidate_text"]))
            champion.write_bytes(record.as_bytes(trial["champion_text"]))
            result = folder / "result.json"
            options = ["--candidate", str(candidate), "--opponent", str(champion)]
            options += ["--confirm", "--save", str(result)]
            options += [] if seed is None else ["--seed", str(seed)]
            code = run_experiment(folder, target, options, quiet=quiet)
            return {**record.load_result(result, code), "exit_code": 1 if code < 0 else code}
    except Interrupted as stopped:
        raise Interrupted(f"{stopped}: nothing recorded, kernels.py untouched", stopped.exit_code) from None


def rejection(target: Target, run: Run, changed: dict[str, list[str]]) -> Record:
    """Return the document of a trial that is not judged, because immutable files changed."""
    reason = f"only {target.kernels} may change in a run, but so did {', '.join(changed)}"
    where = [f"{path} differs {' and '.join(places)}" for path, places in changed.items()]
    return {
        "schema": 1,
        "verdict": "rejected",
        "reason": reason,
        "detail": "\n".join([*where, *run_branch.how_to_undo(target, run, changed)]),
        "exit_code": 1,
        "correctness": "not reached",
    }
