"""`kill -9` at any moment: nothing lost, nothing doubled, the next command works."""

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from lance_autoresearch import settle

if TYPE_CHECKING:
    from conftest import KilledAt, Toy

CHAMPION = "# the first kernel\n"


def assert_whole(toy: "Toy", candidate: str, champion: str) -> None:
    """The next command works, and record, row, branch and kernels.py tell one story."""
    assert toy.lar("log", "toy") == 0
    rows, records = toy.rows(), toy.records()
    assert sorted(row["trial"] for row in rows) == [record["id"] for record in records]
    assert toy.kernels.read_text() in (candidate, champion)
    kept = [record["id"] for record in records if record["verdict"] == "keep"]
    trailers = toy.git(
        "log", "--reverse", "--format=%(trailers:key=Trial,valueonly,separator=)", "main..HEAD"
    )
    assert trailers.split() == kept
    assert [row["trial"] for row in rows if row["keep"] == "yes"] == kept
    assert not (toy.root / ".git/index.lock").exists()
    # The index never holds anything of its own: what differs, differs in the working tree.
    assert toy.git("diff", "--cached", "--name-only") == ""


@pytest.mark.parametrize("word", ["KEEP", "DISCARD"])
def test_settling_survives_a_kill_before_every_step(toy: "Toy", killed_at: "KilledAt", word: str) -> None:
    """From the saved record on, any step may be the last, including half a ledger row."""
    candidate = toy.edit(f"# {word}\n")
    assert toy.lar("trial", "toy", "-m", "x") == 0
    [record] = toy.records()
    step = 1
    while True:
        toy.git("reset", "--quiet", "--hard", "main")
        toy.target.ledger.unlink(missing_ok=True)
        toy.edit(candidate)
        toy.git("add", "--all")
        if not killed_at(step, lambda: settle.settle(toy.repository, toy.target, record)):
            break
        assert_whole(toy, candidate, CHAMPION)
        assert toy.kernels.read_text() == (candidate if word == "KEEP" else CHAMPION)
        step += 1
    assert step > 10


def test_a_trial_after_a_torn_row_puts_the_row_back_first(toy: "Toy") -> None:
    """No look at the log is needed in between."""
    for word in ("DISCARD one", "DISCARD two"):
        toy.edit(f"# {word}\n")
        toy.lar("trial", "toy", "-m", word)
        os.truncate(toy.target.ledger, toy.target.ledger.stat().st_size - 5)
    toy.edit("# KEEP\n")
    toy.lar("trial", "toy", "-m", "x")
    assert [row["trial"] for row in toy.rows()] == [record["id"] for record in toy.records()]


def test_a_whole_trial_survives_a_kill_at_random_moments(toy: "Toy") -> None:
    """The real command, really killed; each next trial starts where the last one died."""
    moments = random.Random(2)
    champion = CHAMPION
    for n in range(10):
        word = ("KEEP", "DISCARD")[n % 2]
        candidate = toy.edit(f"# {word} SLOW {n}\n")
        lar = toy.start("trial", "toy", "-m", f"try {n}")
        time.sleep(moments.uniform(0.0, 0.4))
        os.killpg(lar.pid, signal.SIGKILL)
        lar.communicate()
        assert_whole(toy, candidate, champion)
        champion = toy.git("show", f"HEAD:{toy.target.kernels}") + "\n"
    toy.edit("# KEEP at last\n")
    assert toy.lar("trial", "toy", "-m", "at last") == 0
    assert toy.rows()[-1]["keep"] == "yes"
    assert list((toy.root.parent / "tmp").iterdir()) == []


def test_the_referee_and_its_players_die_with_lar(toy: "Toy") -> None:
    """Only `lar` itself is killed, not its group; the kernel tells the rest."""
    toy.edit("# HANG\n")
    lar = toy.start("trial", "toy", "-m", "x")
    assert lar.stderr.readline() == "player started\n"
    assert len(toy.processes()) == 3
    lar.kill()
    give_up_at = time.monotonic() + 10  # a sixth of what they would live
    while (lar.poll() is None or toy.processes()) and time.monotonic() < give_up_at:
        time.sleep(0.01)
    assert toy.processes() == []
    lar.communicate()
    assert (toy.rows(), toy.records()) == ([], [])


def test_a_referee_that_dies_leaves_everything_as_it_was(
    toy: "Toy", capsys: pytest.CaptureFixture[str]
) -> None:
    """No verdict, no row: the tool's own failure is not the candidate's."""
    text = toy.edit("# DIE\n")
    assert toy.lar("trial", "toy", "-m", "x") == 1
    assert "ended without a verdict (exit code 9)" in capsys.readouterr().err
    assert (toy.rows(), toy.records()) == ([], [])
    assert toy.kernels.read_text() == text


def test_git_outlives_lar_and_keeps_the_lock_until_it_ends(toy: "Toy") -> None:
    """A git that is still writing when lar dies is waited for by the next trial."""
    lingers = "touch started; until [ -e go ] || [ $((n=n+1)) = 6000 ]; do sleep 0.01; done; touch ended"
    script = (
        "import os, signal; from pathlib import Path\n"
        "from lance_autoresearch import git, lock\n"
        "with lock.held(Path('targets/toy/trials'), print) as held:\n"
        "    repository = git.Repository(Path('.'), held)\n"
        f"    git.git(repository, '-c', 'alias.linger=!{lingers}', 'linger')\n"
    )
    lar = subprocess.Popen([sys.executable, "-c", script], cwd=toy.root, start_new_session=True)
    while not (toy.root / "started").exists():
        assert lar.poll() is None
        time.sleep(0.01)
    os.killpg(lar.pid, signal.SIGKILL)
    lar.wait()
    toy.edit("# DISCARD\n")
    waiting = toy.start("trial", "toy", "-m", "x")
    assert waiting.stderr.readline().startswith("waiting for the trial of process")
    assert (toy.rows(), toy.records()) == ([], [])
    (toy.root / "go").touch()
    waiting.communicate()
    assert (waiting.returncode, len(toy.rows())) == (0, 1)
    assert (toy.root / "ended").exists()
