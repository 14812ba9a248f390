"""What an agent's own trials kept in its turn is measured once more by the loop.

In its turn the record of a trial and the commit of a keep are in the agent's reach, so a keep may be forged;
and the rest of the night would be measured against it.
"""

import json
from dataclasses import asdict, dataclass
from math import prod

from lance_autoresearch import snapshot
from lance_autoresearch.champion import text_at
from lance_autoresearch.files import replace_file
from lance_autoresearch.git import Repository
from lance_autoresearch.process import run_experiment
from lance_autoresearch.record import Record
from lance_autoresearch.run_folder import RunFolder, Say

# A true ratio comes again within the noise of both measurements.
SLACK = 1.05
# And what was kept for being simpler is at most so much slower.
SLOWEST = 1.01


@dataclass(frozen=True)
class SecondLook:
    """What came of it: the commit that was looked at, the trials that made it, and what speaks against it."""

    champion: str
    trials: tuple[str, ...]
    objection: str


def second_look(
    run: RunFolder, number: int, before: str, after: str, claimed: list[Record], say: Say
) -> SecondLook:
    """Say whether commit `after` is the champion that the trials within step `number` make of it.

    It is judged with the files of the run's start, on a fresh seed, against the champion `before` that turn.
    That happens once: the answer stays in the step's folder, and what is kept later is the loop's own doing.
    Needs the lock of the run's trials.

    claimed  the records of the trials that led from `before` to `after`

    Raises: Interrupted on Ctrl-C; LarError if git fails.
    """
    noted = run.step(number) / "second_look.json"
    if noted.is_file():
        known = json.loads(noted.read_bytes())
        return SecondLook(known["champion"], tuple(known["trials"]), known["objection"])
    told = ""
    if after != before:
        say(f"step {number}: what its own trials kept is measured once more")
        claimed_ratio = prod(record.get("ratio") or 1.0 for record in claimed)
        told = against(measured(run, before, after), claimed_ratio)
    look = SecondLook(after, tuple(record["id"] for record in claimed), told)
    replace_file(noted, json.dumps(asdict(look)).encode(), scratch=noted.parent)
    return look


def measured(run: RunFolder, before: str, after: str) -> Record:
    """Return the referee's document on the kernel of commit `after` against that of `before`."""
    repository = Repository(run.target.root)
    with snapshot.judging_folder(run.target.trials) as folder:
        snapshot.extract(repository, run.settings().start, run.target, folder)
        candidate, opponent, result = (folder / name for name in ("after.py", "before.py", "result.json"))
        candidate.write_bytes(text_at(repository, run.target, after))
        opponent.write_bytes(text_at(repository, run.target, before))
        options = ["--candidate", str(candidate), "--opponent", str(opponent), "--save", str(result)]
        run_experiment(folder, run.target, options, quiet=True)
        found: Record = json.loads(result.read_bytes()) if result.is_file() else {}
        return found


def against(found: Record, claimed_ratio: float) -> str:
    """Return what the document `found` says against a keep of this ratio; "" if it may be true."""
    if found.get("correctness") != "pass" or found.get("ratio") is None:
        return str(found.get("reason") or "the referee gave no answer")
    most = min(claimed_ratio * SLACK, SLOWEST)
    if found["ratio_low"] <= most:
        return ""
    ratio, low, high = (f"{found[name]:.4f}" for name in ("ratio", "ratio_low", "ratio_high"))
    return f"its ratio is {ratio} ({low} to {high}), where its trials say {claimed_ratio:.4f}"
