"""What agents do to their work tree, by accident or on purpose; the user notices nothing of it."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lance_autoresearch import journal, run_folder

if TYPE_CHECKING:
    from conftest import Toy

KERNELS = "targets/toy/src/toy/kernels.py"
LAR = f"{shlex.quote(sys.executable)} -m lance_autoresearch"
AS_ME = "git -c user.name=a -c user.email=a@b"
# What a turn does, and the outcome of its step.
TURNS = {
    "its git": {
        "removes .git": ("rm .git", "nothing"),
        "points .git at the checkout": ("echo gitdir: $CHECKOUT/.git > .git", "nothing"),
        "points .git at the checkout, and edits": (
            f"echo gitdir: $CHECKOUT/.git > .git; echo x > README.md; echo \"x = 'KEEP two'\" > {KERNELS}",
            "kept",
        ),
        "makes a repository of its own": ("rm .git; git init -q .; git add -A", "nothing"),
        "removes the work tree": ("cd /; rm -rf $TREE", "outside"),
        "puts a link in its place": ("cd /; rm -rf $TREE; ln -s $CHECKOUT $TREE", "outside"),
        "redirects git's folder of it": (
            "echo $CHECKOUT/.. > $(git rev-parse --git-dir)/commondir",
            "nothing",
        ),
        "names the checkout as its files": (
            "git config extensions.worktreeConfig true; git config --worktree core.worktree $CHECKOUT",
            "nothing",
        ),
    },
    "kernels.py": {
        "makes kernels.py a folder": (f"rm {KERNELS}; mkdir {KERNELS}; touch {KERNELS}/a", "outside"),
        "makes kernels.py a link": (f"rm {KERNELS}; ln -s $CHECKOUT/{KERNELS} {KERNELS}", "outside"),
        "makes kernels.py a pipe": (f"rm {KERNELS}; mkfifo {KERNELS}", "outside"),
        "makes kernels.py huge": (f"truncate -s 40G {KERNELS}", "outside"),
        "removes kernels.py": (f"rm {KERNELS}", "outside"),
        "links its target to the checkout": (
            "rm -r targets/toy; ln -s $CHECKOUT/targets/toy targets",
            "outside",
        ),
        "writes bytes that are no text": (f"printf 'x = \"\\377KEEP\"' > {KERNELS}", "no verdict"),
        "makes the referee die": (f"echo 'x = \"DIE\"' > {KERNELS}", "no verdict"),
    },
    "its records": {
        "spoils the ledger": ("echo hi > targets/toy/results.tsv", "nothing"),
        "invents a record": (
            'echo \'{"id":"z","verdict":"discard"}\' > targets/toy/trials/z.json',
            "nothing",
        ),
        "removes all of them": ("rm -r targets/toy/trials targets/toy/results.tsv", "nothing"),
        "changes their verdicts": ("sed -i s/keep/fail/ targets/toy/trials/*.json", "nothing"),
        "leaves a note among the records": ("echo '{}' > targets/toy/trials/notes.json", "nothing"),
        "makes a folder of the lock": (
            "rm targets/toy/trials/.lock; mkdir targets/toy/trials/.lock",
            "nothing",
        ),
        "links the records to the checkout": (
            "rm -r targets/toy/trials; mkdir $CHECKOUT/targets/toy/trials;"
            " ln -s $CHECKOUT/targets/toy/trials targets/toy/trials",
            "nothing",
        ),
    },
    "its branch and index": {
        "leaves locks of git": (
            "touch $(git rev-parse --git-dir)/index.lock $(git rev-parse --git-dir)/HEAD.lock"
            " $(git rev-parse --git-common-dir)/refs/heads/autoresearch/toy/night.lock",
            "nothing",
        ),
        "renames the branch": ("git branch -m other", "nothing"),
        "deletes the branch": (
            "git checkout -q --detach; git branch -q -D autoresearch/toy/night",
            "nothing",
        ),
        "makes the branch another name of the user's": (
            "git symbolic-ref refs/heads/autoresearch/toy/night refs/heads/autoresearch/toy/tag",
            "nothing",
        ),
        "adds a name that is no text": ("f=$(printf 'a\\377b'); touch $f; git add $f", "outside"),
        "hides what it removes": ("git update-index --skip-worktree HARNESS.md; rm HARNESS.md", "outside"),
        "hides what it edits": (
            "git update-index --assume-unchanged README.md; echo x > README.md",
            "outside",
        ),
        "checks out a part": ("git sparse-checkout set --no-cone targets/toy/src", "outside"),
        "spoils the index": ("echo x > $(git rev-parse --git-dir)/index", "nothing"),
        "moves the start": (
            f"echo x > README.md; {AS_ME} commit -qam mine;"
            " git update-ref refs/autoresearch/start/autoresearch/toy/night HEAD",
            "outside",
        ),
        "commits, and tries on top": (
            f"echo 'x = \"one\"' > {KERNELS}; {AS_ME} commit -qam mine;"
            f" echo 'x = \"DISCARD\"' > {KERNELS}; {LAR} trial toy -m mine; rm README.md",
            "outside",
        ),
    },
}


def state_of(checkout: "Toy") -> tuple[str, ...]:
    """Return what the user would notice."""
    looks = (["rev-parse", "HEAD"], ["symbolic-ref", "HEAD"], ["status", "--porcelain"])
    return (*(checkout.git(*look) for look in looks), checkout.kernels.read_text())


@pytest.mark.parametrize("kind", TURNS)
def test_whatever_a_turn_does_the_night_goes_on(
    toy: "Toy", tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """To its limit, on a branch that is right; and the user's checkout notices nothing."""
    monkeypatch.setenv("LAR_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("CHECKOUT", str(toy.root))
    improves = (f"echo \"x = 'KEEP $1'\" > {KERNELS}", "kept")
    turns = [improves]
    for place, turn in enumerate(TURNS[kind].values(), start=1):
        # Five turns in a row without a trial would end the night.
        turns += [turn] if place % 4 else [turn, improves]
    turns.append(improves)
    for number, (does, _) in enumerate(turns, start=1):
        (tmp_path / f"{number:04d}.sh").write_text(f'TREE=$2; cd "$TREE"\n{does}\n')
    agent = f"sh -c {shlex.quote(f'. {tmp_path}/$(basename $(dirname $1)).sh')} . {{prompt_file}} {{workdir}}"
    outcomes = [outcome for _, outcome in turns]
    n_trials = outcomes.count("kept") + ("commits, and tries on top" in TURNS[kind])
    before = state_of(toy)
    assert toy.lar("evolve", "toy", "--agent", agent, "--tag", "night", "--trials", str(n_trials)) == 0
    assert state_of(toy) == before
    run = run_folder.found(toy.root, "toy")
    steps = journal.read_steps(run.journal)
    assert [step.ended["outcome"] for step in steps] == outcomes
    rows = run.target.ledger.read_text().splitlines()[1:]
    records = [json.loads(path.read_text()) for path in sorted(run.target.trials.glob("*.json"))]
    assert [record["id"] for record in records] == sorted(row.split("\t")[-1] for row in rows)
    assert len(records) == n_trials
    assert [record["verdict"] for record in records].count("keep") == outcomes.count("kept")

    def tree_says(*arguments: str) -> str:
        return subprocess.check_output(["git", "-C", str(run.target.root), *arguments], text=True).strip()

    assert tree_says("status", "--porcelain") == ""
    assert tree_says("symbolic-ref", "HEAD") == "refs/heads/autoresearch/toy/night"
    assert tree_says("rev-parse", "HEAD") == steps[-1].ended["champion"]
    assert f"{len(steps):04d}" in Path(run.target.root, KERNELS).read_text()
