"""Where a trial may happen, and what may not have changed since the run began."""

from typing import TYPE_CHECKING

import pytest

from lance_autoresearch import run_branch
from lance_autoresearch.git import git_line

if TYPE_CHECKING:
    from conftest import Toy

IMMUTABLE = "targets/toy/src/toy/inputs.py"


def test_the_start_is_recorded_at_the_first_trial_and_kept(toy: "Toy") -> None:
    """Later trials are judged with the files of that commit, whatever was kept since."""
    start = toy.git("rev-parse", "HEAD")
    for text in ("# KEEP one\n", "# KEEP two\n"):
        toy.edit(text)
        toy.lar("trial", "toy", "-m", "x")
    assert toy.git("rev-parse", "refs/autoresearch/start/autoresearch/toy/tag") == start
    assert [record["start_commit"] for record in toy.records()] == [start, start]
    assert toy.git("rev-list", "--count", f"{start}..HEAD") == "2"


def test_nothing_to_try_is_an_error_and_leaves_no_row(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """An unchanged kernel is a slip, not a trial; it does not begin a run either."""
    assert toy.lar("trial", "toy", "-m", "x") == 1
    assert "nothing to try" in capsys.readouterr().err
    assert (toy.rows(), toy.records()) == ([], [])
    assert git_line(toy.repository, "for-each-ref", "refs/autoresearch") is None


@pytest.mark.parametrize("place", ["in the working tree", "in the index", "in a commit on the branch"])
def test_a_changed_immutable_file_is_rejected_by_name(
    toy: "Toy", place: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Wherever the change lies: verdict, exit 1, the file's name, a row, and the candidate still there."""
    toy.edit("# DISCARD\n")
    toy.lar("trial", "toy", "-m", "first")
    (toy.root / IMMUTABLE).write_text("# easier inputs\n")
    if place != "in the working tree":
        toy.git("add", IMMUTABLE)
    if place == "in the index":
        (toy.root / IMMUTABLE).write_text("# the inputs\n")
    if place == "in a commit on the branch":
        toy.git("commit", "--quiet", "--message", "easier")
    text = toy.edit("# KEEP\n")
    capfd.readouterr()
    assert toy.lar("trial", "toy", "-m", "second") == 1
    out, err = capfd.readouterr()
    assert "verdict: rejected" in out
    assert f"{IMMUTABLE} differs" in err
    assert place in err
    assert "git restore --source=" in err
    row = toy.rows()[-1]
    assert (row["verdict"], row["keep"], row["correctness"]) == ("rejected", "no", "not reached")
    assert IMMUTABLE in row["description"]
    assert toy.kernels.read_text() == text


def test_the_command_it_prints_undoes_the_change(toy: "Toy", capfd: pytest.CaptureFixture[str]) -> None:
    """Typing what the message says makes the next trial possible, for every place at once."""
    toy.edit("# DISCARD\n")
    toy.lar("trial", "toy", "-m", "first")
    (toy.root / IMMUTABLE).write_text("# committed\n")
    (toy.root / "HARNESS.md").unlink()
    (toy.root / "new file.py").write_text("# tracked, and new\n")
    toy.git("add", "--all")
    toy.git("commit", "--quiet", "--message", "easier")
    (toy.root / "HARNESS.md").write_text("so that the root is found\n")
    toy.edit("# KEEP\n")
    assert toy.lar("trial", "toy", "-m", "second") == 1
    [undo] = [line for line in capfd.readouterr().err.splitlines() if line.startswith("undo: ")]
    for command in undo.removeprefix("undo: ").split(" && "):
        toy.git("config", "alias.typed", f"!{command}")
        toy.git("typed")
    assert toy.lar("trial", "toy", "-m", "second") == 0
    assert toy.rows()[-1]["verdict"] == "keep"


def test_a_detached_head_is_an_error(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """A keep needs a branch to stand on."""
    toy.git("switch", "--quiet", "--detach")
    toy.edit("# KEEP\n")
    assert toy.lar("trial", "toy", "-m", "x") == 1
    err = capsys.readouterr().err
    assert "got a detached HEAD" in err
    assert "git switch -c autoresearch/toy/" in err


@pytest.mark.parametrize("branch", ["main", "autoresearch/other/tag", "autoresearch/toy-2/tag"])
def test_another_branch_is_an_error(toy: "Toy", branch: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The tool commits on run branches of this target only."""
    toy.git("switch", "--quiet", "-C", branch)
    toy.edit("# KEEP\n")
    assert toy.lar("trial", "toy", "-m", "x") == 1
    err = capsys.readouterr().err
    assert f"expected the branch autoresearch/toy/<tag>, got {branch}" in err
    assert "git switch -c autoresearch/toy/" in err
    assert toy.rows() == []


def test_no_repository_is_an_error(plain_folder: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """The message ends with what to type."""
    plain_folder.edit("# KEEP\n")
    assert plain_folder.lar("trial", "toy", "-m", "x") == 1
    err = capsys.readouterr().err
    assert "not a git repository" in err
    assert "git init" in err


def test_no_commit_is_an_error(plain_folder: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """Without a commit there is no champion."""
    plain_folder.git("init", "--quiet")
    assert plain_folder.lar("trial", "toy", "-m", "x") == 1
    assert "expected at least one commit" in capsys.readouterr().err


def test_a_workspace_inside_another_repository_is_an_error(
    plain_folder: "Toy", capsys: pytest.CaptureFixture[str]
) -> None:
    """Paths would not mean what they say."""
    plain_folder.git("init", "--quiet", "..")
    assert plain_folder.lar("trial", "toy", "-m", "x") == 1
    assert "expected the workspace to be the top" in capsys.readouterr().err


def test_no_git_is_an_error(
    toy: "Toy", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing program is named."""
    toy.edit("# KEEP\n")
    monkeypatch.setenv("PATH", "/nowhere")
    assert toy.lar("trial", "toy", "-m", "x") == 1
    assert "expected git on the PATH" in capsys.readouterr().err


def test_a_branch_that_no_longer_descends_from_its_start_is_an_error(
    toy: "Toy", capsys: pytest.CaptureFixture[str]
) -> None:
    """A tag that is used a second time would be judged by another run's files."""
    toy.edit("# DISCARD\n")
    toy.lar("trial", "toy", "-m", "x")
    toy.git("commit", "--quiet", "--amend", "--message", "another start")
    toy.edit("# KEEP\n")
    assert toy.lar("trial", "toy", "-m", "x") == 1
    assert "begin a new run" in capsys.readouterr().err


def test_a_kernel_committed_by_hand_is_pointed_out(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """It became the champion without a trial; a kept one did not."""
    toy.edit("# KEEP\n")
    toy.lar("trial", "toy", "-m", "x")
    run = run_branch.current_run(toy.repository, toy.target)
    assert run_branch.commits_by_hand(toy.repository, toy.target, run) == []
    toy.edit("# by hand\n")
    toy.git("commit", "--quiet", "--all", "--message", "by hand")
    capsys.readouterr()
    assert toy.lar("trial", "toy", "-m", "x") == 1
    assert f"{toy.git('rev-parse', 'HEAD')[:10]} changed" in capsys.readouterr().err


def test_untracked_sources_are_a_warning(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """They cannot matter, but whoever wrote them may think so; notes elsewhere are nobody's business."""
    (toy.root / "referee").mkdir()
    for name in ("referee/extra.py", "targets/toy/src/toy/more.py", "notes.md"):
        (toy.root / name).write_text("")
    toy.edit("# KEEP\n")
    assert toy.lar("trial", "toy", "-m", "x") == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert [line.split()[1] for line in warnings] == ["referee/extra.py", "targets/toy/src/toy/more.py"]


def test_a_missing_candidate_is_an_error(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """The message says how to get the champion back."""
    toy.kernels.unlink()
    assert toy.lar("trial", "toy", "-m", "x") == 1
    assert f"git restore {toy.target.kernels}" in capsys.readouterr().err
