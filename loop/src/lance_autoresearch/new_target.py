"""A new target from an existing one: the folder copied and renamed, wired in, and a page to fill."""

import importlib.util
import keyword
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from lance_autoresearch.errors import LarError
from lance_autoresearch.files import replace_file
from lance_autoresearch.target_table import BEGIN, END, read_target_table
from lance_autoresearch.workspace import Target

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NOT_COPIED = shutil.ignore_patterns("results.tsv", "trials", "__pycache__", ".*")
TO_WRITE = "TO WRITE"  # what a page of a landed target may not say any more
# What stands before a name or a package that is also an English word, where it means the target.
BEFORE_NAME = r"targets/|\blar \w+ |--package |^# |^name = \"|`"
BEFORE_PACKAGE = r"\bfrom |\bimport |/src/|bench_|-m |^\"\"\"The |package=\"|import_module\(\""


def new_target(source: Target, name: str) -> Target:
    """Copy `source` to a target called `name`, which passes the same tests, and return it.

    Nothing is written unless everything can be: folder, page, row of the README, workspace member.

    Raises: LarError if the name will not do or is taken, or if a file to be changed is not as expected.
    """
    target = Target(source.root, name)
    require_free(target)
    readme, page, project = (
        source.root / path for path in ("README.md", f"docs/targets/{name}.md", "pyproject.toml")
    )
    texts = {
        page: page_to_fill(source.root / "docs" / "targets" / f"{source.name}.md", name),
        readme: with_row(readme, source.name, name),
        project: with_member(project, name),
    }
    with tempfile.TemporaryDirectory(dir=source.root, prefix=".new-") as scratch:
        copy = Path(scratch) / name
        copy_renamed(source, target, copy)
        copy.rename(source.root / "targets" / name)
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, text.encode(), Path(scratch))
    lay_out_anew(target)
    return target


def require_free(target: Target) -> None:
    """Do nothing if a target may be called so.

    Raises: LarError that says what to choose instead.
    """
    if not NAME.fullmatch(target.name) or keyword.iskeyword(target.package):
        raise LarError(
            f"expected lower-case words with hyphens between them, as in 'pq-dot', got '{target.name}'"
        )
    for path in (target.root / "targets" / target.name, target.root / f"docs/targets/{target.name}.md"):
        if path.exists():
            raise LarError(f"expected a name that is not taken, but {path} exists; choose another name")
    if importlib.util.find_spec(target.package) is not None:
        raise LarError(
            f"expected a name whose package is new, but Python has a package '{target.package}' already; "
            "choose another name"
        )


def copy_renamed(source: Target, target: Target, folder: Path) -> None:
    """Write `source`, without ledger, records and caches, into `folder` under the name of `target`."""
    original = source.root / "targets" / source.name
    shutil.copytree(original, folder, ignore=NOT_COPIED)
    for path in sorted(folder.rglob("*"), reverse=True):  # what is inside a folder before the folder
        if path.is_file():
            path.write_text(renamed(path.read_text(encoding="utf-8"), source, target), encoding="utf-8")
        stem = re.sub(rf"^(bench_|test_)?{source.package}(?=\.|$)", rf"\g<1>{target.package}", path.name)
        path.rename(path.with_name(stem))


def lay_out_anew(target: Target) -> None:
    """Sort the imports and break the lines of a renamed folder: the name may sort elsewhere and be longer.

    Raises: LarError if ruff cannot; the copy is right all the same.
    """
    for command in (["check", "--quiet", "--fix-only", "--select", "I"], ["format", "--quiet"]):
        ruff = [sys.executable, "-m", "ruff", *command, f"targets/{target.name}"]
        done = subprocess.run(ruff, cwd=target.root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LarError(f"expected ruff to lay out targets/{target.name}, got: {done.stderr.strip()}")


def renamed(text: str, source: Target, target: Target) -> str:
    """Return `text` with the name and the package of `source` replaced by those of `target`.

    A name of one word is replaced only where it means the target: `take` stays in "the ops take" and np.take.
    """
    for old, new, before in (
        (source.name, target.name, BEFORE_NAME),
        (source.package, target.package, BEFORE_PACKAGE),
    ):
        word = rf"{re.escape(old)}(?![a-zA-Z0-9])"
        if source.name == source.package:
            text = re.sub(rf"({before}){word}", rf"\g<1>{new}", text, flags=re.MULTILINE)
        else:
            text = re.sub(rf"(?<![a-zA-Z0-9]){word}", new, text)
    if source.name == source.package:
        text = re.sub(rf'(?<![\w./]){word}(?=\.\w)|(?<=, "){word}(?="\))', target.package, text)
    return text


def page_to_fill(page: Path, name: str) -> str:
    """Return a page for `name` with the headings of an existing target's `page` and nothing under them."""
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    headings = re.findall(r"^## .*$", text, re.MULTILINE)
    if not headings:
        raise LarError(f"expected headings in {page}, whose outline the new page takes; found none")
    return "\n\n".join([f"# {name}", TO_WRITE, *(f"{heading}\n\n{TO_WRITE}" for heading in headings)]) + "\n"


def with_row(readme: Path, source: str, name: str) -> str:
    """Return the README with a row for `name`: its own if it was planned, or one below that of `source`."""
    read_target_table(readme)
    text = readme.read_text(encoding="utf-8")
    table = text[text.index(BEGIN) : text.index(END)]
    lines = table.splitlines()
    planned = [line for line in lines if line.startswith(f"| `{name}` |")]
    row = next((line for line in lines if re.match(rf"\| \[?`{re.escape(source)}`", line)), None)
    if row is None:
        raise LarError(f"expected a row for `{source}` in the table of {readme}, found none")
    cells = (planned or [row])[0].strip("|").split(" | ")
    kernel, upstream = cells[1:3] if planned else (TO_WRITE, TO_WRITE)
    new = f"| [`{name}`](docs/targets/{name}.md) | {kernel} | {upstream} | started | - |"
    return text.replace(
        table, table.replace(planned[0], new) if planned else table.replace(row, f"{row}\n{new}")
    )


def with_member(project: Path, name: str) -> str:
    """Return the root pyproject.toml with the new target below the other targets among the members."""
    text = project.read_text(encoding="utf-8")
    lines = re.findall(r'^ *"targets/.*",\n', text, re.MULTILINE)
    if not lines:
        raise LarError(f'expected lines such as `"targets/pq-l2",` in the members of {project}, found none')
    text = text.replace(lines[-1], f'{lines[-1]}    "targets/{name}",\n')
    assert f"targets/{name}" in tomllib.loads(text)["tool"]["uv"]["workspace"]["members"]
    return text
