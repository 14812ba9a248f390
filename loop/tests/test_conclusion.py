"""`kill -9` while a step is concluded: the copy of the candidate is judged, whole and once."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lance_autoresearch import conclusion, journal, run_folder, run_tree, trial
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
    lines = run.journal.read_text().splitlines(keepends=True)
    run.journal.write_text("".join(lines[:2]))


@pytest.mark.parametrize(("verdict", "first"), [("keep", 1), ("discard", 4)])
def test_a_kill_while_a_step_is_concluded_loses_and_tears_nothing(
    toy: "Toy",
    run: RunFolder,
    killed_at: "KilledAt",
    monkeypatch: pytest.MonkeyPatch,
    verdict: str,
    first: int,
) -> None:
    """Before every eighth thing that reaches the disk or git, the two verdicts between each other."""
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
        step += 8
    assert step > 40
