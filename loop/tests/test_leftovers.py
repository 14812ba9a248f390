"""What an agent leaves behind, told apart and put right."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from lance_autoresearch import leftovers
from lance_autoresearch.champion import text_at

if TYPE_CHECKING:
    from conftest import Toy

BRANCH, CHAMPION = "autoresearch/toy/tag", "# the first kernel\n"


@pytest.fixture
def start(toy: "Toy") -> str:
    """Return the commit where the toy's run began."""
    return toy.git("rev-parse", "HEAD")


def look(toy: "Toy", start: str) -> leftovers.Leftovers:
    """Say what lies in the toy's work tree, its trials known."""
    champion = text_at(toy.repository, toy.target, start).decode()
    return leftovers.look(champion, toy.kernels.read_text(), toy.records())


def test_an_untouched_kernel_is_nothing(toy: "Toy", start: str) -> None:
    """Nor is one that differs in a comment."""
    assert look(toy, start).kind == leftovers.NOTHING
    toy.edit(CHAMPION + "\n# more words\n")
    assert look(toy, start).kind == leftovers.DUPLICATE
    assert "nothing but names, comments or layout" in look(toy, start).told


def test_a_new_edit_is_a_candidate_and_a_tried_one_is_named(toy: "Toy", start: str) -> None:
    """With the trial's id and what came of it."""
    toy.edit("DISCARD = 1\n")
    assert look(toy, start).kind == leftovers.CANDIDATE
    toy.lar("trial", "toy", "-m", "x")
    [record] = toy.records()
    toy.edit("DISCARD   =   1  # again\n")
    left = look(toy, start)
    assert left.kind == leftovers.DUPLICATE
    assert f"the same edit was trial {record['id']} (discard: the stand-in was told to discard)" in left.told


def test_what_can_be_no_candidate(toy: "Toy", start: str) -> None:
    """Nothing, a link, a folder, a pipe, more than anybody can read; each is put right."""
    yardstick = toy.kernels.with_name("baseline.py")
    for made, words in (
        (lambda: None, "gone"),
        (lambda: toy.kernels.symlink_to(yardstick), "a link"),
        (toy.kernels.mkdir, "a folder"),
        (lambda: os.mkfifo(toy.kernels), "a pipe"),
        (lambda: toy.kernels.write_bytes(bytes((1 << 20) + 1)), "longer than 1 MB"),
    ):
        toy.kernels.unlink()
        made()
        content, why = leftovers.left_kernel(toy.target)
        assert content is None
        assert words in why
        leftovers.put_right(toy.repository, BRANCH, start)
        assert leftovers.left_kernel(toy.target) == (CHAMPION.encode(), "")


def commits_the_oracle(toy: "Toy") -> None:
    (toy.root / "targets/toy/src/toy/inputs.py").write_text("# easy\n")
    toy.git("commit", "--quiet", "--all", "--message", "easier")


def commits_the_kernel(toy: "Toy") -> None:
    toy.git("commit", "--quiet", "--all", "--message", "mine")


def pretends_a_trial(toy: "Toy") -> None:
    toy.git("commit", "--quiet", "--all", "--message", "mine\n\nTrial: 20260101T000000-000-abcdef")


def amends_a_keep(toy: "Toy") -> None:
    toy.lar("trial", "toy", "-m", "mine")
    toy.edit("# never judged\n")
    toy.git("commit", "--quiet", "--all", "--amend", "--no-edit")


def signs_with_a_discard(toy: "Toy") -> None:
    text = toy.edit("# DISCARD mine\n")
    toy.lar("trial", "toy", "-m", "mine")
    toy.edit(text)
    toy.git("commit", "--quiet", "--all", "--message", f"mine\n\nTrial: {toy.records()[0]['id']}")


def commits_a_keep_onto_another_champion(toy: "Toy") -> None:
    toy.lar("trial", "toy", "-m", "mine")
    text = toy.edit("# KEEP more\n")
    toy.lar("trial", "toy", "-m", "more")
    keep = toy.git("log", "-1", "--format=%B")
    toy.git("reset", "--quiet", "--hard", "HEAD^^")
    toy.edit(text)
    toy.git("commit", "--quiet", "--all", "--message", keep)


def leaves_the_branch(toy: "Toy") -> None:
    toy.git("switch", "--quiet", "--detach")


def stages_and_litters(toy: "Toy") -> None:
    (toy.root / "targets/toy/src/toy/helper.py").write_text("x = 1\n")
    (toy.root / "README.md").write_text("mine\n")
    toy.git("add", "--all")


@pytest.mark.parametrize(
    "misdeed",
    [
        commits_the_oracle,
        commits_the_kernel,
        pretends_a_trial,
        amends_a_keep,
        signs_with_a_discard,
        commits_a_keep_onto_another_champion,
        leaves_the_branch,
        stages_and_litters,
    ],
)
def test_whatever_an_agent_does_with_git_is_undone(
    toy: "Toy", start: str, misdeed: Callable[["Toy"], None]
) -> None:
    """Branch, index and files are the champion's."""
    toy.edit("# KEEP mine\n")
    misdeed(toy)
    assert leftovers.last_champion(toy.repository, toy.target, BRANCH, start) == start
    leftovers.put_right(toy.repository, BRANCH, start)
    assert toy.git("branch", "--show-current") == BRANCH
    assert toy.git("rev-parse", "HEAD") == start
    assert toy.git("status", "--porcelain") == ""


def test_kept_trials_move_the_champion_and_nothing_on_top_of_them_does(toy: "Toy", start: str) -> None:
    """A commit by hand ends the line, even if a trial's follows."""
    for name in ("one", "two"):
        toy.edit(f"# KEEP {name}\n")
        assert toy.lar("trial", "toy", "-m", name) == 0
    champion = toy.git("rev-parse", "HEAD")
    assert leftovers.last_champion(toy.repository, toy.target, BRANCH, start) == champion
    signed = f"two\n\nTrial: {toy.records()[1]['id']}\n |in two lines"
    toy.git("commit", "--quiet", "--amend", "--message", signed)
    champion = toy.git("rev-parse", "HEAD")
    assert leftovers.last_champion(toy.repository, toy.target, BRANCH, start) == champion
    toy.edit("# by hand\n")
    commits_the_kernel(toy)
    toy.edit("# KEEP three\n")
    assert toy.lar("trial", "toy", "-m", "three") == 0
    assert leftovers.last_champion(toy.repository, toy.target, BRANCH, start) == champion
