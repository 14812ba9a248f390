"""The end of a step: what the agent left is judged, and the step gets its last line in the journal.

Every part looks first whether it is already done, so that a step which was killed here is finished later.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

from lance_autoresearch import journal, ledger, leftovers, lock, records_kept, run_branch, settle
from lance_autoresearch.champion import text_at
from lance_autoresearch.errors import LarError
from lance_autoresearch.files import replace_file
from lance_autoresearch.git import Repository, git_line
from lance_autoresearch.history import commits_since
from lance_autoresearch.journal import Step
from lance_autoresearch.leftovers import CANDIDATE, NOTHING, OUTSIDE, Leftovers
from lance_autoresearch.record import Record, as_bytes, as_text, load
from lance_autoresearch.run_branch import Run
from lance_autoresearch.run_folder import RunFolder, branch_of
from lance_autoresearch.second_look import second_look
from lance_autoresearch.trial import try_and_settle

NO_VERDICT, TAKEN_BACK = "no verdict", "taken back"


def conclude(run: RunFolder, steps: list[Step], say: Callable[[str], None]) -> None:
    """Judge what the last step's agent left, unless that is done already, and close the step.

    A turn that was cut off by a kill is not judged: its edit may be half of one.
    What is judged is the copy in the step's folder; the work tree needs to be `run_tree.ready`.
    """
    began_s = time.monotonic()
    step, settings, target = steps[-1], run.settings(), run.target
    with lock.held(target.trials, say) as held:
        repository = Repository(target.root, held)
        settle.settle_unfinished(repository, target)
        left, objection = inspected(repository, run, steps, say)
    if left.kind == CANDIDATE:
        left = judged(run, step, say)
    champion = leftovers.last_champion(
        Repository(target.root), target, branch_of(settings), since=step.began["champion"]
    )
    records, kept = tried(run), kept_trials(run)
    mine = unattributed(records, steps)
    outcome, told = result(step, left, mine, kept)
    taken_back = f"what its own trials kept is taken back: {objection}; " if objection else ""
    told = ledger.one_line(f"{taken_back}{told}")
    turn_s = step.turn["wall_s"] if step.turn else cut_off_after_s(run, step)
    facts = {
        "outcome": outcome,
        "told": told,
        "champion": champion,
        "trials": [record["id"] for record in mine],
        "kept": [kept.get(record["id"], False) for record in mine],
        "wall_s": round(turn_s + time.monotonic() - began_s, 1),
    }
    records_kept.copy_out(run, [record["id"] for record in mine])
    journal.append(run.journal, journal.ENDED, step.number, facts)
    cost = step.turn.get("cost_usd")
    price = "" if cost is None else f", {cost:.2f} USD"
    say(f"step {step.number}: {outcome} after {facts['wall_s']:.0f} s{price}: {told}")


def inspected(
    repository: Repository, run: RunFolder, steps: list[Step], say: Callable[[str], None]
) -> tuple[Leftovers, str]:
    """Say what there is to judge, and what speaks against a keep within the turn, if there was one.

    It leaves the tree as a trial wants it.
    """
    step, settings, target = steps[-1], run.settings(), run.target
    branch = branch_of(settings)
    tip = git_line(repository, "rev-parse", "--verify", f"refs/heads/{branch}") or settings.start
    # On disk before anything is put right, or a kill in between would forget it.
    noted = run.step(step.number) / "outside.json"
    if not noted.is_file():
        changed = run_branch.changed_files(repository, target, Run(branch, tip, settings.start))
        replace_file(noted, json.dumps(list(changed)).encode(), scratch=noted.parent)
    outside = json.loads(noted.read_bytes())
    before = step.began["champion"]
    line = leftovers.lineage(repository, target, branch, since=before)
    champion, records = line[-1][0] if line else before, tried(run)
    look = second_look(run, step.number, before, line, say)
    if look.objection:
        champion = before if champion == look.champion else champion
        records = [record for record in records if record["id"] not in look.trials]
    leftovers.put_right(repository, branch, champion)
    left = Leftovers(OUTSIDE, leftovers.told_of(outside)) if outside and step.turn else None
    return left or worth_judging(repository, run, steps, champion, records), look.objection


def worth_judging(
    repository: Repository, run: RunFolder, steps: list[Step], champion: str, records: list[Record]
) -> Leftovers:
    """Say whether the kernels.py that the last step's agent left is a candidate, and if so, put it there."""
    step, target = steps[-1], run.target
    if not step.turn:
        return Leftovers(NOTHING, "the turn was cut off")
    copy = candidate_of(run, step.number)
    if not copy.is_file():
        why = step.turn.get("unfit") or "was gone"
        return Leftovers(OUTSIDE, f"refused before measuring: kernels.py {why}")
    candidate, before = copy.read_bytes(), text_at(repository, target, champion)
    for record in unattributed(records, steps):
        edit = (as_bytes(record["candidate_text"]), as_bytes(record["champion_text"]))
        if record["judged"] and edit == (candidate, before):
            return Leftovers(NOTHING, "its trial is done")  # and lar was killed after it
    left = leftovers.look(as_text(before), as_text(candidate), records)
    if left.kind == CANDIDATE:
        replace_file(target.root / target.kernels, candidate, scratch=target.trials)
    return left


