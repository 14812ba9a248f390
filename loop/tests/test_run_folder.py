"""Where an unattended run lives, and that the user's checkout does not notice."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lance_autoresearch import run_folder
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
    run_folder.ready(toy.root, run)
    run_folder.ready(toy.root, run)
    assert (run.target.root / run.target.kernels).read_text() == "# the first kernel\n"
    assert toy.git("-C", str(run.target.root), "branch", "--show-current") == "autoresearch/toy/night"
    after = (
        toy.git("rev-parse", "HEAD"),
        toy.git("status", "--porcelain"),
        toy.git("branch", "--show-current"),
    )
    assert after == before
    assert toy.root not in run.path.parents


def test_a_half_made_run_is_made_whole(toy: "Toy") -> None:
    """Killed after the settings, after the branch, or with a work tree that is gone."""
    run = run_folder.begin(toy.root, settings(toy))
    toy.git("branch", "autoresearch/toy/night")
    run_folder.ready(toy.root, run)
    assert (run.target.root / run.target.kernels).is_file()
    toy.git("worktree", "remove", "--force", str(run.target.root))
    run_folder.ready(toy.root, run)
    assert (run.target.root / run.target.kernels).is_file()


def test_a_tag_is_used_once_and_is_a_name(toy: "Toy") -> None:
    """A second run of the same name would go on under false settings."""
    run_folder.begin(toy.root, settings(toy))
    with pytest.raises(LarError, match=r"go on with it: lar evolve toy --resume --tag night"):
        run_folder.begin(toy.root, settings(toy))
    toy.git("branch", "autoresearch/toy/taken")
    with pytest.raises(LarError, match="expected no branch autoresearch/toy/taken"):
        run_folder.begin(toy.root, settings(toy, "taken"))
    for tag in ("../up", "", "Big", "a b", "-x"):
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
