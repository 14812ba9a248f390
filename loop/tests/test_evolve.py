"""Unattended runs on the toy target, with an agent that follows a script."""

import os
import random
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lance_autoresearch import budget, journal, profiling, run_folder, run_tree
from lance_autoresearch.journal import Step
from lance_autoresearch.run_folder import Settings
from lance_autoresearch.workspace import Target

if TYPE_CHECKING:
    from conftest import Toy

AGENT = " ".join(
    [
        shlex.quote(sys.executable),
        str(Path(__file__).with_name("scripted_agent.py")),
        "{prompt_file} {workdir} toy",
    ]
)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of all runs, and tell agents where their script is."""
    monkeypatch.setenv("LAR_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("SCRIPT", str(tmp_path / "script"))
    return tmp_path / "runs"


def evolve(toy: "Toy", script: list[str], *options: str) -> int:
    """Run `lar evolve` with an agent that follows `script`."""
    (toy.root.parent / "script").write_text("\n".join(script))
    return toy.lar("evolve", "toy", "--agent", AGENT, "--tag", "night", *options)


def steps(toy: "Toy") -> list[Step]:
    """Return the journal of the toy's run."""
    return journal.read_steps(run_folder.found(toy.root, "toy").journal)


def night(toy: "Toy") -> Target:
    """Return the target in the run's work tree."""
    return run_folder.found(toy.root, "toy").target


def wait_until(true: Callable[[], bool], within_s: float = 10.0) -> None:
    """Return when `true()` holds, or after a while."""
    give_up_at = time.monotonic() + within_s
    while not true() and time.monotonic() < give_up_at:
        time.sleep(0.01)


def ledger(target: Target) -> list[dict[str, str]]:
    """Return the rows of a run's ledger, read without the code under test."""
    titles, *lines = target.ledger.read_text().splitlines()
    return [dict(zip(titles.split("\t"), line.split("\t"), strict=True)) for line in lines]


