"""`lar report`: the options, and the files that it writes."""

from pathlib import Path
from typing import Annotated

import typer

from lance_autoresearch.errors import LarError
from lance_autoresearch.files import replace_file
from lance_autoresearch.history import History, histories, leading
from lance_autoresearch.workspace import find_target, target_names

All = Annotated[bool, typer.Option("--all", help="Every target, and a page that lists them.")]
Output = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where to write [default: report/ in the checkout].")
]


def write_report(root: Path, name: str, output: Path | None) -> list[Path]:
    """Write the report of one target and return the paths of its page and its picture.

    Raises: LarError if nothing has been tried.
    """
    target = find_target(root, name)
    runs = histories(root, target.name)
    if not runs:
        raise LarError(
            f"expected trials of {name}, found none; begin with: lar evolve {name} --agent claude --hours 8"
        )
    return write_target(output or root / "report" / name, name, runs, home=None)


def write_all(root: Path, output: Path | None) -> list[Path]:
    """Write the reports of all targets and a page that lists them, and return the paths, that page first."""
    from lance_autoresearch.report_index import index_page

    folder = output or root / "report"
    targets = {name: histories(root, name) for name in target_names(root)}
    pages = [
        path
        for name, runs in targets.items()
        if runs
        for path in write_target(folder / name, name, runs, home="../index.html")
    ]
    return [written(folder / "index.html", index_page(targets)), *pages]


def write_target(folder: Path, name: str, runs: list[History], home: str | None) -> list[Path]:
    # Matplotlib takes a second to import, which no other command should wait for.
    from lance_autoresearch.progress_plot import picture
    from lance_autoresearch.report_page import course_of, target_page

    page = written(folder / "report.html", target_page(name, runs, home))
    return [page, written(folder / "progress.png", picture(course_of(leading(runs)), "png"))]


def written(path: Path, content: str | bytes) -> Path:
    """Make `path` hold `content`, whole or not at all, and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Half of a surrogate pair may stand in a kernel that is not UTF-8, and no file takes it.
    replace_file(
        path, content if isinstance(content, bytes) else content.encode("utf-8", "replace"), path.parent
    )
    return path
