"""Keeps that an agent's own trials made within its turn, true ones and forged ones."""

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lance_autoresearch import journal, leftovers, run_folder, second_look
from lance_autoresearch.journal import Step

if TYPE_CHECKING:
    from conftest import Toy

CHAMPION = "# the first kernel\n"
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
    measured = second_look.measured

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


@pytest.mark.parametrize(
    ("found", "claimed", "words"),
    [
        ((0.5, 0.49, 0.51), 0.5, ""),
        ((0.53, 0.52, 0.54), 0.5, ""),
        ((0.54, 0.53, 0.55), 0.5, "its ratio is 0.5400 (0.5300 to 0.5500), where its trials say 0.5000"),
        ((1.0, 0.9, 1.1), 0.8, "where its trials say 0.8000"),
        ((1.0, 0.9, 1.1), 0.87, ""),
        ((1.02, 1.0, 1.04), 1.005, ""),
        ((1.03, 1.02, 1.04), 1.005, "where its trials say 1.0050"),
        ((0.4, 0.39, 0.41), 0.5, ""),
    ],
)
def test_a_ratio_comes_again_within_the_noise(
    found: tuple[float, float, float], claimed: float, words: str
) -> None:
    """Five per cent of the claim for the noise; and nothing that is surely slower by more than one."""
    ratios = dict(zip(("ratio", "ratio_low", "ratio_high"), found, strict=True))
    objection = second_look.against({"correctness": "pass", **ratios}, claimed)
    assert words in objection
    assert bool(words) == bool(objection)


def test_a_wrong_kernel_is_no_champion_whatever_its_time() -> None:
    """Nor is one that the referee could not judge."""
    found = {"correctness": "fail", "ratio": 0.1, "ratio_low": 0.1, "reason": "ids: wrong"}
    assert second_look.against(found, 0.1) == "ids: wrong"
    assert second_look.against({"correctness": "pass", "ratio": None}, 0.1) == "the referee gave no answer"
    assert second_look.against({}, 0.1) == "the referee gave no answer"
