"""What follows from a trial record: a commit or a restored kernels.py, then a ledger row.

Every step looks first whether it is already done, so a trial that was killed between two of them
is finished by the next command.
"""

from dataclasses import dataclass

from lance_autoresearch import ledger
from lance_autoresearch.champion import commit_candidate, restore_champion
from lance_autoresearch.git import Repository, git_line
from lance_autoresearch.record import Record, load
from lance_autoresearch.workspace import Target

SAID = {
    "discard": "discarded",
    "fail": "failed",
    "crash": "crashed",
    "timeout": "timed out",
    "rejected": "rejected",
}


@dataclass(frozen=True)
class Outcome:
    """What became of a trial: the commit that holds the champion now, why, and one line for the user."""

    commit: str
    kept: bool
    reason: str
    line: str


def settle(repository: Repository, target: Target, record: Record) -> Outcome:
    """Bring the branch, kernels.py and the ledger in line with `record`. Needs the trial lock."""
    outcome = (
        keep(repository, target, record) if record["verdict"] == "keep" else drop(repository, target, record)
    )
    row = ledger.row_of({**record, "reason": outcome.reason}, outcome.commit, outcome.kept)
    if record["id"] not in {row["trial"] for row in ledger.read_rows(target.ledger)}:
        ledger.append(target.ledger, row)
    return outcome


def settle_unfinished(repository: Repository, target: Target) -> list[tuple[str, Outcome]]:
    """Settle every record that has no ledger row, oldest first, and return their ids and outcomes."""
    ledger.repair(target.ledger)
    return [
        (identity, settle(repository, target, load(target.trials / f"{identity}.json")))
        for identity in unfinished(target)
    ]


def unfinished(target: Target) -> list[str]:
    """Return the ids of the records that have no ledger row, oldest first."""
    recorded = {row["trial"] for row in ledger.read_rows(target.ledger)}
    return sorted(path.stem for path in target.trials.glob("*.json") if path.stem not in recorded)


def keep(repository: Repository, target: Target, record: Record) -> Outcome:
    """Commit the candidate, unless the branch has another champion by now."""
    commit = commit_candidate(repository, target, record)
    if commit is not None:
        return Outcome(commit, True, record.get("reason") or "", f"kept as {commit[:10]}")
    tip = git_line(repository, "rev-parse", "--verify", "--quiet", f"refs/heads/{record['branch']}")
    reason = f"better, but {record['branch']} has another champion by now"
    return Outcome(tip or "", False, reason, f"not kept: {reason}; the text is in trials/{record['id']}.json")


def drop(repository: Repository, target: Target, record: Record) -> Outcome:
    """Put the champion back, if the trial judged the candidate that lies there."""
    reason = record.get("reason") or "no reason given"
    if record["judged"]:
        restore_champion(repository, target, record)
        left = f"diff in trials/{record['id']}.json"
    else:
        left = "kernels.py is left as it is"
    return Outcome(record["champion_commit"], False, reason, f"{SAID[record['verdict']]}: {reason}; {left}")
