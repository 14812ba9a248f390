"""Ctrl-C and a second trial at the same time."""

import os
import signal
import time
from typing import IO, TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess

    from conftest import Toy


def first_line(lar: "subprocess.Popen[str]") -> str:
    stream: IO[str] | None = lar.stderr
    assert stream is not None
    return stream.readline().strip()


@pytest.mark.parametrize("whom", ["the group, as a terminal does", "lar alone"])
def test_ctrl_c_while_measuring_leaves_everything_as_it_was(toy: "Toy", whom: str) -> None:
    """Exit 130, one line, no traceback, no row, no process left."""
    text = toy.edit("# HANG\n")
    lar = toy.start("trial", "toy", "-m", "x")
    assert first_line(lar) == "player started"
    if whom == "lar alone":
        os.kill(lar.pid, signal.SIGINT)
    else:
        os.killpg(lar.pid, signal.SIGINT)
    _, err = lar.communicate(timeout=10)
    assert lar.returncode == 130
    assert err == "interrupted: nothing recorded, kernels.py untouched\n"
    assert (toy.rows(), toy.records()) == ([], [])
    assert toy.kernels.read_text() == text
    assert toy.processes() == []
    assert list((toy.root.parent / "tmp").iterdir()) == []


def test_a_polite_kill_cleans_up_too(toy: "Toy") -> None:
    """A supervisor that stops lar leaves no snapshot behind."""
    toy.edit("# HANG\n")
    lar = toy.start("trial", "toy", "-m", "x")
    assert first_line(lar) == "player started"
    lar.terminate()
    _, err = lar.communicate(timeout=10)
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
    _, err = waiting.communicate(timeout=10)
    assert (waiting.returncode, err) == (130, "interrupted\n")
    assert running.poll() is None
    running.kill()
    running.communicate()


def test_a_second_trial_runs_after_the_first_with_the_text_of_then(toy: "Toy") -> None:
    """Two at once are two rows; the second reads kernels.py when its turn comes."""
    toy.edit("# LONG KEEP\n")
    first = toy.start("trial", "toy", "-m", "first")
    while not (toy.target.trials / ".judging").exists():
        time.sleep(0.01)
    second = toy.start("trial", "toy", "-m", "second")
    assert first_line(second).startswith("waiting")
    toy.edit("# DISCARD\n")
    assert first.communicate(timeout=20) is not None
    assert second.communicate(timeout=20) is not None
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