def judged(run: RunFolder, step: Step, say: Callable[[str], None]) -> Leftovers:
    """Try the candidate in the work tree; a referee that gives no verdict does not end the night."""
    hypothesis = step.turn.get("hypothesis") or f"step {step.number}, without a stated hypothesis"
    try:
        try_and_settle(run.target, hypothesis, None, True, say)
    except LarError as error:
        with lock.held(run.target.trials, say) as held:
            repository, branch = Repository(run.target.root, held), branch_of(run.settings())
            champion = leftovers.last_champion(repository, run.target, branch, since=step.began["champion"])
            leftovers.put_right(repository, branch, champion)
        return Leftovers(NO_VERDICT, f"no verdict, and kernels.py is the champion's again: {error}")
    return Leftovers(CANDIDATE, "")


def result(step: Step, left: Leftovers, mine: list[Record], kept: dict[str, bool]) -> tuple[str, str]:
    """Return the step's outcome in one word, and the line that the next prompt says of it."""
    how = step.turn.get("reason", "cut off")
    stopped = "" if how == "ended" else f"; the turn was stopped: {how}"
    word, trials = word_of(mine, kept)
    if left.kind not in (CANDIDATE, NOTHING) or not mine:
        failed = step.turn.get("exit_code")
        words = f" and its last words: {step.turn['said']}" if step.turn.get("said") else ""
        crashed = f"; the agent's exit code was {failed}{words}" if how == "ended" and failed else ""
        outcome = left.kind if left.kind != NOTHING or how == "ended" else how
        before = f"; before that, {trials}" if mine else ""
        return outcome, f"{left.told}{before}{stopped}{crashed}"
    return word, f"{trials}{stopped}"


def word_of(mine: list[Record], kept: dict[str, bool]) -> tuple[str, str]:
    """Return what came of a step's last trial, in one word and in a line; nothing if there was none."""
    if not mine:
        return "", ""
    last = mine[-1]
    word = "kept" if kept.get(last["id"]) else TAKEN_BACK if last["verdict"] == "keep" else last["verdict"]
    before = f"{len(mine)} trials, the last one " if len(mine) > 1 else ""
    return word, f"{before}{word}: {last.get('reason') or 'no reason given'}"


def unattributed(records: list[Record], steps: list[Step]) -> list[Record]:
    """Return the trials that belong to no step yet, so to the one that is being concluded."""
    known = journal.trials_of(steps)
    return [record for record in records if record["id"] not in known]


def candidate_of(run: RunFolder, number: int) -> Path:
    """Return where the kernels.py that a step's agent left is kept."""
    return run.step(number) / "kernels.py"


def tried(run: RunFolder) -> list[Record]:
    """Return all trials of the run, oldest first."""
    paths = [run.target.trials / f"{row['trial']}.json" for row in ledger.read_rows(run.target.ledger)]
    return [load(path) for path in paths if path.is_file()]


def kept_trials(run: RunFolder) -> dict[str, bool]:
    """Return of each trial of the run, by its id, whether it was kept and not taken back since."""
    target, settings = run.target, run.settings()
    ours = commits_since(Repository(target.root), branch_of(settings), settings.start)
    rows = ledger.read_rows(target.ledger)
    return {row["trial"]: row["keep"] == "yes" and row["commit"] in ours for row in rows}


def cut_off_after_s(run: RunFolder, step: Step) -> float:
    """Return how long a turn that a kill cut off had lasted, as its output tells."""
    output = run.step(step.number) / "output.log"
    lasted_s = output.stat().st_mtime - step.began["at_s"] if output.is_file() else 0.0
    return min(max(0.0, lasted_s), run.settings().turn_minutes * 60)  # the clock may have been set meanwhile
