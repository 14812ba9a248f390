"""The ledger: one line per trial, whatever the text, and whatever a kill left."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lance_autoresearch import ledger
from lance_autoresearch.errors import LarError

if TYPE_CHECKING:
    from conftest import Toy

RECORD = {"id": "1", "timestamp": "2026-01-02T03:04:05Z", "hypothesis": "h", "verdict": "discard"}


def row(trial: str) -> ledger.Row:
    return ledger.row_of({**RECORD, "id": trial}, "0123456789abcdef", kept=False)


@given(st.text(), st.text())
def test_any_text_fits_one_cell(hypothesis: str, reason: str) -> None:
    """No hypothesis and no reason can break a line or add a column."""
    made = ledger.row_of({**RECORD, "hypothesis": hypothesis, "reason": reason}, "0" * 40, kept=False)
    line = "\t".join(made.values())
    assert len(line.splitlines()) == 1
    assert line.count("\t") == len(ledger.COLUMNS) - 1
    assert all(cell.isprintable() and cell for cell in made.values())


def test_missing_values_are_dashes() -> None:
    """A trial that was not timed has no number that could be read as one."""
    made = row("1")
    assert {made[name] for name in ("geomean_ns", "worst_combo", "ratio", "seed", "correctness")} == {"-"}


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    """Header first, then one line each."""
    path = tmp_path / "results.tsv"
    for trial in "abc":
        ledger.append(path, row(trial))
    assert ledger.read_rows(path) == [row(trial) for trial in "abc"]
    assert path.read_text().startswith(ledger.HEADER)
    assert not ledger.repair(path)


@pytest.mark.parametrize("kept_bytes", [0, 1, len(ledger.HEADER) - 1])
def test_a_torn_header_is_cut_off(tmp_path: Path, kept_bytes: int) -> None:
    """The first write of all may be torn too."""
    path = tmp_path / "results.tsv"
    path.write_text(ledger.HEADER[:kept_bytes])
    assert ledger.read_rows(path) == []
    assert ledger.repair(path) == (kept_bytes > 0)
    ledger.append(path, row("a"))
    assert ledger.read_rows(path) == [row("a")]


def test_a_torn_row_is_rebuilt_from_its_record(toy: "Toy") -> None:
    """At every length, the next command makes the ledger what it was."""
    for word in ("DISCARD", "KEEP"):
        toy.edit(f"# {word}\n")
        toy.lar("trial", "toy", "-m", word)
    whole = toy.target.ledger.read_bytes()
    last = len(whole.splitlines(keepends=True)[-1])
    for torn in (1, 2, last // 2, last - 1, last):
        toy.target.ledger.write_bytes(whole[:-torn])
        assert toy.lar("log", "toy") == 0
        assert toy.target.ledger.read_bytes() == whole


def test_a_reader_ignores_a_torn_row(tmp_path: Path) -> None:
    """A row that is being written is not half-read."""
    path = tmp_path / "results.tsv"
    ledger.append(path, row("a"))
    whole = path.read_text()
    path.write_text(whole + "0123\t2026")
    assert ledger.read_rows(path) == [row("a")]


@pytest.mark.parametrize(("text", "message"), [("a\tb\n", "expected the columns"), (None, "line 2, got 2")])
def test_a_foreign_file_is_an_error(tmp_path: Path, text: str | None, message: str) -> None:
    """Somebody's own table is not appended to."""
    path = tmp_path / "results.tsv"
    path.write_text(text or ledger.HEADER + "a\tb\n")
    with pytest.raises(LarError, match=message):
        ledger.read_rows(path)
