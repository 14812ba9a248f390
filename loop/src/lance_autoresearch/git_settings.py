"""Git's settings, which a run's work tree shares with the user's checkout: put back if an agent spoils them.

Whoever writes core.bare, core.worktree or half a line there stops git in the user's checkout too. So they are
copied to the run's folder while git works there. What else changes may be the user's own doing, and is told.
"""

import os
from pathlib import Path

from lance_autoresearch.files import replace_file
from lance_autoresearch.git import Repository, attempt, git_line
from lance_autoresearch.run_folder import RunFolder, Say


def keep_or_put_back(root: Path, common: str, run: RunFolder, say: Say) -> None:
    """Copy the settings if git works in the user's checkout at `root`; otherwise put the last copy back.

    common  git's folder of the repository
    """
    copy, spoilt = run.path / "git_config", run.path / "git_config.spoilt"
    config = Path(common, "config")
    if not config.is_file():
        return
    now, old = config.read_bytes(), copy.read_bytes() if copy.is_file() else None
    if now == old:
        return
    if git_line(Repository(root), "rev-parse", "--show-toplevel") == os.path.realpath(root):
        if old is not None:
            differ = ", ".join(names_that_differ(root, copy, config))
            say(f"git's settings in {config} have changed since the step before: {differ}; was it you?")
        replace_file(copy, now, scratch=run.path)
    elif old is not None:
        replace_file(spoilt, now, scratch=run.path)
        replace_file(config, old, scratch=config.parent)
        say(f"git did not work in {root} any more: its settings are back, {spoilt} has what they were")


def names_that_differ(root: Path, *configs: Path) -> list[str]:
    """Return the names of the settings that differ between two files; a value may be secret."""
    listed = [attempt(Repository(root), "config", "--file", str(path), "--list").stdout for path in configs]
    old, new = (set(settings.decode("utf-8", "replace").splitlines()) for settings in listed)
    return sorted({setting.partition("=")[0] for setting in old ^ new})
