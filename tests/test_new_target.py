"""`lar new` on the real targets: the copy works at once and nothing in it names the original."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from lance_autoresearch import cli

ROOT = Path(__file__).parents[1]
TARGETS = sorted(path.parent.name for path in (ROOT / "targets").glob("*/pyproject.toml"))


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what `lar new` reads and writes."""
    for name in ("HARNESS.md", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "docs" / "targets", tmp_path / "docs" / "targets")
    shutil.copytree(ROOT / "targets", tmp_path / "targets", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("harness-common", "referee", "loop"):  # what an import sorts beside
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("source", ["pq-l2", "hamming"])  # of two words and of one
def test_the_copy_of_a_target_is_right_at_once(workspace: Path, source: str) -> None:
    """Its baseline's algorithm passes its battery under the new name; a broken kernel exits 2."""
    assert cli.call(["new", "brand-new", "--from", source]) == 0
    package = workspace / "targets" / "brand-new" / "src" / "brand_new"
    command = [sys.executable, "-m", "brand_new.run_experiment", "--verify"]
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"target: +brand-new\ncorrectness: +pass\n", done.stdout)


@pytest.mark.parametrize("source", TARGETS)
def test_the_copy_is_wired_in_and_clean(workspace: Path, source: str) -> None:
    """Every file renamed, a member, a row, a page of headings; lint and layout as ours."""
    assert cli.call(["new", "brand-new", "--from", source]) == 0
    folder = workspace / "targets" / "brand-new"
    package = source.replace("-", "_")
    shape = {str(path.relative_to(ROOT / "targets" / source)) for path in source_files(source)}
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == {
        re.sub(rf"src/{package}/|(bench_){package}\b", lambda m: m[0].replace(package, "brand_new"), name)
        for name in shape
    }
    for path in folder.rglob("*.py"):
        named = re.search(rf"(from|import|targets/) ?({re.escape(source)}|{package})\b", path.read_text())
        assert named is None, (path, named)
    for check in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *check, "--no-cache", "targets/brand-new"]
        done = subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    members = tomllib.loads((workspace / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]["members"]
    assert "targets/brand-new" in members
    assert tomllib.loads((folder / "pyproject.toml").read_text())["project"]["name"] == "brand-new"
    assert re.search(
        r"\| \[`brand-new`\]\(docs/targets/brand-new.md\) .*\| started \|",
        (workspace / "README.md").read_text(),
    )
    page = (workspace / "docs" / "targets" / "brand-new.md").read_text()
    headings = re.findall("^## .*", (ROOT / "docs" / "targets" / f"{source}.md").read_text(), re.MULTILINE)
    assert re.findall("^## .*", page, re.MULTILINE) == headings
    assert not [
        line for line in page.splitlines() if line and not line.startswith("#") and line != "TO WRITE"
    ]


def source_files(source: str) -> list[Path]:
    """Return the files of a target that git keeps."""
    folder = ROOT / "targets" / source
    ignored = {"results.tsv", "trials", "__pycache__"}
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and not ignored & set(path.relative_to(folder).parts)
    ]
