"""What an agent left in its work tree after a turn, and how the tree is put right again."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lance_autoresearch.champion import text_at
from lance_autoresearch.git import Repository, git, git_line
from lance_autoresearch.novelty import fingerprint, tried_before
from lance_autoresearch.record import Record, as_bytes, load
from lance_autoresearch.workspace import Target

CANDIDATE, NOTHING, OUTSIDE, DUPLICATE = "candidate", "nothing", "outside", "duplicate"

LONGEST_BYTES = 1 << 20  # of a kernels.py; the longest of ours has a fiftieth of it


@dataclass(frozen=True)
class Leftovers:
    """What there is to judge, in one word; and if nothing is, why, in one line for the agent."""

    kind: str
    told: str


def left_kernel(target: Target) -> tuple[bytes | None, str]:
    """Return the kernels.py in the work tree; or None, and in a few words why it can be no candidate."""
    file = target.root / target.kernels
    if not os.path.lexists(file):
        return None, "was gone"
    inside = Path(os.path.realpath(target.root.parent), target.root.name, target.kernels)
    if not file.is_file() or os.path.realpath(file) != str(inside):
        return None, "was no longer a file of its own, but a link, a folder or a pipe"
    with file.open("rb") as kernel:
        content = kernel.read(LONGEST_BYTES + 1)
    if len(content) > LONGEST_BYTES:
        return None, f"was longer than {LONGEST_BYTES >> 20} MB"
    return content, ""


def look(champion: str, candidate: str, records: list[Record]) -> Leftovers:
    """Say what a kernels.py with the text `candidate` is worth; `records` are the trials so far."""
    if candidate == champion:
        return Leftovers(NOTHING, "nothing to measure: kernels.py was left as it was")
    if fingerprint(candidate) == fingerprint(champion):
        told = "refused before measuring: nothing but names, comments or layout differed from the champion"
        return Leftovers(DUPLICATE, told)
    before = tried_before(champion, candidate, records)
    if before is not None:
        came = f"{before['verdict']}: {before.get('reason') or 'no reason given'}"
        return Leftovers(
            DUPLICATE, f"refused before measuring: the same edit was trial {before['id']} ({came})"
        )
    return Leftovers(CANDIDATE, "")


def told_of(changed: Iterable[str]) -> str:
    """Return the line for an agent that changed other tracked files."""
    names = ", ".join(list(changed)[:5])
    return f"refused before measuring, and taken back: only kernels.py may change, but so did {names}"


def lineage(repository: Repository, target: Target, branch: str, since: str) -> list[tuple[str, Record]]:
    """Return the commits that follow `since` on the branch, each with the record of the trial that kept it.

    What an agent committed itself ends the line, and so what stands on top of it is no champion.
    """
    form = "--format=%H %P|%(trailers:key=Trial,valueonly,separator=%x2C)"
    listed = git(repository, "log", "--no-show-signature", "--reverse", form, f"{since}..refs/heads/{branch}")
    line: list[tuple[str, Record]] = []
    champion = since
    for text in listed.decode("utf-8", "replace").splitlines():
        names, _, trial = text.partition("|")
        commit, *parents = names.split() or [""]  # a trailer may have a line of its own
        if parents != [champion]:
            break
        if git_line(repository, "diff", "--name-only", champion, commit) != target.kernels:
            break
        record = kept_in(target, trial.strip())
        edit = text_at(repository, target, champion), text_at(repository, target, commit)
        if record is None or edit != (as_bytes(record["champion_text"]), as_bytes(record["candidate_text"])):
            break
        line.append((commit, record))
        champion = commit
    return line


def last_champion(repository: Repository, target: Target, branch: str, since: str) -> str:
    """Return the newest commit of the branch that `since` and nothing but kept trials lead to."""
    return next((commit for commit, _ in reversed(lineage(repository, target, branch, since))), since)


def kept_in(target: Target, trial: str) -> Record | None:
    """Return the record of a trial that kept its candidate, or None if there is no such trial."""
    file = target.trials / f"{trial}.json"
    found = load(file) if file.is_file() else None
    return found if found and found["verdict"] == "keep" else None


def put_right(repository: Repository, branch: str, champion: str) -> None:
    """Bring branch, index and work tree back to `champion`; what git ignores stays."""
    git(repository, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    git(repository, "reset", "--quiet", "--hard", champion)
    git(repository, "clean", "--quiet", "-ffd")
