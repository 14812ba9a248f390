"""Where an unattended run lives, and that the user's checkout does not notice."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lance_autoresearch import ledger, records_kept, run_folder, run_tree
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


def test_settings_of_git_that_an_agent_spoils_are_put_back(
    toy: "Toy", capsys: pytest.CaptureFixture[str]
) -> None:
    """If git does not work in the user's checkout any more; another change is told, and stays."""
    run = run_folder.begin(toy.root, settings(toy))
    start, config = run.settings().start, toy.root / ".git/config"
    run_tree.ready(toy.root, run, start, print)
    before, folder = config.read_text(), run_folder.runs_of(toy.root)
    for spoilt in (
        "[core]\n\tbare = true\n",
        "[core]\n\tworktree = /nowhere\n",
        "[core]\n\trepositoryformatversion = 99\n",
        "[extensions]\n\tworktreeConfig = true\n[core]\n\tbare = true\n",
        "[core",
    ):
        config.write_text(before + spoilt)
        assert run_folder.runs_of(toy.root) == folder, "or nobody could go on with the run"
        run_tree.ready(toy.root, run, start, print)
        assert config.read_text() == before
        assert (run.path / "git_config.spoilt").read_text() == before + spoilt
        assert toy.git("status", "--porcelain") == ""
    assert capsys.readouterr().out.count("git did not work in") == 5
    toy.git("config", "core.hooksPath", "/elsewhere")
    for said in ("have changed since the step before: core.hookspath; was it you?\n", ""):
        run_tree.ready(toy.root, run, start, print)
        assert capsys.readouterr().out.endswith(said)
    assert toy.git("config", "core.hooksPath") == "/elsewhere"


@pytest.mark.parametrize("left", [b"", b"abc\n", bytes(41)])
def test_refs_that_a_power_cut_left_empty_are_made_anew(toy: "Toy", left: bytes) -> None:
    """Git would neither read nor replace them."""
    run = run_folder.begin(toy.root, settings(toy))
    start = run.settings().start
    run_tree.ready(toy.root, run, start, print)
    refs = ("refs/heads/autoresearch/toy/night", "refs/autoresearch/start/autoresearch/toy/night")
    for ref in refs:
        (toy.root / ".git" / ref).write_bytes(left)
    run_tree.ready(toy.root, run, start, print)
    assert [toy.git("rev-parse", ref) for ref in refs] == [start, start]


def a_record(run: run_folder.RunFolder, identity: str, **facts: Any) -> Path:
    """Write the record of a trial into the run's work tree."""
    start = run.settings().start
    made = {
        **dict.fromkeys(("hypothesis", "timestamp", "candidate_text", "champion_text"), "so"),
        **dict.fromkeys(("champion_commit", "start_commit"), start),
        "id": identity,
        "verdict": "discard",
        "branch": "autoresearch/toy/night",
        "judged": True,
        **facts,
    }
    run.target.trials.mkdir(exist_ok=True)
    path = run.target.trials / f"{identity}.json"
    path.write_text(json.dumps(made))
    return path


def test_what_was_judged_is_put_back_where_it_was_changed(
    toy: "Toy", capsys: pytest.CaptureFixture[str]
) -> None:
    """Records and rows of steps that have ended; what this turn added stays."""
    run = run_folder.begin(toy.root, settings(toy))
    start = run.settings().start
    run_tree.ready(toy.root, run, start, print)
    files = [a_record(run, "t1"), a_record(run, "t2"), run.target.ledger]
    ledger.append(run.target.ledger, dict.fromkeys(ledger.COLUMNS, "t1"))
    before = [file.read_bytes() for file in files]
    records_kept.copy_out(run, ["t1", "t2"])
    for file in files:
        file.unlink()
    run_tree.ready(toy.root, run, start, print)
    assert [file.read_bytes() for file in files] == before
    assert capsys.readouterr().out.endswith("and put back: t1, t2, results.tsv\n")
    for file in files:
        file.write_bytes(file.read_bytes().replace(b"discard", b"keep").replace(b"t1\t", b"t0\t"))
    run_tree.ready(toy.root, run, start, print)
    assert [file.read_bytes() for file in files] == before
    ledger.append(run.target.ledger, dict.fromkeys(ledger.COLUMNS, "t3"))
    grown, added = run.target.ledger.read_bytes(), a_record(run, "t3")
    run_tree.ready(toy.root, run, start, print)
    assert run.target.ledger.read_bytes() == grown
    assert added.is_file()


def test_records_come_along_when_the_tree_is_made_anew(toy: "Toy") -> None:
    """And a record that is none is set aside, not deleted."""
    run = run_folder.begin(toy.root, settings(toy))
    start = run.settings().start
    run_tree.ready(toy.root, run, start, print)
    a_record(run, "t1")
    a_record(run, "t2", combos={"a": 1})
    a_record(run, "t3", candidate_text="\ud800")
    (run.target.root / ".git").unlink()
    run_tree.ready(toy.root, run, start, print)
    assert [path.name for path in run.target.trials.glob("*.json")] == ["t1.json"]
    assert list((run.path / "aside").glob("*-t2.json"))
    assert list((run.path / "aside").glob("*-t3.json")), "text that stands for no bytes"
