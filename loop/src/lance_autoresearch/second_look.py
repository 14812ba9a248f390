"""What an agent's own trials kept in its turn is measured once more by the loop.

In its turn the record of a trial and the commit of a keep are in the agent's reach, so a keep may be forged;
and the rest of the night would be measured against it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import prod

from lance_autoresearch.files import replace_file
from lance_autoresearch.record import Record
from lance_autoresearch.remeasure import measured
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

    It is measured against the champion `before` that turn, and once only: the answer stays in the step's
    folder, and what is kept later is the loop's own doing. Needs the run's lock.

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
        found = measured(run, champion, before) or measured(run, champion, before)
        told = against(found, [record.get("ratio") for _, record in line])
    look = SecondLook(champion, tuple(record["id"] for _, record in line), told)
    replace_file(noted, json.dumps(asdict(look)).encode(), scratch=noted.parent)
    return look


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
