"""A run: a branch, the commit where it began, and what has changed since.

The immutable files are those of the start commit, which a ref remembers.
"""

import shlex
import time
from dataclasses import dataclass

from lance_autoresearch.errors import LarError
from lance_autoresearch.git import Repository, attempt, git, git_line, git_paths
from lance_autoresearch.workspace import Target


@dataclass(frozen=True)
class Run:
    """The run branch as it stands: its name, its last commit, and the commit where it began."""

    branch: str
    head: str
    start: str


def current_run(repository: Repository, target: Target) -> Run:
    """Return the run of the branch that is checked out; before its first trial it begins at HEAD.

    Raises: LarError if this is not a branch on which `target` can be tried.
    """
    branch, head = checked_out(repository, target)
    start = recorded_start(repository, branch) or head
    if start != head and attempt(repository, "merge-base", "--is-ancestor", start, head).returncode != 0:
        raise LarError(
            f"expected {branch} to descend from {start[:10]}, where its run began, but it does not\n"
            f"begin a new run: {new_run_command(target)}"
        )
    return Run(branch, head, start)


def recorded_start(repository: Repository, branch: str) -> str | None:
    """Return the commit where the run on `branch` began, or None before its first trial."""
    return git_line(repository, "rev-parse", "--verify", "--quiet", f"{start_ref(branch)}^{{commit}}")


def record_start(repository: Repository, run: Run) -> None:
    """Remember where `run` began, unless that is already known, as it is if it began before HEAD."""
    if run.start == run.head and recorded_start(repository, run.branch) is None:
        git(repository, "update-ref", start_ref(run.branch), run.start, "0" * len(run.start))


def start_ref(branch: str) -> str:
    """Return the name of the ref that remembers where the run on `branch` began."""
    return f"refs/autoresearch/start/{branch}"


def checked_out(repository: Repository, target: Target) -> tuple[str, str]:
    """Return the run branch that is checked out and its last commit, without recording anything.

    Raises: LarError as `current_run` does.
    """
    found = attempt(repository, "rev-parse", "--show-toplevel", "HEAD^{commit}", "--")
    named = found.stdout.decode("utf-8", "surrogateescape")
    if not named:
        said = found.stderr.decode("utf-8", "replace").strip()
        raise LarError(
            f"expected a git work tree at {repository.root}; git says: {said}\n"
            "a trial needs git to keep the champion: git init && git add -A && git commit -m start"
        )
    top, head = named.rsplit("\n", 3)[:2] if found.returncode == 0 else (named.rstrip("\n"), None)
    if not repository.root.samefile(top):
        raise LarError(
            f"expected the workspace to be the top of its git work tree, but that is {top}\n"
            "give the workspace a repository of its own: git init && git add -A && git commit -m start"
        )
    if head is None:
        raise LarError(
            "expected at least one commit, found none\n"
            f"git add -A && git commit -m start && {new_run_command(target)}"
        )
    branch = git_line(repository, "symbolic-ref", "--quiet", "--short", "HEAD")
    if branch is None:
        raise LarError(
            f"expected the branch autoresearch/{target.name}/<tag>, got a detached HEAD at {head[:10]}\n"
            f"start a run from here: {new_run_command(target)}"
        )
    prefix = f"autoresearch/{target.name}/"
    if not branch.startswith(prefix) or branch == prefix:
        raise LarError(
            f"expected the branch {prefix}<tag>, got {branch}\n"
            f"start a run from here: {new_run_command(target)}"
        )
    return branch, head


def new_run_command(target: Target) -> str:
    """Return the command that begins a run of `target` today."""
    return f"git switch -c autoresearch/{target.name}/{time.strftime('%b%d').lower()}"


def changed_files(repository: Repository, target: Target, run: Run) -> dict[str, list[str]]:
    """Return each tracked file, other than kernels.py, that differs from the start, and where it does."""
    listing = ("diff", "--name-only", "--no-renames", "--no-ext-diff", "-z")
    differing = {
        "in the working tree": git_paths(repository, *listing, run.start),
        "in the index": git_paths(repository, *listing, "--cached", run.start),
    }
    if run.head != run.start:
        differing["in a commit on the branch"] = git_paths(repository, *listing, run.start, run.head)
    places: dict[str, list[str]] = {}
    for place, paths in differing.items():
        for path in paths:
            if path != target.kernels:
                places.setdefault(path, []).append(place)
    return dict(sorted(places.items()))


def how_to_undo(target: Target, run: Run, changed: dict[str, list[str]]) -> list[str]:
    """Return what to type so that the immutable files are those of the start again."""
    paths = " ".join(shlex.quote(path) for path in changed)
    committed = any("in a commit on the branch" in places for places in changed.values())
    commit = f" && git commit -m 'restore immutable files' -- {paths}" if committed else ""
    return [
        f"undo: git restore --source={run.start[:10]} --staged --worktree -- {paths}{commit}",
        f"or commit the change and begin a new run: {new_run_command(target)}-b",
    ]


def untracked_sources(repository: Repository, target: Target) -> list[str]:
    """Return untracked files that look as if they took part in judging; they cannot."""
    folders = ("harness-common", "referee", "loop", f"targets/{target.name}/src")
    return git_paths(repository, "ls-files", "--others", "--exclude-standard", "-z", "--", *folders)


def commits_by_hand(repository: Repository, target: Target, run: Run) -> list[str]:
    """Return the commits of the run that changed kernels.py without a trial, newest first."""
    if run.head == run.start:
        return []
    form = "--format=%H %(trailers:key=Trial,valueonly,separator=%x2C)"
    listed = git(
        repository, "log", "--no-show-signature", form, f"{run.start}..{run.head}", "--", target.kernels
    )
    lines = listed.decode("utf-8", "replace").splitlines()
    return [line.split()[0] for line in lines if len(line.split()) == 1]
