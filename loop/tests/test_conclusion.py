"""`kill -9` while a step is concluded: the copy of the candidate is judged, whole and once."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lance_autoresearch import conclusion, journal, leftovers, run_folder, run_tree, trial
from lance_autoresearch.conclusion import conclude
from lance_autoresearch.run_folder import RunFolder, Settings

if TYPE_CHECKING:
    from conftest import KilledAt, Toy

CANDIDATE = "x = 'a whole candidate'\n"


def silent(_: str) -> None:
    """Say nothing."""


@pytest.fixture
def run(toy: "Toy", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run whose first agent has left `CANDIDATE`, and whose loop was killed then."""
    monkeypatch.setenv("LAR_RUNS", str(tmp_path / "runs"))
    start = toy.git("rev-parse", "HEAD")
    run = run_folder.begin(toy.root, Settings("toy", "night", "claude", None, start, 45.0, 10.0))
    run_tree.ready(toy.root, run, start, silent)
    conclusion.candidate_of(run, 1).write_text(CANDIDATE)
    journal.append(run.journal, journal.BEGAN, 1, {"champion": start, "at_s": time.time()})
    journal.append(run.journal, journal.TURN, 1, {"reason": "ended", "wall_s": 1.0, "unfit": ""})
    return run


def judged_as(verdict: str) -> Any:
    """Return a referee that needs no time."""
    document = {"verdict": verdict, "reason": "so", "exit_code": 0, "correctness": "pass"}
    return lambda *_: dict(document)


def leave_a_mess(toy: "Toy", run: RunFolder) -> None:
    """Bring all back to the end of the agent's turn: its edit, a commit of its own, litter, no trial."""
    start, tree = run.settings().start, run.target.root
    toy.git("-C", str(tree), "checkout", "--quiet", "-B", "autoresearch/toy/night", start)
    Path(tree, run.target.kernels).write_text(CANDIDATE)
    toy.git("-C", str(tree), "commit", "--quiet", "--all", "--message", "mine")
    Path(tree, "litter").touch()
    run.target.ledger.unlink(missing_ok=True)
    for path in run.target.trials.glob("*.json"):
        path.unlink()
    shutil.rmtree(run.judged, ignore_errors=True)
    (run.step(1) / "outside.json").unlink(missing_ok=True)
    lines = run.journal.read_text().splitlines(keepends=True)
    run.journal.write_text("".join(lines[:2]))


def test_a_kill_after_the_tree_was_put_right_forgets_nothing(
    toy: "Toy", run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That another file had changed is on disk before it is taken back."""
    (run.target.root / "README.md").write_text("mine\n")
    real = leftovers.put_right

    def killed(*asked: Any) -> None:
        real(*asked)
        raise KeyboardInterrupt

    monkeypatch.setattr(leftovers, "put_right", killed)
    with pytest.raises(KeyboardInterrupt):
        conclude(run, journal.read_steps(run.journal), silent)
    monkeypatch.undo()
    assert toy.git("-C", str(run.target.root), "status", "--porcelain") == ""
    conclude(run, journal.read_steps(run.journal), silent)
    assert journal.read_steps(run.journal)[0].ended["outcome"] == "outside"


@pytest.mark.parametrize(("set_by_s", "lasted_s"), [(-7200.0, 0.0), (0.0, 60.0), (7200.0, 45 * 60.0)])
def test_a_clock_that_was_set_uses_no_hours_up(run: RunFolder, set_by_s: float, lasted_s: float) -> None:
    """How long a turn that was cut off had lasted is what its output tells, up to the turn's limit."""
    [step] = journal.read_steps(run.journal)
    output = run.step(1) / "output.log"
    output.touch()
    at_s = step.began["at_s"] + 60.0 + set_by_s
    os.utime(output, (at_s, at_s))
    assert conclusion.cut_off_after_s(run, step) == pytest.approx(lasted_s)


@pytest.mark.parametrize(("verdict", "first"), [("keep", 1), ("discard", 6)])
def test_a_kill_while_a_step_is_concluded_loses_and_tears_nothing(
    toy: "Toy",
    run: RunFolder,
    killed_at: "KilledAt",
    monkeypatch: pytest.MonkeyPatch,
    verdict: str,
    first: int,
) -> None:
    """Before every tenth thing that reaches the disk or git, the two verdicts between each other."""
    monkeypatch.setattr(trial, "judge", judged_as(verdict))

    def go_on() -> None:
        journal.repair(run.journal)
        run_tree.ready(toy.root, run, run.settings().start, silent)
        steps = journal.read_steps(run.journal)
        if not steps[-1].ended:
            conclude(run, steps, silent)

    leave_a_mess(toy, run)
    step = first
    while killed_at(step, go_on):
        go_on()
        [done] = journal.read_steps(run.journal)
        [record] = [json.loads(path.read_text()) for path in run.target.trials.glob("*.json")]
        kept = verdict == "keep"
        assert done.ended["outcome"] == ("kept" if kept else "discard")
        assert (done.ended["trials"], done.ended["kept"]) == ([record["id"]], [kept])
        assert record["candidate_text"] == CANDIDATE
        assert len(run.target.ledger.read_text().splitlines()) == 2
        assert toy.git("-C", str(run.target.root), "status", "--porcelain") == ""
        tip = toy.git("rev-parse", "autoresearch/toy/night")
        assert done.ended["champion"] == tip
        assert (tip == run.settings().start) != kept
        leave_a_mess(toy, run)
        step += 10
    assert step > 40
