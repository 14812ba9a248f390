"""A tiny workspace with one target, `toy`, whose verdicts are named in its kernels.py."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from lance_autoresearch import agent_process, budget, cli, journal, ledger, record, run_folder
from lance_autoresearch.git import Repository
from lance_autoresearch.workspace import Target

BRANCH = "autoresearch/toy/tag"
CHAMPION = "# the first kernel\n"
SOURCE = "targets/toy/src/toy"
README = """# Toy

<!-- targets:begin -->
| Target | Kernel | Upstream | Status | Baseline geomean |
|---|---|---|---|---:|
| [`toy`](targets/toy) | a \\| b | [lance](https://example.org) | live | 1.2 us |
| `next` | c | - | candidate | - |
<!-- targets:end -->
"""


@dataclass(frozen=True)
class Toy:
    """The workspace, and short ways to look at it and to run `lar` in it."""

    root: Path

    @property
    def target(self) -> Target:
        return Target(self.root, "toy")

    @property
    def repository(self) -> Repository:
        return Repository(self.root)

    @property
    def kernels(self) -> Path:
        return self.root / SOURCE / "kernels.py"

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def edit(self, text: str) -> str:
        """Make `text` the candidate and return it."""
        self.kernels.write_text(text)
        return text

    def lar(self, *arguments: str) -> int:
        """Run `lar` inside this process."""
        return cli.call(list(arguments))

    def start(self, *arguments: str) -> "Lar":
        """Start `lar` as a process of its own group, as a shell would."""
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            code: object = 1
            try:
                os.setpgid(0, 0)
                os.dup2(out_end, 1)
                os.dup2(err_end, 2)
                for end in (out, out_end, err, err_end):
                    os.close(end)
                sys.stdout, sys.stderr = (open(end, "w", buffering=1, closefd=False) for end in (1, 2))  # noqa: SIM115
                # Under nohup or a script's `&`, Ctrl-C is ignored, and that is inherited.
                signal.signal(signal.SIGINT, signal.default_int_handler)
                sys.argv = ["lar", *arguments]
                cli.main()
            except SystemExit as ended:
                code = ended.code
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code if isinstance(code, int) else 1)
        os.setpgid(child, child)  # here as well, because nobody knows who comes first
        os.close(out_end)
        os.close(err_end)
        return Lar(child, os.fdopen(out), os.fdopen(err))

    def rows(self) -> list[dict[str, str]]:
        """Return the ledger, read without the code under test."""
        if not self.target.ledger.exists():
            return []
        titles, *lines = self.target.ledger.read_text().splitlines()
        return [dict(zip(titles.split("\t"), line.split("\t"), strict=True)) for line in lines]

    def records(self) -> list[dict[str, Any]]:
        """Return the trial records, oldest first."""
        return [json.loads(path.read_text()) for path in sorted(self.target.trials.glob("*.json"))]

    def processes(self) -> list[int]:
        """Return the processes that work in this workspace or in a snapshot of it."""
        return [int(path.name) for path in Path("/proc").glob("[0-9]*") if self.owns(path)]

    def owns(self, process: Path) -> bool:
        try:
            words = (process / "cmdline").read_bytes().decode()
            place = os.readlink(process / "cwd")
        except OSError:
            return False
        # A snapshot lies in the temporary folder beside the workspace.
        home = str(self.root.parent)
        return int(process.name) != os.getpid() and (place.startswith(home) or home in words)


@dataclass
class Lar:
    """A `lar` that was forked from the tests, because a new Python takes longer than most trials.

    returncode  as of a `subprocess.Popen`, once it has ended
    """

    pid: int
    stdout: IO[str]
    stderr: IO[str]
    returncode: int | None = None

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if ended else None
        return self.returncode

    def communicate(self) -> tuple[str, str]:
        """Return what it says to its end; that has to fit into two pipes."""
        assert wait_until(lambda: self.poll() is not None, within_s=60.0), "lar does not end"
        with self.stdout, self.stderr:
            return self.stdout.read(), self.stderr.read()

    def kill(self) -> None:
        """Kill it, but not its group."""
        os.kill(self.pid, signal.SIGKILL)


def wait_until(true: Callable[[], bool], within_s: float = 10.0) -> bool:
    """Return whether `true()` came to hold in time."""
    give_up_at = time.monotonic() + within_s
    while not true():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.01)
    return True


KilledAt = Callable[[int, Callable[[], object]], bool]


@pytest.fixture
def killed_at() -> KilledAt:
    """Return what runs an action that is killed before its n-th step."""
    return run_killed_at


def run_killed_at(step: int, action: Callable[[], object]) -> bool:
    """Run `action` in a child that kills itself before its n-th step, and return whether it got there.

    A step is whatever reaches the disk or another process.
    """
    child = os.fork()
    if child == 0:
        taken = 0

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **options: Any) -> Any:
                nonlocal taken
                taken += 1
                if taken == step:
                    if real is os_write:  # die in the middle of the write
                        real(arguments[0], arguments[1][: len(arguments[1]) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **options)

            return call

        os_write = os.write
        os.write, os.fsync = counted(os.write), counted(os.fsync)
        os.replace, subprocess.run = counted(os.replace), counted(subprocess.run)
        code = 1
        try:
            action()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def lay_out(root: Path) -> None:
    """Write the files of the workspace."""
    source = root / SOURCE
    source.mkdir(parents=True)
    files = {
        root / "HARNESS.md": "the loop\n",
        root / "README.md": README,
        root / ".gitignore": "results.tsv\ntrials/\n__pycache__/\n",
        root / "targets/toy/pyproject.toml": "[project]\n",
        root / "targets/toy/program.md": "what the agent needs to know\n",
        source / "__init__.py": "",
        source / "kernels.py": CHAMPION,
        source / "baseline.py": "# the yardstick\n",
        source / "inputs.py": "# the inputs\n",
        source / "run_experiment.py": Path(__file__).with_name("stand_in.py").read_text(),
    }
    for path, text in files.items():
        path.write_text(text)


@pytest.fixture(scope="session")
def first_commit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return git's folder of a workspace on a run branch, with one commit: made once, and copied."""
    toy = Toy(tmp_path_factory.mktemp("first") / "workspace")
    lay_out(toy.root)
    with pytest.MonkeyPatch.context() as nobody_s:
        nobody_s.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        nobody_s.setenv("GIT_CONFIG_NOSYSTEM", "1")
        toy.git("init", "--quiet", "--initial-branch=main", "--template=")
        toy.git("config", "user.name", "Somebody")
        toy.git("config", "user.email", "somebody@example.org")
        toy.git("add", "--all")
        toy.git("commit", "--quiet", "--message", "start")
        toy.git("switch", "--quiet", "--create", BRANCH)
    return toy.root / ".git"


@pytest.fixture
def plain_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    """A workspace without a repository, and nobody's git settings."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(budget, "PAUSES_S", (0.01, 0.02, 0.03, 0.04))  # hours in a night
    monkeypatch.setattr(agent_process, "PACE_S", 0.01)
    # To wait for the disk helps against a power cut, which no test makes; git's own tests set this, too.
    monkeypatch.setenv("GIT_TEST_FSYNC", "0")
    monkeypatch.setattr(os, "fsync", lambda file: None)
    (tmp_path / "tmp").mkdir()
    root = tmp_path / "workspace"
    lay_out(root)
    monkeypatch.chdir(root)
    toy = Toy(root)
    yield toy
    assert wait_until(lambda: not toy.processes()), f"left behind: {toy.processes()}"


@pytest.fixture
def toy(plain_folder: Toy, first_commit: Path) -> Toy:
    """A workspace on a run branch, with one commit."""
    shutil.copytree(first_commit, plain_folder.root / ".git")
    return plain_folder


NASTY = "<script>alert(1)</script> & \"quoted\" <img src=x onerror='y'>"
COMBOS = ("uniform/64x8", "sparse/64x8", "uniform/768x96", "sparse/768x96")
MIDNIGHT_S = 1763856000  # of 23 November 2025
# What was tried, the verdict, the ratio to the champion, and the speedup over the baseline that a keep has.
TRIALS = (
    ("scan two sub-vectors per pass", "keep", 0.8, 1.25),
    (f"unroll by hand {NASTY}", "discard", 1.02, None),
    ("gather codes", "fail", 0.5, None),
    ("block the rows by 512", "keep", 0.75, 1.667),
    ("a table of bytes", "discard", 2.4, None),
    ("prefetch", "crash", None, None),
    ("a threshold before the heap", "keep", 0.9, 1.852),
    ("drop the temporary", "discard", 0.998, None),
)


def kernel(number: int) -> str:
    """Return the text of the kernel after `number` keeps, with a line that a page must not believe."""
    lines = [f"    total += table[{i}]\n" for i in range(3 + number)]
    return f"def scan(table):  # KEEP\n    total = {number}\n{''.join(lines)}    return total  # {NASTY}\n"


def made_record(place: int, champion: str, candidate: str, start: str) -> dict[str, Any]:
    """Return the record of trial `place` of `TRIALS`, in the shape that `lar trial` writes."""
    hypothesis, verdict, ratio, speedup = TRIALS[place]
    against = {combo: (speedup or 1) * (1 + 0.05 * at) for at, combo in enumerate(COMBOS)}
    return {
        "verdict": verdict,
        "reason": f"the {verdict} of {NASTY}",
        "correctness": "pass",
        "total_seconds": 61.5,
        "ratio": ratio,
        "ratio_low": ratio and ratio * 0.99,
        "ratio_high": ratio and ratio * 1.01,
        "combos": {},
        "speedup_vs_baseline": speedup,
        "speedup_vs_baseline_low": speedup and speedup * 0.98,
        "speedup_vs_baseline_high": speedup and speedup * 1.02,
        "combos_vs_baseline": {
            combo: {"speedup": one, "speedup_low": one * 0.98, "speedup_high": one * 1.02}
            for combo, one in against.items()
        }
        if speedup
        else {},
        "seed": 7,
        "sandbox": "landlock and seccomp",
        "machine": {"cpu": "Some CPU", "cores": 2, "system": "Linux", "python": "3.11", "numba": "0.68.1"},
        "samples": {"blocks": []},
        "id": f"20251123T0{place}0000-000-abcdef",
        "timestamp": f"2025-11-23T0{place}:00:00Z",
        "branch": "autoresearch/toy/night",
        "hypothesis": hypothesis,
        "champion_commit": start,
        "start_commit": start,
        "candidate_text": candidate,
        "champion_text": champion,
        "diff": record.unified_diff(champion, candidate, f"{SOURCE}/kernels.py"),
        "target": "toy",
        "judged": True,
    }


@pytest.fixture
def made_night(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> run_folder.RunFolder:
    """The folder of an unattended run that has come to an end: `TRIALS`, and a turn without one."""
    monkeypatch.setenv("LAR_RUNS", str(tmp_path / "runs"))
    (toy.root / SOURCE / "inputs.py").write_text("# the inputs of the night\n")
    start = tip = committed(toy, kernel(0))
    asked = run_folder.Settings("toy", "night", "claude", None, start, 45.0, 10.0, trials=9, hours=8.0)
    run = run_folder.begin(toy.root, asked)
    run.target.trials.mkdir(parents=True)
    keeps = 0
    for place, (_, verdict, _, _) in enumerate(TRIALS):
        candidate = kernel(keeps + 1) if verdict == "keep" else f"{kernel(keeps)}# {place}\n"
        made = made_record(place, kernel(keeps), candidate, start)
        if verdict == "keep":
            keeps += 1
            tip = committed(toy, candidate)
        record.save(run.target.trials, made)
        ledger.append(run.target.ledger, ledger.row_of(made, tip, verdict == "keep"))
        took_turn(run, place + 1, MIDNIGHT_S + place * 3600, made["id"], verdict == "keep")
    took_turn(run, len(TRIALS) + 1, MIDNIGHT_S + len(TRIALS) * 3600, None, False)
    toy.git("branch", "autoresearch/toy/night", tip)
    # The checkout has gone on since: its kernel is the start's, its inputs are others.
    toy.git("reset", "--quiet", "--hard", start)
    (toy.root / SOURCE / "inputs.py").write_text("# the inputs of later\n")
    toy.git("commit", "--quiet", "--all", "--message", "other inputs")
    run.last_message.write_text(f"stopped: all of it is used up {NASTY}\nthe branch: night\n")
    return run


def committed(toy: Toy, text: str) -> str:
    """Commit `text` as the kernel, with all else that was edited, and return the commit."""
    toy.edit(text)
    toy.git("commit", "--quiet", "--all", "--message", "made")
    return toy.git("rev-parse", "HEAD")


def took_turn(run: run_folder.RunFolder, number: int, at_s: float, trial: str | None, kept: bool) -> None:
    """Write a whole step into the journal of `run`."""
    said = {"mechanism": "memory layout", "prediction": f"0.9 {NASTY}", "learned": f"lesson {number}"}
    turn = {
        "reason": "ended",
        "wall_s": 600.0,
        "tokens_in": 1000,
        "tokens_out": 500,
        "cost_usd": 0.25,
        **said,
    }
    outcome = "stalled" if trial is None else "kept" if kept else "discard"
    ended = {"outcome": outcome, "told": f"told {NASTY}", "wall_s": 700.0}
    ended |= {"trials": [trial] if trial else [], "kept": [kept] if trial else []}
    for event, facts in (("began", {"champion": "0" * 40, "at_s": at_s}), ("turn", turn), ("ended", ended)):
        journal.append(run.journal, event, number, facts)
