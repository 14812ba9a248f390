"""The work tree of an unattended run: made, looked at before every use, and made anew if it was spoilt.

An agent may do to it what it likes. So git runs in it only while its `.git` is the file that git left there
when the tree was made, as <run>/worktree.git remembers: git works in whatever repository that file names.
What cannot be mended is moved to <run>/aside/ and never deleted.
"""

import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from lance_autoresearch import git_settings, ledger, lock, records_kept, run_branch
from lance_autoresearch.errors import LarError
from lance_autoresearch.files import replace_file
from lance_autoresearch.git import Repository, git, git_line, git_paths
from lance_autoresearch.record import as_bytes, load
from lance_autoresearch.run_folder import (
    RunFolder,
    Say,
    branch_of,
    common_folder,
    refuse_inside,
    set_aside,
)
from lance_autoresearch.workspace import Target

COMMON = ("rev-parse", "--path-format=absolute", "--git-common-dir")
TEXTS = ("branch", "hypothesis", "timestamp", "champion_commit", "start_commit", "candidate_text")
RATIOS = ("ratio", "ratio_low", "ratio_high")
HIGHEST = 1e9  # of a ratio; infinity and numbers of 400 digits are valid JSON to Python
RECORD_BYTES = 64 << 20  # more than a hundred times what a trial writes


def ready(root: Path, run: RunFolder, champion: str, say: Say) -> None:
    """See that the run's branch, work tree and records can be relied on; `root` is the user's checkout.

    Needs the run's lock, and that no agent runs. What an agent edited stays there, in a tree that is whole.

    champion  where the branch is made, if it is missing

    Raises: LarError with git's words if it cannot make them.
    """
    refuse_inside(root, run.path)
    main, target = Repository(root), run.target
    common = git_line(main, *COMMON)
    git_settings.keep_or_put_back(root, common or common_folder(root), run, say)
    common = common or git_line(main, *COMMON)
    if common is None:
        raise LarError(f"expected a git work tree at {root}, found none")
    plain = has_plain_folders(target)
    if plain:
        set_oddities_aside(run)
    # A git that outlived an earlier lar holds this lock, and its *.lock files are not stale.
    with lock.held(target.trials, say) if plain else nullcontext():
        remove_stale_locks(common, run)
        see_to_branch(main, common, run, champion)
        if not plain or not is_ours(common, run):
            make_anew(main, run)
            if not is_ours(common, run):
                raise LarError(
                    f"expected git to work in {target.root} when it is started there, but it does not\n"
                    f"look for core.worktree and the like: git -C {root} config --show-origin --list"
                )
        clear_index(Repository(target.root), branch_of(run.settings()))
        set_spoilt_records_aside(run)
        records_kept.put_back(run, say)


def has_plain_folders(target: Target) -> bool:
    """Return whether the folders that the loop writes to are there, and no links to somewhere else."""
    folders = [target.root / path for path in Path(target.kernels).parents]
    return all(
        path.is_dir() and not path.is_symlink() and os.access(path, os.R_OK | os.W_OK | os.X_OK)
        for path in folders
    )


def is_plain_file(path: Path, longest_bytes: int) -> bool:
    """Return whether `path` is a file of its own, neither a link nor a pipe, and not too long to read."""
    return path.is_file() and not path.is_symlink() and path.stat().st_size <= longest_bytes


def remove_stale_locks(common: str, run: RunFolder) -> None:
    """Remove what a git that was killed left in the run's part of the repository, and settings made there."""
    branch = branch_of(run.settings())
    refs = (f"refs/heads/{branch}", run_branch.start_ref(branch))
    left = [Path(common, f"{ref}.lock") for ref in refs]
    if run.tree_note.is_file():
        own = Path(run.tree_note.read_text().removeprefix("gitdir:").strip())
        left += [*own.glob("*.lock"), own / "config.worktree"]
    for file in left:
        file.unlink(missing_ok=True)


def see_to_branch(main: Repository, common: str, run: RunFolder, champion: str) -> None:
    """Make the branch if it is missing or stands for another one, and say where its run began."""
    settings = run.settings()
    branch = f"refs/heads/{branch_of(settings)}"
    start = run_branch.start_ref(branch_of(settings))
    listed = git(main, "for-each-ref", "--format=%(refname) %(objectname) %(symref)", branch, start)
    known = dict(line.split(" ", 1) for line in listed.decode("utf-8", "replace").splitlines())
    for loose in (Path(common, ref) for ref in (branch, start) if ref not in known):
        if loose.is_file():
            loose.unlink()  # a power cut left it empty: git would not replace it
    if not known.get(branch, "").endswith(" "):
        git(main, "update-ref", "--no-deref", branch, champion)
    if known.get(start) != f"{settings.start} ":
        git(main, "update-ref", "--no-deref", start, settings.start)


