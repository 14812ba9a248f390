"""A tiny workspace with one target, `toy`, whose verdicts are named in its kernels.py."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lance_autoresearch import cli
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

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start `lar` as a process of its own group, as a shell would."""
        return subprocess.Popen(
            [sys.executable, "-m", "lance_autoresearch", *arguments],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # Under nohup or a script's `&`, Ctrl-C is ignored, and that is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

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


def wait_until(true: Callable[[], bool], within_s: float = 10.0) -> bool:
    """Return whether `true()` came to hold in time."""
    give_up_at = time.monotonic() + within_s
    while not true():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture
def plain_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    """A workspace without a repository, and nobody's git settings."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    root = tmp_path / "workspace"
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
    monkeypatch.chdir(root)
    toy = Toy(root)
    yield toy
    assert wait_until(lambda: not toy.processes()), f"left behind: {toy.processes()}"


@pytest.fixture
def toy(plain_folder: Toy) -> Toy:
    """A workspace on a run branch, with one commit."""
    plain_folder.git("init", "--quiet", "--initial-branch=main")
    plain_folder.git("config", "user.name", "Somebody")
    plain_folder.git("config", "user.email", "somebody@example.org")
    plain_folder.git("add", "--all")
    plain_folder.git("commit", "--quiet", "--message", "start")
    plain_folder.git("switch", "--quiet", "--create", BRANCH)
    return plain_folder
