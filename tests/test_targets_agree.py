"""The README's table, `lar targets`, the pages and the code say the same of every target that has landed."""

import importlib
import itertools
import re
from pathlib import Path

import pytest

from lance_autoresearch import cli

ROOT = Path(__file__).parents[1]
SECTIONS = ["What is optimised", "Upstream", "Baseline", "Oracle", "Workload", "Peers", "Headroom", "Status"]


def plain(cell: str) -> str:
    """Return a cell without marks of Markdown and links."""
    return re.sub(r"\[?`([^`]*)`\]?(\([^)]*\))?", r"\1", cell)


def table() -> list[list[str]]:
    """Return the cells of the README's table, the heading's first, without the rule below it."""
    text = (ROOT / "README.md").read_text()
    lines = text.split("<!-- targets:begin -->")[1].split("<!-- targets:end -->")[0].strip().splitlines()
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    return [rows[0], *rows[2:]]


HEADING, *CELLS = table()
ROWS = {plain(cells[0]): dict(zip(HEADING, cells, strict=True)) for cells in CELLS}
LANDED = [name for name, row in ROWS.items() if row["Status"] == "landed"]


def sections(target: str) -> dict[str, str]:
    """Return the text under each heading of a target's page."""
    parts = re.split(r"^## ", page(target), flags=re.MULTILINE)[1:]
    return dict(part.split("\n", 1) for part in parts)


def page(target: str) -> str:
    """Return a target's page."""
    return (ROOT / "docs" / "targets" / f"{target}.md").read_text()


def combos(target: str) -> set[tuple[str, str]]:
    """Return the (shape, distribution) pairs that a target times."""
    inputs = importlib.import_module(f"{target.replace('-', '_')}.inputs")
    if hasattr(inputs, "COMBOS"):
        return {(shape, distribution) for shape, distribution, *_ in inputs.COMBOS}
    return set(itertools.product(inputs.SHAPES, inputs.DISTRIBUTIONS))


def test_the_thirteen_kernels_of_the_mission_have_landed() -> None:
    """Each is in the table once, with a figure; others may stand beside them."""
    assert len(CELLS) == len(ROWS)
    assert set(LANDED) >= {
        *("pq-l2", "pq-cosine", "pq-dot", "hamming", "ivf-partition", "fts-bm25", "bitpack", "dictionary"),
        *("fsst", "take", "predicate", "posting-intersect", "topk-merge"),
    }
    for target in LANDED:
        assert re.fullmatch(r"[1-9][\d,]* µs", ROWS[target]["Baseline geomean"]), target


def test_lar_targets_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Row for row and cell for cell, marks of Markdown aside, on a pipe."""
    assert cli.call(["targets"]) == 0
    heading, rule, *lines = capsys.readouterr().out.splitlines()
    assert set(rule) == {"-", " "}
    starts = [match.start() for match in re.finditer("-+", rule)]
    printed = [
        [line[start:end].strip() for start, end in zip(starts, [*starts[1:], None], strict=True)]
        for line in (heading, *lines)
    ]
    assert printed == [[plain(cell) for cell in cells] for cells in (HEADING, *CELLS)]


@pytest.mark.parametrize("target", LANDED)
def test_a_page_agrees_with_its_row(target: str) -> None:
    """The link leads to it, and it names the same target, upstream file, state and figure."""
    assert ROWS[target]["Target"] == f"[`{target}`](docs/targets/{target}.md)"
    assert page(target).splitlines()[0] == f"# {target}"
    assert ROWS[target]["Upstream"].strip("`") in sections(target)["Upstream"]
    state = f"Landed: the baseline takes {ROWS[target]['Baseline geomean']} per op, the geomean of "
    assert sections(target)["Status"].strip().startswith(state)


@pytest.mark.parametrize("target", LANDED)
def test_a_page_has_every_section(target: str) -> None:
    """In the same order everywhere, each with something in it."""
    assert list(sections(target)) == SECTIONS
    assert all(len(text.split()) >= 10 for text in sections(target).values())


@pytest.mark.parametrize("target", LANDED)
def test_a_page_and_a_program_name_all_that_is_timed(target: str) -> None:
    """At least three shapes and three distributions, each by the name that the code gives it."""
    timed = combos(target)
    shapes, distributions = map(set, zip(*timed, strict=True))
    assert len(shapes) >= 3
    assert len(distributions) >= 3
    program = (ROOT / "targets" / target / "program.md").read_text()
    for name in (*shapes, *distributions):  # alone, or in a combo, distribution/shape
        named = re.compile(rf"`([^`\n]*/)?{re.escape(name)}(/[^`\n]*)?`")
        assert named.search(sections(target)["Workload"]), name
        assert named.search(program), name
    assert f"the geomean of {len(timed)} combos" in sections(target)["Status"]
