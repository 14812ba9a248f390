"""The loop, the referee and pq-l2 together: real commands on a real kernel in a repository of their own."""

import ast
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


def with_parts_of(old: str, better: str, names: set[str]) -> str:
    """Return the kernel `old` with the functions and constants `names` of `better` at its end."""

    def parts(text: str) -> list[tuple[int, int]]:
        found = []
        for node in ast.parse(text).body:
            name = node.name if isinstance(node, ast.FunctionDef) else ast.unparse(node).split(" = ")[0]
            if name in names:
                first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
                found.append((first - 1, node.end_lineno or node.lineno))
        return found

    kept = old.splitlines()
    for first, end in reversed(parts(old)):
        del kept[first:end]
    lines = better.splitlines()
    taken = [line for first, end in parts(better) for line in [*lines[first:end], ""]]
    return "\n".join([*kept, *taken])


def test_a_night_on_a_real_kernel(
    checkout: Path, lar: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """`lar evolve` with an agent that improves the kernel in two steps, then writes the old one again."""
    old, better = checkout / KERNELS, checkout / "targets/pq-l2/tests/cheats/honest_fast.py"
    half_way = with_parts_of(old.read_text(), better.read_text(), {"STRETCH", "smallest"})
    (tmp_path / "half_way.py").write_text(half_way)
    (tmp_path / "old.py").write_text(old.read_text())
    script = [
        f"write @{tmp_path / 'half_way.py'} ; say Hypothesis: ask the heap only if a stretch has a chance",
        f"write @{better} ; say Hypothesis: the codebook by coordinate",
        f"write @{tmp_path / 'old.py'}",
    ]
    (tmp_path / "script").write_text("\n".join(script))
    agent = f"{sys.executable} {ROOT / 'loop/tests/scripted_agent.py'} {{prompt_file}} {{workdir}} pq-l2"
    done = lar("evolve", "pq-l2", "--agent", agent, "--tag", "night", "--trials", "3")
    assert done.returncode == 0, done.stderr
    (tree,) = (tmp_path / "runs").glob("*/pq-l2-night/worktree")
    first, second, last = rows(tree)
    for row in (first, second):
        assert (row["verdict"], row["correctness"], row["keep"]) == ("keep", "pass", "yes"), done.stderr
        assert float(row["ratio_low"]) <= float(row["ratio"]) <= float(row["ratio_high"]) < 1.0
    assert (last["verdict"], last["keep"]) == ("discard", "no")
    assert (tree / KERNELS).read_text() == better.read_text()
    assert old.read_text() == (tmp_path / "old.py").read_text(), "the checkout itself is left alone"
    record = json.loads((tree / TRIALS / f"{second['trial']}.json").read_text())
    assert record["champion_text"] == half_way, "each step is judged against the one before"
    assert len(record["samples"]["confirmation_blocks"]) == len(record["samples"]["blocks"])
    branch = "autoresearch/pq-l2/night"
    subjects = subprocess.run(
        ["git", "log", "-2", "--format=%s", branch], cwd=checkout, capture_output=True, text=True, check=True
    )
    newest, older = subjects.stdout.splitlines()
    assert "the codebook by coordinate" in newest
    assert "ask the heap only" in older
    assert "stopped: 3 of 3 trials are done" in done.stdout
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
