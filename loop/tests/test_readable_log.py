"""What a ratio means in words, and the ledger as a table."""

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lance_autoresearch import ledger
from lance_autoresearch.log_command import is_run
from lance_autoresearch.report import brief, change, report_line
from lance_autoresearch.run_folder import RunFolder

if TYPE_CHECKING:
    from conftest import Toy


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (("0.9259", "0.9174", "0.9346"), "1.08x faster (1.07x to 1.09x)"),
        (("1.0500", "1.0300", "1.0700"), "1.05x slower (1.03x to 1.07x)"),
        (("0.9900", "0.9700", "1.0100"), "no clear difference"),
        (("0.9900", "0.9700", "1.0000"), "no clear difference"),
        (("-", "-", "-"), "-"),
    ],
)
def test_a_ratio_in_words(ratio: tuple[str, str, str], words: str) -> None:
    """An interval that holds 1 claims nothing."""
    assert change(*ratio) == words


@pytest.mark.parametrize("verdict", ["rejected", "fail", "crash", "timeout"])
def test_a_trial_that_was_stopped_has_no_result(verdict: str) -> None:
    """Whatever its clock said before."""
    row = dict.fromkeys(ledger.COLUMNS, "0.9") | {"verdict": verdict, "timestamp": "2026-11-23T00:00:00Z"}
    assert report_line(row)[2] == "-"
    assert report_line(row | {"verdict": "discard"})[2] == "1.11x faster (1.11x to 1.11x)"


def test_the_log_in_a_pipe_is_plain(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """One line per trial under a dashed header; of a long description, both hypothesis and reason are cut."""
    long = "a hypothesis " * 20
    for word in ("KEEP", "FAIL"):
        toy.edit(f"# {word}\n")
        toy.lar("trial", "toy", "-m", long)
    capsys.readouterr()
    assert toy.lar("log", "toy") == 0
    title, dashes, kept, failed = capsys.readouterr().out.splitlines()
    assert title.split()[:4] == ["time", "(UTC)", "verdict", "change"]
    assert set(dashes) == {"-", " "}
    assert "1.09x faster (1.08x to 1.10x)" in kept
    assert kept.endswith("a hypothesis a hypothesis ...")
    assert failed.endswith(" a ... [the stand-in was told to fail]")
    assert max(len(line) for line in (kept, failed)) < 260


def test_a_description_is_cut_where_it_is_long() -> None:
    """What fits stays; a long hypothesis leaves room for the reason, and a short reason leaves it more."""
    assert brief("shorter [no gain of 1%: ratio 1.0]") == "shorter [no gain of 1%: ratio 1.0]"
    long = brief(f"{'word ' * 100}[{'why ' * 100}]")
    assert len(long) <= 160
    assert long.count("word") > 15
    assert long.count("why") > 10
    assert brief("word " * 100 + "[no]").endswith("word word ... [no]")
    assert len(brief("word " * 100)) <= 160


def test_the_log_in_a_checkout_names_the_runs_of_the_night(
    toy: "Toy", made_night: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """They have ledgers of their own, which it shows by name; a run's own agent is told of no other."""
    assert toy.lar("log", "toy") == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert (
        "no trials in this checkout; trials of unattended runs: night (8); see: lar log toy --run night"
        in err
    )
    assert toy.lar("log", "toy", "--run", "night") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2 + 8
    assert toy.lar("log", "toy", "--run", "other") == 1
    assert is_run(made_night.target.root)
    assert not is_run(toy.root)


def test_the_log_on_a_terminal_fits_its_width(toy: "Toy") -> None:
    """Long descriptions wrap inside their column."""
    toy.edit("# KEEP [bold]\n")
    toy.lar("trial", "toy", "-m", "[bold]not markup[/bold] " + "word " * 30)
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb"}
    command = [sys.executable, "-m", "lance_autoresearch", "log", "toy"]
    subprocess.run(command, stdout=theirs, check=True, env=environment)
    os.close(theirs)
    out = os.read(ours, 65536).decode()
    os.close(ours)
    assert max(len(line) for line in out.splitlines()) <= 100
    assert "[bold]" in out


def test_the_log_as_json_has_numbers_and_nulls(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """A program reads it without parsing cells."""
    toy.edit("# FAIL\n")
    toy.lar("trial", "toy", "-m", "x")
    capsys.readouterr()
    assert toy.lar("log", "toy", "--json") == 0
    [row] = json.loads(capsys.readouterr().out)
    assert (row["geomean_ns"], row["ratio"], row["keep"]) == (1234.6, None, False)
    assert row["seed"] == toy.records()[0]["seed"]


def test_an_empty_log_says_how_to_begin(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """Stdout stays empty, or an empty list."""
    assert toy.lar("log", "toy") == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "lar trial toy -m" in err
    assert toy.lar("log", "toy", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
