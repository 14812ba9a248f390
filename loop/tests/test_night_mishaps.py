"""Nights in which something goes wrong by nobody's misdeed: a provider's limit, a program that is away."""

import shlex
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lance_autoresearch import agent_process, budget, evolve, journal, run_folder
from lance_autoresearch.agents import launch
from lance_autoresearch.errors import Interrupted, LarError
from lance_autoresearch.journal import Step

if TYPE_CHECKING:
    from conftest import Toy

KERNELS = "targets/toy/src/toy/kernels.py"
LAR = f"{shlex.quote(sys.executable)} -m lance_autoresearch"
AMEND = "git -c user.name=a -c user.email=a@b commit -q --amend --no-edit -a"

Night = Callable[..., list[Step]]


@pytest.fixture
def night(toy: "Toy", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    """Return a function that runs `lar evolve` with an agent whose turns are shell scripts."""
    monkeypatch.setenv("LAR_RUNS", str(tmp_path / "runs"))

    def run(turns: list[str], *options: str, expected: int = 0) -> list[Step]:
        for number, does in enumerate(turns, start=1):
            (tmp_path / f"{number:04d}.sh").write_text(f"cd $2\n{does}\n")
        script = shlex.quote(f". {tmp_path}/$(basename $(dirname $1)).sh")
        agent = f"sh -c {script} . {{prompt_file}} {{workdir}}"
        assert toy.lar("evolve", "toy", "--agent", agent, "--tag", "night", *options) == expected
        return journal.read_steps(run_folder.found(toy.root, "toy").journal)

    return run


def test_turns_that_fail_at_once_are_tried_again_after_pauses(
    night: Night, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A provider's limit, and a program that replaces itself, do not end the night."""
    starts = iter(["there", "there", "away", "there"])

    def launch_if_there(*asked: Any, **more: Any) -> Any:
        if next(starts) == "away":
            raise LarError("expected the command 'sh' on the PATH, found none")
        return launch(*asked, **more)

    monkeypatch.setattr(evolve, "launch", launch_if_there)
    limit = "echo hit your limit; exit 1"
    steps = night(
        [limit, limit, "", f"echo \"x = 'KEEP'\" > {KERNELS}"], "--trials", "1", "--budget-usd", "1"
    )
    assert [step.ended["outcome"] for step in steps] == ["nothing", "nothing", "not started", "kept"]
    err = capsys.readouterr().err
    assert err.count("that turn failed at once, see ") == 3
    assert "steps/0001/output.log; the next one begins in 0 s" in err


def test_a_pause_that_would_use_up_the_hours_ends_the_night(
    night: Night, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what the agent said last and where; what passed before the turn counts against the hours."""

    def slow(*_: object) -> str:
        time.sleep(0.2)
        return "a profile"

    monkeypatch.setattr(evolve, "champion_profile", slow)
    monkeypatch.setattr(budget, "PAUSES_S", (1800.0,))
    (step,) = night(["exit 1"], "--hours", "0.5")
    assert 0.2 <= step.began["prepared_s"] < 100
    reason = capsys.readouterr().out.splitlines()[0]
    assert "stopped: the last turn failed at once, and a pause of 30 min would use up the hours" in reason
    assert "; the last one: nothing to measure: kernels.py was left as it was; " in reason
    assert reason.endswith("steps/0001/output.log")


def test_a_pause_can_be_interrupted(
    night: Night, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At once, and the run goes on with `--resume`."""

    def stop(*_: object) -> None:
        raise Interrupted("interrupted", 130)

    monkeypatch.setattr(budget, "PAUSES_S", (60.0,))
    real = budget.pause_s

    def alarmed(so_far: budget.Spent) -> float:
        if so_far.failed_in_a_row:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
        return real(so_far)

    monkeypatch.setattr(evolve, "pause_s", alarmed)
    before = signal.signal(signal.SIGALRM, stop)
    try:
        assert len(night(["exit 1"], expected=130)) == 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert "nothing is lost; go on with lar evolve toy --resume --tag night" in capsys.readouterr().err


def test_a_full_disk_says_how_to_go_on(
    night: Night, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever ends the night early."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(evolve, "take_turn", full)
    assert night([], expected=1) == []
    err = capsys.readouterr().err
    assert "No space left on device\nnothing is lost; go on with lar evolve toy --resume --tag night" in err


@dataclass
class Silence:
    """A clock by which more than a stall passes with each of three looks at an agent whose referee works.

    go  the file that this referee waits for
    """

    go: Path
    looks: int = 0

    def monotonic(self) -> float:
        return time.monotonic() + 700.0 * self.looks

    def sleep(self, wait_s: float) -> None:
        time.sleep(wait_s)
        if self.looks == 3:
            self.go.touch()
        elif evolve.referee_is_running():
            self.looks += 1


def test_an_agent_that_waits_for_lar_verify_is_not_stalled(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which waits for the trials of other nights, in silence."""
    clock = Silence(tmp_path / "go")
    monkeypatch.setattr(agent_process, "time", clock)
    waits = (
        f"sh -c 'until [ -e {clock.go} ] || [ $((n=n+1)) = 6000 ]; do sleep 0.01; done' toy.run_experiment"
    )
    (step,) = night([f"{waits}; echo \"x = 'KEEP'\" > {KERNELS}"], "--trials", "1")
    assert (step.turn["reason"], step.ended["outcome"], clock.looks) == ("ended", "kept", 3)


def test_a_good_kernel_is_not_lost_with_a_bad_commit(toy: "Toy", night: Night) -> None:
    """What was refused for another file, or kept and then taken back, is tried again, and told."""

    def tries(text: str) -> str:
        return f"echo \"x = 'KEEP {text}'\" > {KERNELS}; {LAR} trial toy -m own"

    turns = [
        f"echo x > README.md; {tries('one')}; git checkout -q README.md",
        f"{tries('two')}; echo x > README.md; {AMEND}",
        f"echo \"x = 'KEEP two'\" > {KERNELS}",
        f"{tries('four')}; echo x > README.md",
    ]
    steps = night(turns, "--trials", "5")
    assert [step.ended["outcome"] for step in steps] == ["kept", "outside", "kept", "outside"]
    assert [step.ended["kept"] for step in steps] == [[False, True], [False], [True], [True]]
    assert "so did README.md; before that, kept: the stand-in was told to keep" in steps[3].ended["told"]
    assert toy.git("show", f"autoresearch/toy/night:{KERNELS}") == "x = 'KEEP four'"


def test_a_target_that_is_not_committed_uses_no_tag_up(
    toy: "Toy", night: Night, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a page that is missing is named."""
    shutil.copytree(toy.root / "targets/toy", toy.root / "targets/fresh")
    (toy.root / "targets/fresh/src/toy").rename(toy.root / "targets/fresh/src/fresh")
    asked = ("--agent", "sh {prompt_file} {workdir}", "--tag", "night")
    assert toy.lar("evolve", "fresh", *asked) == 1
    assert "commit the target first: git add targets/fresh && git commit" in capsys.readouterr().err
    toy.git("rm", "--quiet", "targets/toy/program.md")
    toy.git("commit", "--quiet", "--message", "no page")
    assert toy.lar("evolve", "toy", *asked) == 1
    assert "expected targets/toy/program.md in the last commit" in capsys.readouterr().err
    assert toy.git("branch", "--list", "autoresearch/*/night") == ""
    assert not (tmp_path / "runs").exists()


def test_a_run_that_goes_on_is_asked_nothing_else(toy: "Toy", monkeypatch: pytest.MonkeyPatch) -> None:
    """Its loop would take the other agent in its next turn."""
    monkeypatch.setenv("LAR_RUNS", str(toy.root.parent / "runs"))
    start = toy.git("rev-parse", "HEAD")
    run = run_folder.begin(toy.root, run_folder.Settings("toy", "night", "sh a", None, start, 45.0, 10.0))
    before = run.settings()
    with run_folder.held(run):
        assert toy.lar("evolve", "toy", "--resume", "--agent", "sh b", "--trials", "9") == 1
    assert run.settings() == before
    assert toy.lar("evolve", "toy", "--resume", "--agent", "no-such-agent") == 1
    assert run.settings() == before, "nor by an agent that is not there"
