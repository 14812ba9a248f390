"""What an agent's own trials kept in its turn is measured once more by the loop.

In its turn the record of a trial and the commit of a keep are in the agent's reach, so a keep may be forged;
and the rest of the night would be measured against it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import prod

from lance_autoresearch import snapshot
from lance_autoresearch.champion import text_at
from lance_autoresearch.files import replace_file
from lance_autoresearch.git import Repository
from lance_autoresearch.process import run_experiment
from lance_autoresearch.record import Record
from lance_autoresearch.run_folder import RunFolder, Say
from lance_autoresearch.speedup import JUDGED

SLACK = 1.05  # a true ratio comes again within the noise of both measurements
# What a keep may cost: over all, if it is simpler, and at one combo. Several keeps may cost it several times.
SLOWEST, SLOWEST_COMBO = 1.01, 1.05


@dataclass(frozen=True)
class SecondLook:
    """What came of it: the commit that was looked at, the trials that made it, and what speaks against it."""

    champion: str
    trials: tuple[str, ...]
    objection: str


def second_look(
    run: RunFolder, number: int, before: str, line: Sequence[tuple[str, Record]], say: Say
) -> SecondLook:
    """Say whether the last commit of `line` is the champion that the trials within step `number` make of it.

    It is judged with the files of the run's start, on a fresh seed, against the champion `before` that turn.
    That happens once: the answer stays in the step's folder, and what is kept later is the loop's own doing.
    Needs the lock of the run's trials.

    line  the commits that lead there from `before`, each with the record of its trial

    Raises: Interrupted on Ctrl-C; LarError if git fails.
    """
    noted = run.step(number) / "second_look.json"
    if noted.is_file():
        known = json.loads(noted.read_bytes())
        return SecondLook(known["champion"], tuple(known["trials"]), known["objection"])
    champion, told = before, ""
    if line:
        champion = line[-1][0]
        say(f"step {number}: what its own trials kept is measured once more")
        found = measured(run, before, champion) or measured(run, before, champion)
        told = against(found, [record.get("ratio") for _, record in line])
    look = SecondLook(champion, tuple(record["id"] for _, record in line), told)
    replace_file(noted, json.dumps(asdict(look)).encode(), scratch=noted.parent)
    return look


def measured(run: RunFolder, before: str, after: str) -> Record:
    """Return the referee's document on the kernel of commit `after` against that of `before`.

    Empty if it ended without one, as it may on a machine that is short of memory.
    """
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


def against(found: Record, claimed: Sequence[float | None]) -> str:
    """Return what the document `found` says against keeps of these ratios; "" if they may be true."""
    reason = str(found.get("reason") or "the referee gave no answer")
    if reason.startswith("not the candidate:"):
        return ""  # the champion of before failed, which is no reason to go back to it
    if found.get("correctness") != "pass" or found.get("verdict") not in JUDGED:
        return reason
    claim = prod(1.0 if ratio is None else ratio for ratio in claimed)
    if found["ratio_low"] > min(claim * SLACK, SLOWEST ** len(claimed)):
        return f"its ratio is {words(found)}, where its trials say {claim:.4f}"
    for combo, one in found["combos"].items():
        if one["ratio_low"] > SLOWEST_COMBO ** len(claimed):
            return f"slower at {combo}: its ratio is {words(one)}"
    return ""


def words(times: Record) -> str:
    """Return a ratio with its interval."""
    ratio, low, high = (f"{times[name]:.4f}" for name in ("ratio", "ratio_low", "ratio_high"))
    return f"{ratio} ({low} to {high})"