def test_a_night_of_keeps_and_discards(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """Candidates are tried, kept or put back; the agent is started again; the checkout stays as it was."""
    toy.edit("# the user's own half-done edit\n")
    script = [
        "write x = 'KEEP one' ; say Hypothesis: wider|Mechanism: vector width|Learned: nothing",
        "write x = 'DISCARD two' ; say Learned: stores hurt",
        "write x = 'KEEP three'",
    ]
    assert evolve(toy, script, "--trials", "3") == 0
    out, err = capsys.readouterr()
    rows = ledger(night(toy))
    assert [row["verdict"] for row in rows] == ["keep", "discard", "keep"]
    assert rows[0]["description"] == "wider"
    assert [step.ended["outcome"] for step in steps(toy)] == ["kept", "discard", "kept"]
    assert steps(toy)[0].turn["mechanism"] == "vector width"
    assert toy.git("show", f"autoresearch/toy/night:{toy.target.kernels}") == "x = 'KEEP three'"
    assert toy.kernels.read_text() == "# the user's own half-done edit\n"
    assert toy.git("branch", "--show-current") == "autoresearch/toy/tag"
    for words in (
        "stopped: 3 of 3 trials are done",
        "kept: 2 of 3 trials, in 3 turns",
        "autoresearch/toy/night",
    ):
        assert words in out
    assert "measured again on a fresh seed, against the baseline:" in out
    assert "step 2: discard" in err
    start = steps(toy)[0].began["champion"][:10]
    assert (
        f"the run begins at {start}, without what is not committed in your checkout: {toy.target.kernels}"
        in err
    )


def test_each_prompt_knows_what_came_before(toy: "Toy") -> None:
    """The last turn in one line, the ledger's digest, the champion's profile."""
    assert (
        evolve(
            toy,
            ["write x = 'DISCARD' ; say Learned: stores hurt", "write x = 'KEEP {turn}'"],
            "--trials",
            "3",
        )
        == 0
    )
    folder = run_folder.found(toy.root, "toy").path / "steps"
    first, second, third = (path.read_text() for path in sorted(folder.glob("*/prompt.md")))
    assert "Nothing has been tried yet" in first
    assert "profile of # the first kernel" in first
    assert "Of your last turn: discard: the stand-in was told to discard." in second
    assert "- turn 1: stores hurt" in second
    assert "Of your last turn: kept" in third
    assert "profile of x = 'KEEP 2'" in third


@pytest.mark.parametrize(
    ("script", "outcomes", "told"),
    [
        (["exit 0"], ["nothing"], "kernels.py was left as it was"),
        (["exit 3"], ["nothing"], "the agent's exit code was 3"),
        (["write # the first kernel!"], ["duplicate"], "nothing but names, comments or layout"),
        (["write x = 'KEEP' ; spoil README.md"], ["outside"], "so did README.md"),
        (["spoil targets/toy/src/toy/inputs.py"], ["outside"], "inputs.py"),
        (
            ["write x = 'DISCARD'", "write y = ('DISCARD')  # again"],
            ["discard", "duplicate"],
            "the same edit was trial",
        ),
        (["write x = 'REJECTED'"], ["rejected"], "rejected: the stand-in was told to rejected"),
        (["sleep 9"], ["stalled"], "the turn was stopped: stalled"),
    ],
)
def test_what_is_not_worth_measuring_is_refused_and_told(
    toy: "Toy", monkeypatch: pytest.MonkeyPatch, script: list[str], outcomes: list[str], told: str
) -> None:
    """Nothing, a comment, another file, the same again, what the policy forbids, silence."""
    for name in ("IDLE_STEPS", "NEVER_STARTED"):  # so that the first turn without a trial ends the run
        monkeypatch.setattr(budget, name, 1)
    options = ["--stall-minutes", "0.001"] if outcomes == ["stalled"] else []
    limit = "1" if outcomes == ["rejected"] else "5"
    assert evolve(toy, script, *options, "--trials", limit) == 0
    taken = steps(toy)
    assert [step.ended["outcome"] for step in taken] == outcomes
    assert told in taken[-1].ended["told"]
    assert toy.git("-C", str(night(toy).root), "status", "--porcelain") == ""
    assert "spoilt" not in (night(toy).root / "README.md").read_text()


def test_a_profile_that_fails_is_not_tried_again(toy: "Toy", monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for the same champion: it would cost half a minute before every turn."""
    start = toy.git("rev-parse", "HEAD")
    run = run_folder.begin(toy.root, Settings("toy", "night", "claude", None, start, 45.0, 10.0))
    run_tree.ready(toy.root, run, start, print)
    codes = iter([3, 0])
    monkeypatch.setattr(profiling, "run_experiment", lambda *_, **__: next(codes))
    texts = [profiling.champion_profile(run, start) for _ in range(2)]
    assert texts == ["no profile: it ended with exit code 3\n"] * 2


def test_trials_of_the_agent_s_own_belong_to_its_step(toy: "Toy") -> None:
    """Two in one turn; what it leaves besides is judged as well."""
    script = ["trial x = 'KEEP 1' ; trial x = 'DISCARD 2' ; write x = 'KEEP 3'", "trial x = 'DISCARD 4'"]
    assert evolve(toy, script, "--trials", "4") == 0
    first, second = steps(toy)
    assert (first.ended["kept"], second.ended["kept"]) == ([True, False, True], [False])
    assert first.ended["told"].startswith("3 trials, the last one kept")
    assert [row["trial"] for row in ledger(night(toy))] == first.ended["trials"] + second.ended["trials"]


def test_limits_that_end_a_run(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """Discards in a row; and a resumed run takes new limits."""
    script = ["write x = 'DISCARD {turn}'"]
    assert evolve(toy, script, "--stop-after-discards", "2") == 0
    assert "stopped: 2 trials in a row were not kept" in capsys.readouterr().out
    assert toy.lar("evolve", "toy", "--resume", "--stop-after-discards", "3") == 0
    out = capsys.readouterr().out
    assert "stopped: 3 trials in a row were not kept" in out
    assert "no candidate was kept" in out
    assert len(steps(toy)) == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "expected --agent AGENT for a new run, or --resume"),
        (["--resume"], "expected a run of toy below"),
        (["--agent", "no-such-agent {prompt_file}"], "expected the command 'no-such-agent' on the PATH"),
        (["--agent", AGENT, "--tag", "no/tag"], "expected a tag"),
    ],
)
def test_wrong_options_are_said_before_anything_is_made(
    toy: "Toy", capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    """No branch and no folder is left behind."""
    assert toy.lar("evolve", "toy", *options) == 1
    assert words in capsys.readouterr().err
    assert toy.git("branch", "--list", "autoresearch/*").split() == ["*", "autoresearch/toy/tag"]


def test_a_kill_at_random_moments_loses_and_doubles_nothing(toy: "Toy", runs: Path) -> None:
    """Twenty times `kill -9`, wherever it falls; each time `--resume` goes on with the same champion."""
    text = (
        f"cd $1; sleep 0.05; echo \"x = 'KEEP $(basename $(dirname $0))'\" > {toy.target.kernels}; sleep 0.05"
    )
    agent = f"sh -c {shlex.quote(text)} {{prompt_file}} {{workdir}}"
    moments = random.Random(5)
    begin, resume = ["--agent", agent, "--tag", "night"], ["--resume"]
    for _ in range(20):
        journals = list(runs.glob("*/toy-night/steps.jsonl"))
        made = list(runs.glob("*/toy-night/settings.json"))
        n_lines = journals[0].read_bytes().count(b"\n") if journals else 0
        lar = toy.start("evolve", "toy", *(resume if made else begin))
        more = moments.randrange(4)

        def came_forward(wanted: int = n_lines + more) -> bool:
            return sum(path.read_bytes().count(b"\n") for path in runs.glob("*/*/steps.jsonl")) >= wanted

        wait_until(came_forward)
        time.sleep(moments.uniform(0.0, 0.3))
        os.killpg(lar.pid, signal.SIGKILL)
        lar.communicate()
    n_trials = len(list(night(toy).trials.glob("*.json")))
    assert n_trials >= 3, "the loop came forward in spite of it all"
    assert toy.lar("evolve", "toy", "--resume", "--trials", str(n_trials + 2)) == 0
    taken, target = steps(toy), night(toy)
    assert [step.number for step in taken] == list(range(1, len(taken) + 1))
    assert all(step.ended for step in taken)
    attributed = [trial for step in taken for trial in step.ended["trials"]]
    rows = ledger(target)
    assert len(set(attributed)) == len(attributed) >= n_trials + 2
    assert sorted(attributed) == sorted(row["trial"] for row in rows)
    assert sorted(attributed) == sorted(path.stem for path in target.trials.glob("*.json"))
    kept = [row["trial"] for row in rows if row["keep"] == "yes"]
    form = "--format=%(trailers:key=Trial,valueonly,separator=)"
    log = toy.git("log", "--reverse", form, f"{taken[0].began['champion']}..autoresearch/toy/night")
    assert log.split() == kept
    assert toy.git("-C", str(target.root), "status", "--porcelain") == ""


def test_ctrl_c_ends_the_agent_and_says_how_to_go_on(toy: "Toy") -> None:
    """Exit code 130, nothing left running, and the run can be resumed."""
    (toy.root.parent / "script").write_text("sleep 60")
    lar = toy.start("evolve", "toy", "--agent", AGENT, "--tag", "night")
    assert any("begins" in line for line in lar.stderr)
    os.kill(lar.pid, signal.SIGINT)
    _, err = lar.communicate()
    assert lar.returncode == 130
    assert "nothing is lost; go on with lar evolve toy --resume --tag night" in err
    assert toy.processes() == []
    (toy.root.parent / "script").write_text("write x = 'KEEP'")
    assert toy.lar("evolve", "toy", "--resume", "--trials", "1") == 0
    assert [step.ended["outcome"] for step in steps(toy)] == ["cut off", "kept"]
