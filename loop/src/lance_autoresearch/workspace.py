"""Where things are: the workspace, its targets, and each target's files."""

import difflib
from dataclasses import dataclass
from pathlib import Path

from lance_autoresearch.errors import LarError


@dataclass(frozen=True)
class Target:
    """One folder under `targets/`, with the paths that the loop needs of it."""

    root: Path
    name: str

    @property
    def package(self) -> str:
        """The import name: the folder's name with underscores."""
        return self.name.replace("-", "_")

    @property
    def source(self) -> str:
        """The folder of the package's own files, relative to the root, as git writes paths."""
        return f"targets/{self.name}/src/{self.package}"

    @property
    def kernels(self) -> str:
        """The one file that may change, relative to the root, as git writes paths."""
        return f"{self.source}/kernels.py"

    @property
    def trials(self) -> Path:
        """The folder of this target's trial records."""
        return self.root / "targets" / self.name / "trials"

    @property
    def ledger(self) -> Path:
        """This target's `results.tsv`."""
        return self.root / "targets" / self.name / "results.tsv"


def find_root(folder: Path) -> Path:
    """Return the nearest folder, from `folder` upwards, that holds HARNESS.md and targets/.

    Raises: LarError if there is none.
    """
    for candidate in (folder, *folder.parents):
        if (candidate / "HARNESS.md").is_file() and (candidate / "targets").is_dir():
            return candidate
    raise LarError(
        f"expected HARNESS.md and targets/ in this folder or one above it, found neither from {folder}\n"
        "change into a checkout of lance-autoresearch and try again"
    )


def target_names(root: Path) -> list[str]:
    """Return the names of the targets that exist, sorted: folders with a pyproject.toml."""
    return sorted(path.parent.name for path in (root / "targets").glob("*/pyproject.toml"))


def find_target(root: Path, name: str) -> Target:
    """Return the target called `name`.

    Raises: LarError, with the nearest name, if there is no such target or it cannot be run.
    """
    names = target_names(root)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise LarError(f"no target named '{name}'{hint} (lar targets lists all)")
    target = Target(root, name)
    entry = f"{target.source}/run_experiment.py"
    if not (root / entry).is_file():
        raise LarError(f"target '{name}' cannot be run: expected {entry}, found no such file")
    return target
