"""The folders are what the documents say, for every target."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TARGETS = sorted(path.parent.name for path in ROOT.glob("targets/*/pyproject.toml"))
SOURCES = sorted(
    path
    for folder in ("harness-common", "referee", "loop", "targets")
    for path in (ROOT / folder).rglob("src/**/*.py")
)


def table_rows() -> dict[str, list[str]]:
    """Return the cells of each row of the README's target table."""
    text = (ROOT / "README.md").read_text()
    table = text.split("<!-- targets:begin -->")[1].split("<!-- targets:end -->")[0]
    rows = [[cell.strip() for cell in line.strip("|\n ").split("|")] for line in table.strip().splitlines()]
    return {re.sub(r"[\[\]`]|\(.*\)", "", row[0]): row for row in rows[2:]}


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_has_every_file(target: str) -> None:
    """The same file names everywhere, so that who knows one target knows all."""
    package = ROOT / "targets" / target / "src" / target.replace("-", "_")
    names = ["__init__", "kernels", "baseline", "reference", "inputs", "prepare", "run_experiment"]
    for path in [package / f"{name}.py" for name in names]:
        assert path.is_file(), path
    for name in ("pyproject.toml", "program.md", "benches", "tests"):
        assert (ROOT / "targets" / target / name).exists(), name
    assert (ROOT / "docs" / "targets" / f"{target}.md").is_file()


def test_the_table_says_which_targets_have_landed() -> None:
    """A `candidate` has no folder yet, a `started` one has, and a `landed` one has a figure as well."""
    rows = table_rows()
    assert {row[3] for row in rows.values()} <= {"landed", "started", "candidate"}
    assert {name for name, row in rows.items() if row[3] != "candidate"} == set(TARGETS)
    for name, row in rows.items():
        assert bool(re.search(r"\d", row[4])) == (row[3] == "landed"), name


def test_a_landed_target_has_nothing_left_to_write() -> None:
    """Neither its row nor its page is as `lar new` made them."""
    for name, row in table_rows().items():
        if row[3] == "landed":
            assert "TO WRITE" not in " ".join(row)
            assert "TO WRITE" not in (ROOT / "docs" / "targets" / f"{name}.md").read_text()


def test_every_target_says_what_it_does_in_words_of_its_own() -> None:
    """No description is left over from the target that was copied."""
    projects = [tomllib.loads((ROOT / "targets" / t / "pyproject.toml").read_text()) for t in TARGETS]
    assert len({project["project"]["description"] for project in projects}) == len(TARGETS)


def test_every_member_is_in_the_workspace_and_every_dependency_is_pinned() -> None:
    """One exact version of everything we name; lock files are not committed."""
    root = tomllib.loads((ROOT / "pyproject.toml").read_text())
    members = root["tool"]["uv"]["workspace"]["members"]
    assert sorted(members) == sorted(
        ["harness-common", "referee", "loop", *(f"targets/{t}" for t in TARGETS)]
    )
    pinned = {pin.split("==")[0] for pin in root["tool"]["uv"]["constraint-dependencies"]}
    named = list(root["dependency-groups"]["dev"])
    ours = set()
    for member in members:
        package = tomllib.loads((ROOT / member / "pyproject.toml").read_text())
        ours.add(package["project"]["name"])
        named += package["project"]["dependencies"]
        named += [name for group in package.get("dependency-groups", {}).values() for name in group]
    assert {name for name in named if name not in ours} <= pinned
    assert "*.lock" in (ROOT / ".gitignore").read_text().split()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_holds_one_idea(path: Path) -> None:
    """No file is over 400 lines, none is a drawer for all, each says what it is.

    A kernel is one text, as the policy demands, so `kernels.py` and `baseline.py` may be longer.
    """
    text = path.read_text()
    assert path.name in ("kernels.py", "baseline.py") or len(text.splitlines()) <= 400
    assert path.stem not in ("utils", "helpers", "common", "base", "misc")
    assert text.startswith('"""')


def test_documents_link_to_what_exists() -> None:
    """Every relative link of every Markdown file leads somewhere."""
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("targets/*/*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page}: {link}"


def test_claude_reads_what_every_agent_reads() -> None:
    """One source for all agents."""
    assert (ROOT / "CLAUDE.md").read_text() == "@AGENTS.md\n"


def test_the_figures_are_measured_and_name_their_commands() -> None:
    """What stands between the markers was measured, and can be measured again."""
    page = (ROOT / "docs" / "measurement.md").read_text()
    figures = page.split("<!-- figures:begin -->")[1].split("<!-- figures:end -->")[0]
    for command in ("lar run pq-l2", "lar trial pq-l2", "referee.error_rates pq_l2", "pytest"):
        assert command in figures
    assert len(re.findall(r"\d+(?:\.\d+)? (?:s|%)", figures)) >= 8
