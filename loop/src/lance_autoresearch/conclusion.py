"""The end of a step: what the agent left is judged, and the step gets its last line in the journal.

Every part looks first whether it is already done, so that a step which was killed here is finished later.
"""

import time
from collections.abc import Callable

from lance_autoresearch import journal, ledger, leftovers, lock, run_branch, run_folder, settle
from lance_autoresearch.git import Repository, git_line
from lance_autoresearch.journal import Step
from lance_autoresearch.leftovers import CANDIDATE, NOTHING, OUTSIDE, Leftovers
from lance_autoresearch.record import Record, load
from lance_autoresearch.run_branch import Run
from lance_autoresearch.run_folder import RunFolder, Settings
from lance_autoresearch.trial import try_and_settle
from lance_autoresearch.workspace import Target


def conclude(run: RunFolder, steps: list[Step], say: Callable[[str], None]) -> None:
    """Judge what the last step's agent left, unless that is done already, and close the step.

    A turn that was cut off by a kill is not judged: its edit may be half of one.
    """
    began_s = time.monotonic()
    step, settings, target = steps[-1], run.settings(), run.target
    branch = run_folder.branch_of(settings)
    with lock.held(target.trials, say) as held:
        repository = Repository(target.root, held)
        settle.settle_unfinished(repository, target)
        left = inspected(repository, target, branch, step, settings)
    if left.kind == CANDIDATE:
        hypothesis = step.turn.get("hypothesis") or f"step {step.number}, without a stated hypothesis"
        try_and_settle(target, hypothesis, None, True, say)
    records, kept = tried(target)
    mine = [record for record in records if record["id"] not in journal.trials_of(steps)]
    outcome, told = result(step, left, mine, kept)
    turn_s = step.turn["wall_s"] if step.turn else cut_off_after_s(run, step)
    facts = {
        "outcome": outcome,
        "told": told,
        "trials": [record["id"] for record in mine],
        "kept": [kept.get(record["id"], False) for record in mine],
        "wall_s": round(turn_s + time.monotonic() - began_s, 1),
    }
    journal.append(run.journal, journal.ENDED, step.number, facts)
    cost = step.turn.get("cost_usd")
    price = "" if cost is None else f", {cost:.2f} USD"
    say(f"step {step.number}: {outcome} after {facts['wall_s']:.0f} s{price}: {told}")


def inspected(
    repository: Repository, target: Target, branch: str, step: Step, settings: Settings
) -> Leftovers:
    """Say what there is to judge, and leave the tree as a trial wants it."""
    tip = git_line(repository, "rev-parse", "--verify", f"refs/heads/{branch}") or settings.start
    outside = run_branch.changed_files(repository, target, Run(branch, tip, settings.start))
    champion = leftovers.last_champion(repository, target, branch, since=step.began["champion"])
    leftovers.put_right(repository, target, branch, champion, keep_candidate=bool(step.turn) and not outside)
    if not step.turn:
        return Leftovers(NOTHING, "the turn was cut off")
    if outside:
        return Leftovers(OUTSIDE, leftovers.told_of(outside))
    records, _ = tried(target)
    left = leftovers.look(repository, target, Run(branch, champion, settings.start), records)
    if left.kind != CANDIDATE:
        leftovers.put_right(repository, target, branch, champion, keep_candidate=False)
    return left


def result(step: Step, left: Leftovers, mine: list[Record], kept: dict[str, bool]) -> tuple[str, str]:
    """Return the step's outcome in one word, and the line that the next prompt says of it."""
    how = step.turn.get("reason", "cut off")
    stopped = "" if how == "ended" else f"; the turn was stopped: {how}"
    if left.kind not in (CANDIDATE, NOTHING) or not mine:
        failed = step.turn.get("exit_code")
        crashed = f"; the agent's exit code was {failed}" if how == "ended" and failed else ""
        outcome = left.kind if left.kind != NOTHING or how == "ended" else how
        return outcome, f"{left.told}{stopped}{crashed}"
    last = mine[-1]
    word = "kept" if kept.get(last["id"]) else last["verdict"]
    before = f"{len(mine)} trials, the last one " if len(mine) > 1 else ""
    return word, f"{before}{word}: {last.get('reason') or 'no reason given'}{stopped}"


def tried(target: Target) -> tuple[list[Record], dict[str, bool]]:
    """Return all trials of the run, oldest first, and which of them were kept."""
    rows = ledger.read_rows(target.ledger)
    kept = {row["trial"]: row["keep"] == "yes" for row in rows}
    paths = [target.trials / f"{row['trial']}.json" for row in rows]
    return [load(path) for path in paths if path.is_file()], kept


def cut_off_after_s(run: RunFolder, step: Step) -> float:
    """Return how long a turn that a kill cut off had lasted, as its output tells."""
    output = run.step(step.number) / "output.log"
    return max(0.0, output.stat().st_mtime - step.began["at_s"]) if output.is_file() else 0.0
