"""Ctrl-C and a second trial at the same time."""

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lance_autoresearch import process, profiling, run_folder, run_tree
from lance_autoresearch.run_folder import Settings

if TYPE_CHECKING:
    from conftest import Lar, Toy


def first_line(lar: "Lar") -> str:
    return lar.stderr.readline().strip()


@pytest.mark.parametrize("whom", ["the group, as a terminal does", "lar alone"])
def test_ctrl_c_while_measuring_leaves_everything_as_it_was(
    toy: "Toy", monkeypatch: pytest.MonkeyPatch, whom: str
) -> None:
    """Exit 130, one line, no traceback, no row, no process left."""
    monkeypatch.setattr(process, "HEARD_S", 0.1 if whom == "lar alone" else 10.0)
    text = toy.edit("# HANG\n")
    lar = toy.start("trial", "toy", "-m", "x")
    assert first_line(lar) == "player started"
    if whom == "lar alone":
        os.kill(lar.pid, signal.SIGINT)
    else:
        os.killpg(lar.pid, signal.SIGINT)
    _, err = lar.communicate()
    assert lar.returncode == 130
    seen_by_both = "interrupted: nothing was decided\n" if whom != "lar alone" else ""
    assert err == f"{seen_by_both}interrupted: nothing recorded, kernels.py untouched\n"
    assert (toy.rows(), toy.records()) == ([], [])
    assert toy.kernels.read_text() == text
    assert toy.processes() == []
    assert list((toy.root.parent / "tmp").iterdir()) == []


@pytest.mark.parametrize("command", ["profile", "doctor"])
def test_ctrl_c_ends_every_measurement_with_130(
    toy: "Toy", monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """The target's process sees it as well, as in a terminal, and says so; nobody takes that for a result."""
    monkeypatch.setattr(process, "HEARD_S", 10.0)  # a busy machine takes its time
    toy.edit("# HANG\n")
    (toy.kernels.parent / "baseline.py").write_text("# HANG\n")
    lar = toy.start(command, "toy")
    assert first_line(lar) == "player started"
    os.killpg(lar.pid, signal.SIGINT)
    out, err = lar.communicate()
    said = "interrupted: nothing was decided\n" + "interrupted\n" * (command == "doctor")
    assert (lar.returncode, out, err) == (130, "", said)


def test_ctrl_c_during_the_champion_s_profile_starts_no_agent_and_is_not_remembered(
    toy: "Toy", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--resume` takes the profile again."""
    monkeypatch.setenv("LAR_RUNS", str(tmp_path / "runs"))
    toy.edit("# HANG\n")
    toy.git("commit", "--quiet", "--all", "--message", "a kernel whose profile takes long")
    lar = toy.start("evolve", "toy", "--agent", "touch started", "--trials", "1")
    assert wait_for(lar, "player started")
    os.killpg(lar.pid, signal.SIGINT)
    _, err = lar.communicate()
    assert lar.returncode == 130
    assert "nothing is lost; go on with lar evolve toy --resume" in err
    assert list(tmp_path.glob("runs/**/profiles/*")) == []
    assert list(tmp_path.glob("runs/**/started")) == []


def test_a_profile_whose_process_was_killed_is_taken_again(
    toy: "Toy", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says nothing of the champion, as an exit code would."""
    monkeypatch.setenv("LAR_RUNS", str(tmp_path / "runs"))
    start = toy.git("rev-parse", "HEAD")
    run = run_folder.begin(toy.root, Settings("toy", "night", "claude", None, start, 45.0, 10.0))
    run_tree.ready(toy.root, run, start, print)
    codes = iter([-9, 3, 0])
    monkeypatch.setattr(profiling, "run_experiment", lambda *_, **__: next(codes))
    texts = [profiling.champion_profile(run, start) for _ in range(3)]
    assert texts == [f"no profile: it ended with exit code {code}\n" for code in (-9, 3, 3)]


def wait_for(lar: "Lar", line: str) -> bool:
    """Return whether `lar` says `line` before it ends."""
    return any(said.strip() == line for said in lar.stderr)


def test_a_polite_kill_cleans_up_too(toy: "Toy", monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor that stops lar leaves no snapshot behind."""
    monkeypatch.setattr(process, "HEARD_S", 0.1)
    toy.edit("# HANG\n")
    lar = toy.start("trial", "toy", "-m", "x")
    assert first_line(lar) == "player started"
    os.kill(lar.pid, signal.SIGTERM)
    _, err = lar.communicate()
    assert lar.returncode == 143
    assert err == "terminated: nothing recorded, kernels.py untouched\n"
    assert list((toy.root.parent / "tmp").iterdir()) == []


def test_a_second_trial_waits_says_for_whom_and_can_be_interrupted(toy: "Toy") -> None:
    """Ctrl-C ends the one that waits, not the one that runs."""
    toy.edit("# HANG\n")
    running = toy.start("trial", "toy", "-m", "x")
    assert first_line(running) == "player started"
    waiting = toy.start("trial", "toy", "-m", "y")
    assert first_line(waiting).startswith(f"waiting for the trial of process {running.pid} ")
    os.killpg(waiting.pid, signal.SIGINT)
    _, err = waiting.communicate()
    assert (waiting.returncode, err) == (130, "interrupted\n")
    assert running.poll() is None
    running.kill()
    running.communicate()


def test_a_second_trial_runs_after_the_first_with_the_text_of_then(
    toy: "Toy", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at once are two rows; the second reads kernels.py when its turn comes."""
    monkeypatch.setenv("STAND_IN_GO", str(tmp_path / "go"))
    toy.edit("# LONG KEEP\n")
    first = toy.start("trial", "toy", "-m", "first")
    assert first_line(first) == "waiting to go on"
    second = toy.start("trial", "toy", "-m", "second")
    assert first_line(second).startswith("waiting")
    toy.edit("# DISCARD\n")
    (tmp_path / "go").touch()
    first.communicate()
    second.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert [row["verdict"] for row in toy.rows()] == ["keep", "discard"]
    assert [record["candidate_text"] for record in toy.records()] == ["# LONG KEEP\n", "# DISCARD\n"]
    assert toy.kernels.read_text() == "# LONG KEEP\n"


def test_the_log_does_not_wait_for_a_trial(toy: "Toy") -> None:
    """Looking is always possible."""
    toy.edit("# HANG\n")
    running = toy.start("trial", "toy", "-m", "x")
    assert first_line(running) == "player started"
    assert toy.lar("log", "toy") == 0
    running.kill()
    running.communicate()
