"""Where an unattended run lives: a folder of its own, outside every checkout, with a work tree in it.

    <runs>/<target>-<tag>/worktree/       the branch autoresearch/<target>/<tag>; all that the agent sees
    <runs>/<target>-<tag>/settings.json   what the run was asked
    <runs>/<target>-<tag>/steps.jsonl     the journal
    <runs>/<target>-<tag>/last_message.txt
    <runs>/<target>-<tag>/steps/0007/     the seventh step's prompt.md, output.log and kernels.py; and what
                                          `conclusion` found before judging: outside.json, second_look.json
    <runs>/<target>-<tag>/aside/          what agents spoilt (see `run_tree`)
    <runs>/<target>-<tag>/judged/         copies of results.tsv and of trials/ (see `records_kept`)
    <runs>/<target>-<tag>/git_config      a copy of git's settings (see `git_settings`)

<runs> is a folder per repository below $LAR_RUNS, or else below the user's state folder (XDG).
"""

import hashlib
import itertools
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lance_autoresearch import lock
from lance_autoresearch.errors import LarError
from lance_autoresearch.files import replace_file
from lance_autoresearch.git import Repository, git_line
from lance_autoresearch.workspace import Target

Say = Callable[[str], None]

TAG = re.compile(r"[a-z0-9][a-z0-9._-]{0,40}")


@dataclass(frozen=True)
class Settings:
    """What a run was asked: by which agent, from which commit, within which limits (see `budget.Budget`)."""

    target: str
    tag: str
    agent: str
    model: str | None
    start: str
    turn_minutes: float
    stall_minutes: float
    trials: int | None = None
    hours: float | None = None
    usd: float | None = None
    discards: int | None = None


@dataclass(frozen=True)
class RunFolder:
    """One run's folder and target."""

    path: Path
    target_name: str

    @property
    def target(self) -> Target:
        """The target in the run's own work tree."""
        return Target(self.path / "worktree", self.target_name)

    @property
    def journal(self) -> Path:
        return self.path / "steps.jsonl"

    @property
    def last_message(self) -> Path:
        """What the run said when it stopped last."""
        return self.path / "last_message.txt"

    @property
    def agent_note(self) -> Path:
        """Says which agent runs, so that one that outlived a kill can be ended."""
        return self.path / "agent.json"

    @property
    def tree_note(self) -> Path:
        """Holds what the `.git` of the work tree has to be."""
        return self.path / "worktree.git"

    @property
    def judged(self) -> Path:
        """Holds copies of what was judged (see `records_kept`)."""
        return self.path / "judged"

    def step(self, number: int) -> Path:
        """The folder of one step, made if need be."""
        folder = self.path / "steps" / f"{number:04d}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def settings(self) -> Settings:
        """Return what the run was asked.

        Raises: LarError if the file is not what `begin` writes.
        """
        try:
            return Settings(**json.loads((self.path / "settings.json").read_bytes()))
        except (OSError, ValueError, TypeError) as error:
            raise LarError(f"expected a run's settings in {self.path}/settings.json, got: {error}") from error


def runs_of(root: Path) -> Path:
    """Return the folder of all runs of the repository that `root` is a work tree of."""
    common = common_folder(root)
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    runs = Path(os.environ.get("LAR_RUNS") or state / "lance-autoresearch")
    name = Path(common).parent.name if Path(common).name == ".git" else Path(common).name
    return runs / f"{name}-{hashlib.sha256(common.encode()).hexdigest()[:8]}"


def common_folder(root: Path) -> str:
    """Return git's folder of the repository, also while its settings are spoilt and git does not work."""
    known = git_line(Repository(root), "rev-parse", "--path-format=absolute", "--git-common-dir")
    if known is not None:
        return known
    inside = Path(root, ".git")
    if inside.is_file():  # a work tree of the user's, in <common>/worktrees/<name>
        inside = Path(root, inside.read_text().removeprefix("gitdir:").strip()).parents[1]
    return os.path.realpath(inside if inside.is_dir() else root)


