"""The loop, the referee and pq-l2 together: real commands on a real kernel in a repository of their own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KERNELS = Path("targets/pq-l2/src/pq_l2/kernels.py")
TRIALS = Path("targets/pq-l2/trials")
LEDGER = Path("targets/pq-l2/results.tsv")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a repository with what git tracks of this one, on a run branch; one combo is enough to time."""
    folder = tmp_path / "checkout"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    inputs = folder / KERNELS.with_name("inputs.py")
    text = inputs.read_text()
    all_combos = "[(name, distribution) for name in SHAPES for distribution in DISTRIBUTIONS]"
    assert all_combos in text
    inputs.write_text(text.replace(all_combos, '[("128x16", "uniform")]'))
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "start"],
        ["switch", "-qc", "autoresearch/pq-l2/test"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


@pytest.fixture
def lar(checkout: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs `lar` in the checkout; its lock and folders are its own."""
    environment = {**os.environ, "TMPDIR": str(tmp_path), "LAR_MACHINE_LOCK": str(tmp_path)}
    environment |= {"LAR_RUNS": str(tmp_path / "runs"), "SCRIPT": str(tmp_path / "script")}

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lance_autoresearch", *arguments],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def rows(checkout: Path) -> list[dict[str, str]]:
    """Return the rows of the ledger."""
    header, *lines = (checkout / LEDGER).read_text().splitlines()
    return [dict(zip(header.split("\t"), line.split("\t"), strict=True)) for line in lines]


def test_a_wrong_kernel_is_recorded_and_taken_back(
    checkout: Path, lar: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Exit 2, the champion back in place, a ledger row, and the diff kept in the record."""
    champion = (checkout / KERNELS).read_text()
    wrong = champion.replace("ZERO = np.float32(0.0)", "ZERO = np.float32(1.0)")
    assert wrong != champion
    (checkout / KERNELS).write_text(wrong)
    done = lar("trial", "pq-l2", "-m", "begin every sum with 1")
    assert done.returncode == 2, done.stderr
    assert (checkout / KERNELS).read_text() == champion
    (row,) = rows(checkout)
    assert (row["verdict"], row["correctness"], row["keep"]) == ("fail", "fail", "no")
    record = json.loads((checkout / TRIALS / f"{row['trial']}.json").read_text())
    assert "+ZERO = np.float32(1.0)" in record["diff"]
    assert "case " in record["reason"]


def test_a_night_on_a_real_kernel(
    checkout: Path, lar: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """`lar evolve` with an agent that improves the kernel, then writes the old one again."""
    old, better = checkout / KERNELS, checkout / "targets/pq-l2/tests/cheats/honest_fast.py"
    (tmp_path / "old.py").write_text(old.read_text())
    script = [
        f"write @{better} ; say Hypothesis: ask the heap only if a stretch has a chance",
        f"write @{tmp_path / 'old.py'}",
    ]
    (tmp_path / "script").write_text("\n".join(script))
    agent = f"{sys.executable} {ROOT / 'loop/tests/scripted_agent.py'} {{prompt_file}} {{workdir}} pq-l2"
    done = lar("evolve", "pq-l2", "--agent", agent, "--tag", "night", "--trials", "2")
    assert done.returncode == 0, done.stderr
    (tree,) = (tmp_path / "runs").glob("*/pq-l2-night/worktree")
    first, second = rows(tree)
    assert (first["verdict"], first["correctness"], first["keep"]) == ("keep", "pass", "yes"), done.stderr
    assert float(first["ratio_low"]) <= float(first["ratio"]) <= float(first["ratio_high"]) < 1.0
    assert (second["verdict"], second["keep"]) == ("discard", "no")
    assert float(second["ratio_low"]) > 1.0, "the old kernel is judged against the new champion"
    assert (tree / KERNELS).read_text() == better.read_text()
    assert old.read_text() == (tmp_path / "old.py").read_text(), "the checkout itself is left alone"
    kept, dropped = (
        json.loads((tree / TRIALS / f"{row['trial']}.json").read_text()) for row in (first, second)
    )
    assert dropped["champion_text"] == better.read_text()
    assert len(kept["samples"]["confirmation_blocks"]) == len(kept["samples"]["blocks"])
    branch = "autoresearch/pq-l2/night"
    subject = subprocess.run(
        ["git", "log", "-1", "--format=%s", branch], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert "ask the heap only" in subject.stdout
    assert "stopped: 2 of 2 trials are done" in done.stdout
    assert "measured again on a fresh seed, against the baseline: " in done.stdout
    assert branch in done.stdout


def test_a_refused_kernel_names_rule_and_line(
    checkout: Path, lar: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Exit 1 before anything runs, and the ledger says why."""
    champion = (checkout / KERNELS).read_text()
    (checkout / KERNELS).write_text(f"{champion}\n\nTIMES = eval('{{}}')\n")
    done = lar("trial", "pq-l2", "-m", "remember")
    assert done.returncode == 1, done.stderr
    n_lines = len(champion.splitlines()) + 3
    assert f"name: kernels.py:{n_lines}: eval has no place in a kernel" in done.stdout
    assert rows(checkout)[0]["verdict"] == "rejected"
    assert "eval has no place" in lar("log", "pq-l2").stdout


def test_a_changed_referee_is_named(
    checkout: Path, lar: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """An agent that moves the guard is told which file it was."""
    rule = checkout / "referee/src/referee/keep_rule.py"
    (checkout / KERNELS).write_text((checkout / KERNELS).read_text() + "\n# another\n")
    assert lar("trial", "pq-l2", "--help").returncode == 0
    start = ["git", "update-ref", "refs/autoresearch/start/autoresearch/pq-l2/test", "HEAD"]
    subprocess.run(start, cwd=checkout, check=True)
    rule.write_text(rule.read_text().replace("GUARD = 1.05", "GUARD = 2.0"))
    done = lar("trial", "pq-l2", "-m", "another")
    assert done.returncode == 1
    assert "referee/src/referee/keep_rule.py" in done.stdout + done.stderr


def test_a_target_needs_no_loop(checkout: Path, tmp_path: Path) -> None:
    """`python -m pq_l2.run_experiment` in the target's folder prints the block without lance_autoresearch."""
    blocker = "import sys; sys.modules['lance_autoresearch'] = None; import runpy; "
    blocker += "sys.argv = ['x', '--verify', '--seed', '7']; "
    blocker += "runpy.run_module('pq_l2.run_experiment', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", blocker],
        cwd=checkout / "targets/pq-l2",
        env={**os.environ, "TMPDIR": str(tmp_path), "LAR_MACHINE_LOCK": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("---\n")
    assert "seed:                 7\n" in done.stdout
