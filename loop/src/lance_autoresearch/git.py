"""Git as a process: every call the loop makes goes through `git` below.

Killing `lar`, even with its whole process group, must not leave an `index.lock` behind.
So git runs in its own session, cannot be interrupted half-way, and holds the trial lock until it ends.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lance_autoresearch.errors import LarError

# An editor's `git status` holds the index for milliseconds: wait for it, but not for a dead lock.
INDEX_PATIENCE_S = 3.0

# These would point git at another repository, for example when lar is started from a hook.
ELSEWHERE = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
)

# No hooks, no background housekeeping, objects on disk before a ref names them, and refs as well.
SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.fsync=committed,reference",
    "gc.auto=0",
    "maintenance.auto=false",
)


@dataclass(frozen=True)
class Repository:
    """A work tree, and the file descriptor of the lock that git shares while it runs."""

    root: Path
    lock: int | None = None


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold back Ctrl-C and polite kills until the block ends; they arrive afterwards."""
    held_back = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held_back)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def attempt(
    repository: Repository,
    *arguments: str,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run one git command to its end and return what it said, whatever its exit code.

    Raises: LarError if git is not installed.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    fixed = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C"}
    settings = [word for setting in SETTINGS for word in ("-c", setting)]
    with undisturbed():
        try:
            return subprocess.run(
                ["git", *settings, *arguments],
                cwd=repository.root,
                env={**inherited, **fixed, **(environment or {})},
                input=stdin,
                capture_output=True,
                start_new_session=True,
                pass_fds=() if repository.lock is None else (repository.lock,),
            )
        except FileNotFoundError as error:
            raise LarError("expected git on the PATH, found none; install git and try again") from error


def git(
    repository: Repository,
    *arguments: str,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """Run one git command and return its stdout, waiting a little if the index is in use.

    Raises: LarError with git's own words if it fails.
    """
    give_up_at = time.monotonic() + INDEX_PATIENCE_S
    while True:
        done = attempt(repository, *arguments, stdin=stdin, environment=environment)
        if done.returncode == 0:
            return done.stdout
        said = done.stderr.decode("utf-8", "replace").strip()
        if "index.lock" not in said or time.monotonic() > give_up_at:
            raise LarError(f"git {arguments[0]} failed: {said}")
        time.sleep(0.1)


def git_line(repository: Repository, *arguments: str) -> str | None:
    """Return a git command's stdout as one stripped line, or None if it fails or says nothing."""
    done = attempt(repository, *arguments)
    line = done.stdout.decode("utf-8", "replace").strip()
    return line if done.returncode == 0 and line else None


def git_paths(repository: Repository, *arguments: str) -> list[str]:
    """Return the paths that a git command lists with `-z`."""
    listed = git(repository, *arguments).decode("utf-8", "surrogateescape")
    return [path for path in listed.split("\0") if path]
