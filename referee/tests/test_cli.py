"""Exit codes, the block and the JSON document of a target's command line, on the toy target."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from referee import cli, machine, machine_lock, trial
from referee.workload import Experiment


@pytest.fixture
def lar(
    toy: Experiment,
    honest: str,
    source_paths: Sequence[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., int]:
    """Return a function that calls the command line on a kernel text and returns its exit code."""
    (source_paths[0] / "toy" / "baseline.py").write_text(honest)
    monkeypatch.syspath_prepend(str(source_paths[0]))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(machine, "pin_referee", lambda: (None, frozenset()))

    def call(text: str, *options: str) -> int:
        candidate = tmp_path / "candidate.py"
        candidate.write_text(text, encoding="utf-8", errors="surrogateescape")
        monkeypatch.setattr(sys, "argv", ["toy", "--candidate", str(candidate), *options])
        with pytest.raises(SystemExit) as caught:
            cli.main(toy)
        return int(caught.value.code or 0)

    return call


@pytest.mark.parametrize(
    ("change", "code", "line"),
    [
        pytest.param(lambda text: text, 0, "correctness:", id="right"),
        pytest.param(lambda text: text.replace("* self", "+ self"), 2, "fail", id="wrong"),
        pytest.param(lambda text: text + "\n1 / 0\n", 1, "crash", id="crashes"),
        pytest.param(lambda text: "import os\n" + text, 1, "rejected", id="refused"),
        pytest.param(lambda text: "def broken(:", 1, "syntax: kernels.py:1", id="does not parse"),
        pytest.param(lambda text: "# \udcff", 1, "syntax: kernels.py:1", id="is not text"),
    ],
)
def test_the_exit_code_says_what_happened(
    change: Callable[[str], str],
    code: int,
    line: str,
    lar: Callable[..., int],
    honest: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """0 right, 2 wrong, 1 anything else, and the block says more."""
    assert lar(change(honest), "--verify") == code
    out = capsys.readouterr().out
    assert out.startswith("---\n")
    assert line in out


@pytest.mark.parametrize(
    "options",
    [["--nonsense"], ["--seed", "x"], ["--seed", "-1"], ["--blocks", "0"], ["--opponent", "/no/such/file"]],
)
def test_wrong_usage_exits_with_64(
    options: list[str], lar: Callable[..., int], honest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """2 always means a wrong kernel; a mistyped option is no kernel at all."""
    assert lar(honest, *options) == 64
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err


def test_the_document_goes_to_stdout_and_to_a_file(
    lar: Callable[..., int], honest: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--json and --save give the same whole document; the seed asked for is the seed used."""
    saved = tmp_path / "result.json"
    options = ("--verify", "--json", "--seed", str(2**64 - 1), "--save", str(saved))
    assert lar(honest, *options) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found == json.loads(saved.read_text())
    assert (found["seed"], found["correctness"], found["cases_checked"]) == (2**64 - 1, "pass", 3)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".result")] == []


def test_a_trial_over_its_budget_exits_with_3(
    lar: Callable[..., int], honest: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Past the time budget there is no verdict on half the data."""
    monkeypatch.setattr(cli, "TIME_BUDGET_SECS", -1.0)
    assert lar(honest, "--verify") == 3
    assert "timeout" in capsys.readouterr().out


def test_the_wait_for_another_trial_is_not_this_ones_time(
    lar: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waited does not look slow."""
    free = machine_lock.wait_for

    def wait_long(descriptor: int, say: Callable[[str], None]) -> None:
        time.sleep(2.0)
        free(descriptor, say)

    monkeypatch.setattr(machine_lock, "wait_for", wait_long)
    assert lar("import os\n", "--json") == 1
    assert json.loads(capsys.readouterr().out)["total_seconds"] < 2.0


def test_ctrl_c_exits_with_130_and_decides_nothing(
    lar: Callable[..., int], honest: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on stderr, no block, no traceback, and the machine is free for the next."""

    def interrupted(*arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(trial, "run", interrupted)
        assert lar(honest) == 130
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "interrupted: nothing was decided\n")
    assert lar(honest, "--verify") == 0


def test_help_fits_a_screen_and_shows_an_example(
    lar: Callable[..., int], honest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """-h: at most 30 lines, one example that can be typed."""
    assert lar(honest, "-h") == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) <= 30
    assert "python -m toy.run_experiment --seed 7" in out
