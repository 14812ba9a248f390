"""Where an unattended run lives, and that the user's checkout does not notice."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lance_autoresearch import run_folder, run_tree
from lance_autoresearch.errors import LarError
from lance_autoresearch.run_folder import Settings

if TYPE_CHECKING:
    from conftest import Toy


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that holds all runs of these tests."""
    monkeypatch.setenv("LAR_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def settings(toy: "Toy", tag: str = "night") -> Settings:
    """Return what a run is asked that begins at the toy's last commit."""
    return Settings("toy", tag, "claude", None, toy.git("rev-parse", "HEAD"), 45.0, 10.0, trials=3)


def test_a_run_has_a_branch_and_a_work_tree_of_its_own(toy: "Toy") -> None:
    """The checkout keeps its branch, its edits and its files."""
    toy.edit("# half an idea\n")
    before = (
        toy.git("rev-parse", "HEAD"),
        toy.git("status", "--porcelain"),
        toy.git("branch", "--show-current"),
    )
    run = run_folder.begin(toy.root, settings(toy))
    run_tree.ready(toy.root, run, run.settings().start, print)
    run_tree.ready(toy.root, run, run.settings().start, print)
    assert (run.target.root / run.target.kernels).read_text() == "# the first kernel\n"
    assert toy.git("-C", str(run.target.root), "branch", "--show-current") == "autoresearch/toy/night"
    after = (
        toy.git("rev-parse", "HEAD"),
        toy.git("status", "--porcelain"),
        toy.git("branch", "--show-current"),
    )
    assert after == before
    assert toy.root not in run.path.parents
    assert not (run.path / "aside").exists(), "a tree that is right is left alone"


def test_a_half_made_run_is_made_whole(toy: "Toy") -> None:
    """Killed after the settings, after the branch, or with a work tree that is gone."""
    run = run_folder.begin(toy.root, settings(toy))
    toy.git("branch", "autoresearch/toy/night")
    run_tree.ready(toy.root, run, run.settings().start, print)
    assert (run.target.root / run.target.kernels).is_file()
    toy.git("worktree", "remove", "--force", str(run.target.root))
    run_tree.ready(toy.root, run, run.settings().start, print)
    assert (run.target.root / run.target.kernels).is_file()


def test_a_tag_is_used_once_and_is_a_name(toy: "Toy") -> None:
    """A second run of the same name would go on under false settings."""
    run_folder.begin(toy.root, settings(toy))
    with pytest.raises(LarError, match=r"go on with it: lar evolve toy --resume --tag night"):
        run_folder.begin(toy.root, settings(toy))
    toy.git("branch", "autoresearch/toy/taken")
    with pytest.raises(LarError, match="expected no branch autoresearch/toy/taken"):
        run_folder.begin(toy.root, settings(toy, "taken"))
    for tag in ("../up", "", "Big", "a b", "-x", "a..b", "a.lock"):
        with pytest.raises(LarError, match="expected a tag"):
            run_folder.begin(toy.root, settings(toy, tag))


def test_the_last_run_is_found_by_default(toy: "Toy") -> None:
    """By its journal's age; by its tag otherwise; and what was asked comes back."""
    first = run_folder.begin(toy.root, settings(toy, "one"))
    second = run_folder.begin(toy.root, settings(toy, "two"))
    second.journal.touch()
    assert run_folder.found(toy.root, "toy") == second
    assert run_folder.found(toy.root, "toy", "one") == first
    assert first.settings() == settings(toy, "one")
    run_folder.ask_again(first, agent="codex", trials=None, hours=2.0)
    changed = first.settings()
    assert (changed.agent, changed.trials, changed.hours) == ("codex", 3, 2.0)
    with pytest.raises(LarError, match="expected the run three of toy"):
        run_folder.found(toy.root, "toy", "three")


def test_only_one_loop_works_on_a_run(toy: "Toy") -> None:
    """A second one says where to look."""
    run = run_folder.begin(toy.root, settings(toy))
    with (
        run_folder.held(run),
        pytest.raises(LarError, match="going on already; watch it: lar watch toy"),
        run_folder.held(run),
    ):
        pass


def test_a_run_folder_in_the_checkout_is_refused(toy: "Toy", monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is made there."""
    monkeypatch.setenv("LAR_RUNS", str(toy.root / "runs"))
    with pytest.raises(LarError, match="outside the checkout"):
        run_folder.begin(toy.root, settings(toy))
    assert toy.git("status", "--porcelain") == ""


def test_an_earlier_run_of_the_same_name_says_nothing_about_the_start(toy: "Toy") -> None:
    """Its branch was deleted, the ref that remembers its start was not."""
    toy.git("update-ref", "refs/autoresearch/start/autoresearch/toy/night", "HEAD")
    toy.git("commit", "--quiet", "--allow-empty", "--message", "more")
    run = run_folder.begin(toy.root, settings(toy))
    run_tree.ready(toy.root, run, run.settings().start, print)
    recorded = toy.git("rev-parse", "refs/autoresearch/start/autoresearch/toy/night")
    assert recorded == run.settings().start == toy.git("rev-parse", "HEAD")


def test_a_work_tree_of_the_user_s_may_be_away(toy: "Toy", tmp_path: Path) -> None:
    """On a disk that is not there: git still knows it when it comes back."""
    side, away = tmp_path / "side", tmp_path / "away"
    toy.git("worktree", "add", "--quiet", "-b", "side", str(side))
    side.rename(away)
    run = run_folder.begin(toy.root, settings(toy))
    run_tree.ready(toy.root, run, run.settings().start, print)
    away.rename(side)
    assert toy.git("-C", str(side), "status", "--porcelain") == ""


def test_records_come_along_when_the_tree_is_made_anew(toy: "Toy") -> None:
    """And a record that is none is set aside, not deleted."""
    run = run_folder.begin(toy.root, settings(toy))
    start = run.settings().start
    run_tree.ready(toy.root, run, start, print)
    made = {
        **dict.fromkeys(("hypothesis", "timestamp", "candidate_text", "champion_text"), "so"),
        **dict.fromkeys(("champion_commit", "start_commit"), start),
        "id": "t1",
        "verdict": "discard",
        "branch": "autoresearch/toy/night",
        "judged": True,
    }
    run.target.trials.mkdir(exist_ok=True)
    (run.target.trials / "t1.json").write_text(json.dumps(made))
    (run.target.trials / "t2.json").write_text(json.dumps({**made, "id": "t2", "combos": {"a": 1}}))
    (run.target.root / ".git").unlink()
    run_tree.ready(toy.root, run, start, print)
    assert [path.name for path in run.target.trials.glob("*.json")] == ["t1.json"]
    assert list((run.path / "aside").glob("*-t2.json"))
