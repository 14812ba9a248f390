"""A night with an agent that is known by name: its own flags, its own stream, `lar` on its PATH."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lance_autoresearch import agent_process, evolve, journal, run_folder
from lance_autoresearch.agent_process import Ending, Limits
from lance_autoresearch.agents import Launch

if TYPE_CHECKING:
    from conftest import Toy

STAND_IN = Path(__file__).with_name("stand_in_agent.py")
PLAN = """\
improve {folder}/one.py
edit-reference
crash
trial {folder}/two.py
"""


def test_a_night_with_a_named_agent(toy: "Toy", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told what is left, types `lar`, is read in its own format, and what it reports is added up."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "claude").symlink_to(STAND_IN)
    toy.kernels.with_name("reference.py").write_text("# the oracle\n")
    toy.git("add", "--all")
    toy.git("commit", "--quiet", "--message", "an oracle")
    (tmp_path / "one.py").write_text("x = 'KEEP one'\n")
    (tmp_path / "two.py").write_text("x = 'DISCARD two'\n")
    (tmp_path / "plan").write_text(PLAN.format(folder=tmp_path))
    for name, value in {
        "LAR_RUNS": tmp_path / "runs",
        "STAND_IN_PLAN": tmp_path / "plan",
        "STAND_IN_KERNELS": toy.target.kernels,
        "STAND_IN_TARGET": "toy",
        "PATH": f"{tools}:/usr/bin:/bin",  # no lar, until the loop adds it
    }.items():
        monkeypatch.setenv(name, str(value))
    asked: list[tuple[tuple[str, ...], Limits]] = []

    def noted(started: Launch, workdir: Path, output: Path, limits: Limits, **more: Any) -> Ending:
        asked.append((started.argv, limits))
        return agent_process.run_agent(started, workdir, output, limits, **more)

    monkeypatch.setattr(evolve, "run_agent", noted)
    options = ["--trials", "2", "--hours", "0.5", "--budget-usd", "2"]
    assert toy.lar("evolve", "toy", "--agent", "claude", "--tag", "night", *options) == 0
    run = run_folder.found(toy.root, "toy")
    steps = journal.read_steps(run.journal)
    assert [step.ended["outcome"] for step in steps] == ["kept", "outside", "nothing", "discard"]
    assert [step.turn["cost_usd"] for step in steps] == [0.25, 0.25, None, 0.25]
    assert "exit code was 3" in steps[2].ended["told"]
    words = [argv[argv.index("--max-budget-usd") + 1] for argv, _ in asked]
    assert words == ["2.00", "1.75", "1.50", "1.25"], "the third is estimated: it named tokens"
    assert all(0 < limits.turn_s < 1800 for _, limits in asked)
    assert {limits.output_bytes for _, limits in asked} == {evolve.OUTPUT_BYTES}
    row = json.loads((run.target.trials / f"{steps[3].ended['trials'][0]}.json").read_text())
    assert row["hypothesis"] == "unrolled the loop"
    assert run.last_message.read_text().startswith("stopped: 2 of 2 trials are done\n")
