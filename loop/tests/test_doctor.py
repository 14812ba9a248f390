"""The doctor: what it concludes from what was measured, and the command as a whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lance_autoresearch import diagnosis, machine
from lance_autoresearch.diagnosis import Finding

if TYPE_CHECKING:
    from conftest import Toy

STEADY = {
    "noise": 0.0017,
    "smallest_gain": 0.0016,
    "ratio": 1.0,
    "ratio_low": 0.99,
    "ratio_high": 1.01,
    "verdict": "discard",
}


def identical(**changes: Any) -> Finding:
    return diagnosis.check_identical({**STEADY, **changes})


@pytest.mark.parametrize(
    ("finding", "level"),
    [
        (diagnosis.check_noise(STEADY), "ok"),
        (diagnosis.check_noise({"noise": 0.05, "smallest_gain": 0.03}), "problem"),
        (diagnosis.check_noise({"noise": None, "smallest_gain": None}), "problem"),
        (identical(), "ok"),
        (identical(ratio=1.004, ratio_low=1.001, ratio_high=1.007), "note"),
        (identical(ratio=1.03, ratio_low=1.01, ratio_high=1.05), "problem"),
        (identical(verdict="keep"), "problem"),
        (identical(ratio=None, verdict="crash", reason="no such file"), "problem"),
        (diagnosis.check_cores(2), "ok"),
        (diagnosis.check_cores(1), "note"),
        (diagnosis.check_load(0.1, 2), "ok"),
        (diagnosis.check_load(0.9, 2), "note"),
        (diagnosis.check_load(2.5, 2), "problem"),
        (diagnosis.check_governor("performance"), "ok"),
        (diagnosis.check_governor(None), "ok"),
        (diagnosis.check_governor("not readable"), "ok"),
        (diagnosis.check_governor("powersave"), "note"),
        (diagnosis.check_steal(None), "ok"),
        (diagnosis.check_steal(0.001), "ok"),
        (diagnosis.check_steal(0.02), "note"),
        (diagnosis.check_steal(0.2), "problem"),
        (diagnosis.check_sandbox("landlock 5"), "ok"),
        (diagnosis.check_sandbox("unsandboxed"), "note"),
        (diagnosis.check_sandbox(None), "note"),
        (diagnosis.check_git(True), "ok"),
        (diagnosis.check_git(False), "problem"),
    ],
)
def test_each_finding_has_its_level_and_a_bad_one_a_remedy(finding: Finding, level: str) -> None:
    """What is not well says its likely cause and what to try, except for plain chance."""
    assert finding.level == level
    assert finding.seen
    assert (level == "ok") <= (finding.cause == "")
    assert (level == "problem") <= bool(finding.cause and finding.remedy)


def test_steal_is_the_eighth_number(tmp_path: Path) -> None:
    """Guest time, the ninth and tenth, is part of user time and not counted twice."""
    stat = tmp_path / "stat"
    stat.write_text("cpu  10 0 10 70 0 0 0 10 99 99\ncpu0 1 2 3\n")
    before = machine.jiffies(stat)
    stat.write_text("cpu  20 0 20 140 0 0 0 30 99 99\n")
    after = machine.jiffies(stat)
    assert before == machine.Jiffies(100, 10)
    assert machine.stolen_share(before, after) == pytest.approx(20 / 110)
    assert machine.stolen_share(before, before) is None
    assert machine.stolen_share(None, machine.jiffies(tmp_path / "none")) is None


def quiet_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "load_average", lambda: 0.0)
    monkeypatch.setattr(machine, "jiffies", lambda: None)


def test_the_command_times_two_copies_of_the_baseline(
    plain_folder: "Toy", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A quiet machine passes; the table is all there is."""
    quiet_machine(monkeypatch)
    assert plain_folder.lar("doctor") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["check", "state", "seen"]
    assert lines[2].split()[:2] == ["noise", "ok"]
    assert "0.17% per block" in lines[2]


def test_the_command_fails_on_a_problem_and_says_what_to_try(
    plain_folder: "Toy", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A busy machine exits 1."""
    quiet_machine(monkeypatch)
    monkeypatch.setattr(machine, "load_average", lambda: 99.0)
    assert plain_folder.lar("doctor", "toy") == 1
    out = capsys.readouterr().out
    assert "problem: load average" in out
    assert "try:" in out


def test_a_process_that_dies_is_an_error(plain_folder: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the command that shows more."""
    (plain_folder.root / "targets/toy/src/toy/baseline.py").write_text("# DIE\n")
    assert plain_folder.lar("doctor", "toy") == 1
    assert "try lar verify toy" in capsys.readouterr().err
