"""Keeps that an agent's own trials made within its turn, true ones and forged ones."""

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lance_autoresearch import journal, leftovers, remeasure, run_folder, run_tree, second_look
from lance_autoresearch.errors import Interrupted
from lance_autoresearch.journal import Step

if TYPE_CHECKING:
    from conftest import Toy

CHAMPION = "# the first kernel\n"
AS_ME = "git -c user.name=a -c user.email=a@b"
PASSED = {"correctness": "pass", "verdict": "keep", "combos": {}}
AGENT = " ".join(
    [
        shlex.quote(sys.executable),
        str(Path(__file__).with_name("scripted_agent.py")),
        "{prompt_file} {workdir} toy",
    ]
)

Night = Callable[..., list[Step]]


@pytest.fixture
def night(toy: "Toy", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    """Return what runs a night whose agent follows a script, line after line, and returns its steps."""
    monkeypatch.setenv("LAR_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("SCRIPT", str(tmp_path / "script"))

    def run(script: list[str], n_trials: int) -> list[Step]:
        (tmp_path / "script").write_text("\n".join(script))
        assert toy.lar("evolve", "toy", "--agent", AGENT, "--trials", str(n_trials)) == 0
        return journal.read_steps(run_folder.found(toy.root, "toy").journal)

    return run


def record(toy: "Toy", step: Step, place: int) -> dict[str, Any]:
    """Return the record of a trial of `step`."""
    path = run_folder.found(toy.root, "toy").target.trials / f"{step.ended['trials'][place]}.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_a_forged_keep_is_taken_back_and_the_night_goes_on(toy: "Toy", night: Night) -> None:
    """The next turn begins with the champion of before, and is told why."""
    first, second = night(["trial x = 'DISCARD 1' ; forge 0.5", "write x = 'KEEP 2'"], n_trials=2)
    assert (first.ended["outcome"], first.ended["kept"]) == ("taken back", [False])
    assert first.ended["champion"] == first.began["champion"] == second.began["champion"]
    told = "what its own trials kept is taken back: its ratio is 1.0000 (0.9900 to 1.0100), "
    assert first.ended["told"].startswith(f"{told}where its trials say 0.5000")
    prompt = run_folder.found(toy.root, "toy").step(2) / "prompt.md"
    assert told in prompt.read_text()
    assert (second.ended["outcome"], second.ended["kept"]) == ("kept", [True])
    assert record(toy, second, 0)["champion_text"] == CHAMPION


def test_what_a_forger_leaves_is_tried_by_the_loop_itself(toy: "Toy", night: Night) -> None:
    """Its own trial of that edit does not make it an old one."""
    [step] = night(["trial x = 'DISCARD 1' ; forge 0.5 ; write x = 'DISCARD 1'"], n_trials=1)
    assert (step.ended["outcome"], step.ended["kept"]) == ("discard", [False, False])
    assert record(toy, step, 1)["champion_text"] == CHAMPION


def test_a_true_keep_is_measured_once_more_and_stays(
    toy: "Toy", night: Night, capfd: pytest.CaptureFixture[str]
) -> None:
    """What the loop itself keeps after that, and a turn without a keep, are not."""
    script = ["trial x = 'KEEP 1' ; write x = 'KEEP 2'", "write x = 'KEEP 3'"]
    first, second = night(script, n_trials=3)
    assert (first.ended["kept"], second.ended["kept"]) == ([True, True], [True])
    assert capfd.readouterr().err.count("what its own trials kept is measured once more") == 1
    looked_at = json.loads((run_folder.found(toy.root, "toy").step(1) / "second_look.json").read_text())
    assert looked_at["objection"] == ""
    assert looked_at["trials"] == first.ended["trials"][:1]


@pytest.mark.parametrize("left", ["", " ; write x = 'KEEP 2'"])
def test_a_kill_after_the_second_look_neither_forgets_nor_repeats_it(
    toy: "Toy", night: Night, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    """Killed before the branch is put right, and again when all is done but the step's last line."""
    real, looks = leftovers.put_right, []
    measured = remeasure.measured

    def counted(*asked: Any) -> Any:
        looks.append(asked)
        return measured(*asked)

    def killed(*asked: Any) -> None:
        if looks:
            monkeypatch.setattr(leftovers, "put_right", real)
            raise KeyboardInterrupt
        real(*asked)

    def killed_at_the_end(path: Path, event: str, *facts: Any) -> None:
        if event == journal.ENDED:
            monkeypatch.setattr(journal, "append", append)
            raise KeyboardInterrupt
        append(path, event, *facts)

    append = journal.append
    monkeypatch.setattr(second_look, "measured", counted)
    monkeypatch.setattr(leftovers, "put_right", killed)
    monkeypatch.setattr(journal, "append", killed_at_the_end)
    script = toy.root.parent / "script"
    script.write_text(f"trial x = 'DISCARD 1' ; forge 0.5{left}")
    assert toy.lar("evolve", "toy", "--agent", AGENT, "--trials", "1") == 130
    assert toy.lar("evolve", "toy", "--resume") == 130
    assert toy.lar("evolve", "toy", "--resume") == 0
    [step] = journal.read_steps(run_folder.found(toy.root, "toy").journal)
    assert len(looks) == 1
    assert step.ended["told"].startswith("what its own trials kept is taken back: ")
    assert step.ended["kept"] == ([False, True] if left else [False])


@pytest.mark.usefixtures("night")
def test_ctrl_c_while_it_measures_leaves_no_answer(toy: "Toy", monkeypatch: pytest.MonkeyPatch) -> None:
    """So the resumed run measures; a turn that was cut off is looked at as well."""
    measured = remeasure.measured

    def interrupted(*_: Any) -> Any:
        monkeypatch.setattr(second_look, "measured", measured)
        raise Interrupted("interrupted", 130)

    monkeypatch.setattr(second_look, "measured", interrupted)
    (toy.root.parent / "script").write_text("trial x = 'DISCARD 1' ; forge 0.5")
    assert toy.lar("evolve", "toy", "--agent", AGENT, "--trials", "1") == 130
    run = run_folder.found(toy.root, "toy")
    assert not (run.step(1) / "second_look.json").exists()
    run.journal.write_text(run.journal.read_text().splitlines(keepends=True)[0])  # as if killed in the turn
    assert toy.lar("evolve", "toy", "--resume") == 0
    [step] = journal.read_steps(run.journal)
    assert step.ended["champion"] == step.began["champion"]
    assert "where its trials say 0.5000" in step.ended["told"]


def test_several_keeps_of_a_turn_are_looked_at_together(toy: "Toy", night: Night) -> None:
    """What they claim is the product; what is on top of a commit of the agent's own is not of them."""
    own = f"write x = 'mine' ; shell {AS_ME} commit -qam mine"
    [step] = night([f"trial KEEP = 'STEP 1' ; trial KEEP = 'STEP 2' ; {own} ; trial KEEP = 'STEP 3'"], 3)
    assert step.ended["kept"] == [True, True, False, True], "the last is the loop's own, of what was left"
    look = json.loads((run_folder.found(toy.root, "toy").step(1) / "second_look.json").read_text())
    assert (look["trials"], look["objection"]) == (step.ended["trials"][:2], "")


@pytest.mark.parametrize(
    "again",
    [
        "shell git reset -q --hard $(git rev-list -1 --all --reflog --grep='^Trial: ')",
        "write x = 'DISCARD 1' ; "
        f'shell {AS_ME} commit -qam mine -m "Trial: $(basename targets/toy/trials/*.json .json)"',
    ],
    ids=["the commit", "a commit of its own"],
)
def test_what_was_taken_back_cannot_come_back_by_hand(
    toy: "Toy", night: Night, again: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its record says what it claims, whichever step it belongs to; the log says that it was taken back."""
    steps = night(["trial x = 'DISCARD 1' ; forge 0.5", again, "write x = 'DISCARD 3'"], 2)
    assert {step.ended["champion"] for step in steps} == {steps[0].began["champion"]}
    assert "where its trials say 0.5000" in steps[1].ended["told"]
    capsys.readouterr()
    assert toy.lar("log", "toy", "--run", run_folder.found(toy.root, "toy").settings().tag) == 0
    out = capsys.readouterr().out
    assert "taken back" in out
    assert " keep " not in out


@pytest.mark.parametrize(
    ("found", "claimed", "words"),
    [
        ((0.5, 0.49, 0.51), [0.5], ""),
        ((0.53, 0.52, 0.54), [0.5], ""),
        ((0.54, 0.53, 0.55), [0.5], "its ratio is 0.5400 (0.5300 to 0.5500), where its trials say 0.5000"),
        ((1.0, 0.9, 1.1), [0.8], "where its trials say 0.8000"),
        ((1.0, 0.9, 1.1), [0.87], ""),
        ((0.73, 0.72, 0.74), [0.9, 0.8], ""),
        ((0.78, 0.77, 0.79), [0.9, 0.8], "where its trials say 0.7200"),
        ((1.02, 1.0, 1.04), [1.005], ""),
        ((1.03, 1.02, 1.04), [1.005], "where its trials say 1.0050"),
        ((1.014, 1.012, 1.016), [1.007, 1.007], ""),
        ((0.4, 0.39, 0.41), [0.5], ""),
        ((1.0, 0.99, 1.01), [None], ""),
    ],
)
def test_a_ratio_comes_again_within_the_noise(
    found: tuple[float, float, float], claimed: list[float | None], words: str
) -> None:
    """Five per cent of the claim for the noise; and nothing that is surely slower than a keep may be."""
    ratios = dict(zip(("ratio", "ratio_low", "ratio_high"), found, strict=True))
    objection = second_look.against({**PASSED, **ratios}, claimed)
    assert words in objection
    assert bool(words) == bool(objection)


def test_a_combo_may_not_pay_for_the_others() -> None:
    """Five per cent for each keep, as in the trials."""
    slower = {"ratio": 1.08, "ratio_low": 1.06, "ratio_high": 1.1}
    found = {**PASSED, "ratio": 0.9, "ratio_low": 0.89, "ratio_high": 0.91, "combos": {"uniform/big": slower}}
    assert (
        second_look.against(found, [0.9]) == "slower at uniform/big: its ratio is 1.0800 (1.0600 to 1.1000)"
    )
    assert second_look.against(found, [0.95, 0.95]) == ""


def test_a_wrong_kernel_is_no_champion_whatever_its_time() -> None:
    """Nor is one whose trial was stopped; a champion of before that fails is no reason to go back to it."""
    times = {"ratio": 0.1, "ratio_low": 0.1, "ratio_high": 0.1}
    wrong = {**PASSED, **times, "correctness": "fail", "verdict": "fail", "reason": "ids: wrong"}
    assert second_look.against(wrong, [0.1]) == "ids: wrong"
    stopped = {**PASSED, **times, "verdict": "rejected", "reason": "clock: no"}
    assert second_look.against(stopped, [0.1]) == "clock: no"
    assert second_look.against({}, [0.1]) == "the referee gave no answer"
    other = {"correctness": "pass", "verdict": "crash", "reason": "not the candidate: MemoryError"}
    assert second_look.against(other, [0.1]) == ""


@pytest.mark.parametrize("odd", [0, 0.0, -1.0, True, float("nan"), float("inf"), 10**400, "1"])
def test_a_record_with_a_ratio_that_is_none_is_no_record(odd: object) -> None:
    """It would make a claim of nothing, or be more than the ledger can print."""
    assert not run_tree.is_ratio(odd)
    assert all(run_tree.is_ratio(ratio) for ratio in (None, 1, 0.92, 30.0))


def test_no_answer_is_asked_for_once_more(toy: "Toy", night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is short of memory for a moment takes no champion away."""
    measured, looks = remeasure.measured, []

    def killed_once(*asked: Any) -> Any:
        looks.append(asked)
        return measured(*asked) if len(looks) > 1 else {}

    monkeypatch.setattr(second_look, "measured", killed_once)
    [step] = night(["trial x = 'KEEP 1'"], 1)
    assert (step.ended["kept"], len(looks)) == ([True], 2)