def is_ours(common: str, run: RunFolder) -> bool:
    """Return whether git, started in the work tree, would work there and in the user's repository."""
    tree = run.target.root
    known = run.tree_note.read_bytes() if run.tree_note.is_file() else None
    if not is_plain_file(tree / ".git", 4096) or (tree / ".git").read_bytes() != known:
        return False
    return git_line(Repository(tree), *COMMON, "--show-toplevel") == f"{common}\n{os.path.realpath(tree)}"


def make_anew(main: Repository, run: RunFolder) -> None:
    """Move what lies there aside, check the branch out again, and bring the trials back.

    The note comes last: a kill before it leads here once more.
    """
    tree = run.target.root
    run.tree_note.unlink(missing_ok=True)
    if os.path.lexists(tree):
        set_aside(run, tree)
    # Twice: git's own entry for this path may be there still, and may be locked.
    git(main, "worktree", "add", "--quiet", "--force", "--force", str(tree), branch_of(run.settings()))
    for moved in sorted((run.path / "aside").glob(f"*-{tree.name}"), reverse=True):
        bring_back(Target(moved, run.target_name), run.target)
    replace_file(run.tree_note, (tree / ".git").read_bytes(), scratch=run.path)


def bring_back(moved: Target, target: Target) -> None:
    """Copy the records and the ledger of a tree that was moved aside, where they are missing."""
    # A link would lead to the records of another checkout.
    if any(path.is_symlink() for path in (moved.trials, *moved.trials.parents[:3])):
        return
    target.trials.mkdir(exist_ok=True)
    records = sorted(moved.trials.glob("*.json"))
    pairs = [(path, target.trials / path.name) for path in records] + [(moved.ledger, target.ledger)]
    for old, new in pairs:
        if is_plain_file(old, RECORD_BYTES) and not new.exists():
            replace_file(new, old.read_bytes(), scratch=target.trials)


def clear_index(there: Repository, branch: str) -> None:
    """Clear the flags that hide changes from git; an index that cannot be read is made from the branch."""
    try:
        hidden = [line[2:] for line in git_paths(there, "ls-files", "-v", "-z") if line[0] != "H"]
        names = "".join(f"{path}\0" for path in hidden).encode("utf-8", "surrogateescape")
        for flag in ("--no-skip-worktree", "--no-assume-unchanged") if hidden else ():
            git(there, "update-index", flag, "-z", "--stdin", stdin=names)
    except LarError:
        index = git_line(there, "rev-parse", "--path-format=absolute", "--git-path", "index")
        if index is not None:
            Path(index).unlink(missing_ok=True)
        git(there, "read-tree", f"refs/heads/{branch}")


def set_oddities_aside(run: RunFolder) -> None:
    """Move aside what stands where a trial keeps its files and is neither a file nor a folder of its own."""
    trials, results = run.target.trials, run.target.ledger
    if os.path.lexists(trials) and (trials.is_symlink() or not trials.is_dir()):
        set_aside(run, trials)
    inside = list(trials.iterdir()) if trials.is_dir() else []
    for path in [*inside, results]:
        if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
            set_aside(run, path)


def set_spoilt_records_aside(run: RunFolder) -> None:
    """Move aside what is no record of this run, and a ledger that is none; the records rebuild it."""
    branch = branch_of(run.settings())
    for path in sorted(run.target.trials.glob("*.json")):
        if not is_record(path, branch):
            set_aside(run, path)
    try:
        ledger.read_rows(run.target.ledger)
    except LarError:
        set_aside(run, run.target.ledger)


def is_record(path: Path, branch: str) -> bool:
    """Return whether the file is a trial of the branch, whole enough to be settled and told of."""
    if not is_plain_file(path, RECORD_BYTES):
        return False
    try:
        found: dict[str, Any] = load(path)
    except (LarError, RecursionError):
        return False
    texts = all(is_text(found.get(name)) for name in (*TEXTS, "champion_text"))
    reason = isinstance(found.get("reason"), str | None)
    combos = found.get("combos") or {}
    parts = isinstance(combos, dict) and all(isinstance(one, dict) for one in combos.values())
    times = [found, *combos.values()] if parts else []
    numbers = all(is_ratio(one.get(name)) for one in times for name in RATIOS)
    return texts and reason and parts and numbers and "judged" in found and found["branch"] == branch


def is_ratio(value: object) -> bool:
    """Return whether `value` can be a ratio of times, or None, where there is none."""
    return value is None or (isinstance(value, int | float) and value is not True and 0 < value < HIGHEST)


def is_text(value: object) -> bool:
    """Return whether `value` is text that stands for bytes; JSON can hold half of a surrogate pair."""
    try:
        return isinstance(value, str) and bool(as_bytes(value) or True)
    except UnicodeEncodeError:
        return False