def found(root: Path, target: str, tag: str | None = None) -> RunFolder:
    """Return the run of `target` called `tag`; without a tag, the one that was used last.

    Raises: LarError if there is none.
    """
    folders = [RunFolder(path.parent, target) for path in runs_of(root).glob(f"{target}-*/settings.json")]
    named = [one for one in folders if one.settings().target == target and tag in (None, one.settings().tag)]
    if not named:
        wanted = f"a run of {target}" if tag is None else f"the run {tag} of {target}"
        begin = f"lar evolve {target} --agent AGENT"
        raise LarError(f"expected {wanted} below {runs_of(root)}, found none; begin one: {begin}")
    return max(named, key=lambda one: last_used_s(one))


def last_used_s(run: RunFolder) -> float:
    """Return when the run's journal, or else its settings, last changed, in seconds since 1970."""
    file = run.journal if run.journal.is_file() else run.path / "settings.json"
    return file.stat().st_mtime


def begin(root: Path, settings: Settings) -> RunFolder:
    """Make the folder of a new run. Its branch and its work tree are made by `run_tree.ready`.

    Raises: LarError if the tag is no name, if the run or its branch exists, or if the checkout would hold it.
    """
    branch = branch_of(settings)
    repository = Repository(root)
    named = git_line(repository, "check-ref-format", "--branch", branch) is not None
    if not TAG.fullmatch(settings.tag) or not named:
        raise LarError(f"expected a tag of lower-case letters, digits and .-_, got {settings.tag!r}")
    run = RunFolder(runs_of(root) / f"{settings.target}-{settings.tag}", settings.target)
    refuse_inside(root, run.path)
    if (run.path / "settings.json").exists():
        again = f"lar evolve {settings.target} --resume --tag {settings.tag}"
        raise LarError(
            f"expected no run {settings.tag} of {settings.target} yet, found {run.path}\n"
            f"go on with it: {again}; or choose another --tag"
        )
    if git_line(repository, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}") is not None:
        raise LarError(f"expected no branch {branch} yet, found one; choose another --tag")
    run.path.mkdir(parents=True, exist_ok=True)
    content = json.dumps(asdict(settings), indent=1).encode()
    replace_file(run.path / "settings.json", content, scratch=run.path)
    return run


def ask_again(run: RunFolder, **asked: object) -> None:
    """Replace what the run was asked where `asked` has a value; a resumed run keeps the rest."""
    given = {name: value for name, value in asked.items() if value is not None}
    settings = replace(run.settings(), **given)  # type: ignore[arg-type]
    content = json.dumps(asdict(settings), indent=1).encode()
    replace_file(run.path / "settings.json", content, scratch=run.path)


def branch_of(settings: Settings) -> str:
    """Return the name of the run's branch."""
    return f"autoresearch/{settings.target}/{settings.tag}"


def resume_command(run: RunFolder) -> str:
    """Return what to type to go on with a run."""
    return f"lar evolve {run.target_name} --resume --tag {run.settings().tag}"


def set_aside(run: RunFolder, path: Path) -> None:
    """Move a file, a link or a folder to <run>/aside/."""
    folder = run.path / "aside"
    folder.mkdir(exist_ok=True)
    names = (folder / f"{number:04d}-{path.name}" for number in itertools.count(1))
    path.rename(next(name for name in names if not os.path.lexists(name)))


def refuse_inside(root: Path, folder: Path) -> None:
    """Raise LarError if `folder` lies in the checkout at `root`: it would show there as the user's files."""
    if folder.resolve().is_relative_to(root.resolve()):
        raise LarError(
            f"expected the folder of all runs outside the checkout {root}, got {folder}\n"
            "set LAR_RUNS to another folder"
        )


@contextmanager
def held(run: RunFolder) -> Iterator[None]:
    """Hold the run's lock, so that no second `lar evolve` works on it.

    Raises: LarError if one does.
    """
    with lock.held_if_free(run.path) as free:
        if free is None:
            raise LarError(
                f"the run in {run.path} is going on already; watch it: lar watch {run.target_name}"
            )
        yield
