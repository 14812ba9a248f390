"""The command line: what is passed on, what is refused, and how."""

import json
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Toy

WRONG = (
    ["nope"],
    ["run"],
    ["run", "toy", "more"],
    ["run", "toy", "--speed", "1"],
    ["run", "toy", "--seed", "x"],
    ["run", "toy", "--seed", "-1"],
    ["run", "toy", "--blocks", "0"],
    ["trial", "toy"],
    ["new", "toy-two"],
    ["new", "--from", "toy"],
    ["trial", "toy", "-m"],
    ["trial", "toy", "-m", "  "],
    ["--nope"],
)
PASSED_ON = (("KEEP", 0), ("DISCARD", 0), ("FAIL", 2), ("TIMEOUT", 3), ("CRASH", 1))


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage_exits_64(toy: "Toy", arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """So that 2 always means a wrong kernel; one line says what was wrong."""
    toy.edit("# KEEP\n")
    assert toy.lar(*arguments) == 64
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines()), err[:7]) == ("", 1, "error: ")
    assert "--help" in err


@pytest.mark.parametrize("command", ["", "targets", "run", "verify", "trial", "log", "new", "doctor"])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_fits_a_screen_and_has_an_example(
    toy: "Toy", command: str, flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twenty-four lines of eighty columns."""
    assert toy.lar(*command.split(), flag) == 0
    out = capsys.readouterr().out
    assert f"Example: lar {command}" in out
    assert len(out.splitlines()) <= 24


def test_the_version_is_that_of_the_package(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """Alone on a line, before any command."""
    assert toy.lar("--version") == 0
    assert capsys.readouterr().out == f"lar {version('lance-autoresearch')}\n"


def test_no_command_shows_the_help(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """The first thing anyone types is an answer."""
    assert toy.lar() == 0
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize(("word", "exit_code"), PASSED_ON)
@pytest.mark.parametrize("command", ["run", "verify"])
def test_run_and_verify_pass_the_exit_code_on_and_record_nothing(
    plain_folder: "Toy", command: str, word: str, exit_code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither needs git, and neither touches a file."""
    text = plain_folder.edit(f"# {word}\n")
    assert plain_folder.lar(command, "toy") == exit_code
    assert capfd.readouterr().out.startswith(f"---\nverdict: {word.lower()}\nseed: ")
    assert plain_folder.kernels.read_text() == text
    assert not plain_folder.target.trials.exists()


def test_options_reach_the_process(plain_folder: "Toy", capfd: pytest.CaptureFixture[str]) -> None:
    """Seed, blocks and the JSON document."""
    assert plain_folder.lar("run", "toy", "--seed", "5", "--blocks", "3", "--json") == 0
    document = json.loads(capfd.readouterr().out)
    assert (document["seed"], document["blocks"], document["verify"]) == (5, 3, False)
    assert document["opponent_text"] == "# the yardstick\n"
    assert document["judged_in"] == str(plain_folder.root / "targets/toy")
    assert plain_folder.lar("verify", "toy", "--seed", "6", "--json") == 0
    document = json.loads(capfd.readouterr().out)
    assert (document["seed"], document["verify"]) == (6, True)


@pytest.mark.parametrize("command", [["run"], ["verify"], ["log"], ["doctor"], ["trial", "-m", "x"]])
def test_an_unknown_target_gets_the_nearest_name(
    toy: "Toy", command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever a target is named."""
    assert toy.lar(*command, "toys") == 1
    assert (
        capsys.readouterr().err
        == "error: no target named 'toys'; did you mean 'toy'? (lar targets lists all)\n"
    )


def test_a_target_that_is_only_planned_cannot_be_run(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """A folder without run_experiment.py names the file that is missing."""
    (toy.root / "targets/pq-l2").mkdir()
    (toy.root / "targets/pq-l2/pyproject.toml").write_text("")
    assert toy.lar("run", "pq-l2") == 1
    assert "expected targets/pq-l2/src/pq_l2/run_experiment.py" in capsys.readouterr().err


def test_outside_a_workspace_is_an_error(
    toy: "Toy", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what marks a workspace."""
    monkeypatch.chdir("/")
    assert toy.lar("log", "toy") == 1
    assert "expected HARNESS.md and targets/" in capsys.readouterr().err


def test_works_from_any_folder_of_the_workspace(
    toy: "Toy", monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """An agent that stands in the target's folder is at home."""
    monkeypatch.chdir(toy.kernels.parent)
    assert toy.lar("run", "toy") == 0
    toy.edit("# KEEP\n")
    assert toy.lar("trial", "toy", "-m", "x") == 0


def test_a_reader_that_leaves_is_not_an_error_message(toy: "Toy") -> None:
    """`lar log toy | head -0` prints no traceback."""
    toy.edit("# KEEP\n")
    toy.lar("trial", "toy", "-m", "x")
    command = f"{sys.executable} -m lance_autoresearch log toy | true"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""


def test_targets_prints_the_table_of_the_readme(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """Links and code marks are gone, numbers stand right, titles are underlined."""
    assert toy.lar("targets") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Target  Kernel  Upstream  Status     Baseline geomean",
        "------  ------  --------  ------     ----------------",
        "toy     a | b   lance     live                 1.2 us",
        "next    c       -         candidate                 -",
    ]


@pytest.mark.parametrize("text", ["no table", "<!-- targets:begin -->\n<!-- targets:end -->\n"])
def test_a_readme_without_the_table_is_an_error(
    toy: "Toy", text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The markers are named."""
    (toy.root / "README.md").write_text(text)
    assert toy.lar("targets") == 1
    assert "<!-- targets:begin -->" in capsys.readouterr().err
