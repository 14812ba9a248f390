"""kernels.py on the run branch: read it, commit a new one, put it back.

Commits are made from objects and not with `git commit`, so that they hold the text that was judged
and nothing else, whatever lies in the working tree or in the index.
"""

import hashlib
import textwrap
from pathlib import Path

from lance_autoresearch.errors import LarError
from lance_autoresearch.files import replace_file
from lance_autoresearch.git import Repository, attempt, git, git_line
from lance_autoresearch.ledger import MISSING, number, one_line
from lance_autoresearch.record import Record, as_bytes, as_text
from lance_autoresearch.report import change
from lance_autoresearch.workspace import Target

SOMEBODY = {
    "GIT_AUTHOR_NAME": "lar",
    "GIT_AUTHOR_EMAIL": "lar@invalid",
    "GIT_COMMITTER_NAME": "lar",
    "GIT_COMMITTER_EMAIL": "lar@invalid",
}


def text_at(repository: Repository, target: Target, commit: str) -> bytes:
    """Return kernels.py as it is in `commit`.

    Raises: LarError if it is not there.
    """
    found = attempt(repository, "cat-file", "blob", f"{commit}:{target.kernels}")
    if found.returncode != 0:
        raise LarError(
            f"expected {target.kernels} in commit {commit[:10]}, found none; commit the target first"
        )
    return found.stdout


def commit_candidate(repository: Repository, target: Target, record: Record) -> str | None:
    """Return the commit of the run branch that holds the candidate, made now if it is not there yet.

    None if the branch is gone, or if its kernels.py is no longer the champion that was beaten.
    """
    branch = f"refs/heads/{record['branch']}"
    tip = git_line(repository, "rev-parse", "--verify", "--quiet", branch)
    if tip is None:
        return None
    mark = f"--grep=Trial: {record['id']}"
    commit = git_line(
        repository, "rev-list", "-1", "--fixed-strings", mark, f"{record['start_commit']}..{branch}"
    )
    if commit is None:
        if text_at(repository, target, tip) != as_bytes(record["champion_text"]):
            return None
        commit = new_commit(repository, target, record, tip)
        reason = f"lar trial: {target.name} {record['id']}"
        git(repository, "update-ref", "-m", reason, branch, commit, tip)
    if on_branch(repository, record):
        move_index(repository, target, record["champion_text"], record["candidate_text"])
    return commit


def new_commit(repository: Repository, target: Target, record: Record, tip: str) -> str:
    """Return a commit on top of `tip` in which only kernels.py differs; no branch points to it yet."""
    index = target.trials / ".index"
    for leftover in (index, index.with_name(".index.lock")):
        leftover.unlink(missing_ok=True)
    apart = {"GIT_INDEX_FILE": str(index)}
    blob = blob_of(repository, record["candidate_text"])
    mode = git(repository, "ls-tree", tip, "--", target.kernels).split()[0].decode()
    git(repository, "read-tree", tip, environment=apart)
    git(repository, "update-index", "--cacheinfo", f"{mode},{blob},{target.kernels}", environment=apart)
    tree = git(repository, "write-tree", environment=apart).decode().strip()
    index.unlink()
    message = commit_message(target, record).encode("utf-8", "replace")
    made = attempt(repository, "commit-tree", tree, "-p", tip, stdin=message)
    if made.returncode == 0:
        return made.stdout.decode().strip()
    # Git does not know who the user is; if something else is wrong, it says so again.
    by_lar = git(repository, "commit-tree", tree, "-p", tip, stdin=message, environment=SOMEBODY)
    return by_lar.decode().strip()


def commit_message(target: Target, record: Record) -> str:
    """Return the message of a kept trial: one line of subject, the facts as trailers."""
    hypothesis = one_line(record["hypothesis"])
    short = textwrap.shorten(hypothesis, 60, placeholder=" ...")
    body = "" if short == hypothesis else f"{hypothesis}\n\n"
    trailers = [f"Trial: {record['id']}"]
    if record.get("ratio") is not None:
        interval = f"{number(record.get('ratio_low'), 4)} to {number(record.get('ratio_high'), 4)}"
        trailers.append(f"Ratio: {number(record['ratio'], 4)} ({interval}) of the champion's time")
    if record.get("speedup_vs_baseline") is not None:
        trailers.append(f"Speedup-vs-baseline: {number(record['speedup_vs_baseline'], 3)}")
    ratios = (number(record.get(name), 4) for name in ("ratio", "ratio_low", "ratio_high"))
    gain = change(*ratios).partition(" (")[0]
    subject = f"{target.name}: {short}" + ("" if gain == MISSING else f" ({gain})")
    return f"{subject}\n\n{body}" + "\n".join(trailers) + "\n"


def restore_champion(repository: Repository, target: Target, record: Record) -> None:
    """Put HEAD's kernels.py back where the candidate still lies: in the working tree, in the index."""
    if not on_branch(repository, record):
        return
    head = text_at(repository, target, "HEAD")
    move_index(repository, target, record["candidate_text"], as_text(head))
    file = Path(target.root, target.kernels)
    if file.is_file() and file.read_bytes() == as_bytes(record["candidate_text"]):
        replace_file(file, head, scratch=target.trials)


def move_index(repository: Repository, target: Target, before: str, after: str) -> None:
    """Let the index hold `after` if it holds `before`; anything else that was staged stays staged."""
    entry = git(repository, "ls-files", "--stage", "--", target.kernels).split()
    if len(entry) >= 3 and entry[1].decode() == name_of_blob(before, len(entry[1])):
        described = f"{entry[0].decode()},{blob_of(repository, after)},{target.kernels}"
        git(repository, "update-index", "--cacheinfo", described)


def on_branch(repository: Repository, record: Record) -> bool:
    """Return whether the trial's branch is the one that is checked out."""
    return git_line(repository, "symbolic-ref", "--quiet", "HEAD") == f"refs/heads/{record['branch']}"


def name_of_blob(text: str, n_digits: int) -> str:
    """Return the name of `text` as a git object, in a repository whose names have `n_digits`."""
    content = as_bytes(text)
    named = b"blob %d\0%b" % (len(content), content)
    return hashlib.new("sha1" if n_digits == 40 else "sha256", named, usedforsecurity=False).hexdigest()


def blob_of(repository: Repository, text: str) -> str:
    """Store `text` as a git object and return its name."""
    return git(repository, "hash-object", "-w", "--stdin", stdin=as_bytes(text)).decode().strip()
