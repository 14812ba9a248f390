"""The README's commands, as they stand."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RUN, TEST = "pip install uv && uv run lar run pq-l2", "pip install uv && uv run pytest"


def test_the_two_commands_stand_in_the_readme_and_ci_uses_the_second() -> None:
    """What a newcomer types is what CI types."""
    block = re.search(r"```\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    assert block.group(1).splitlines() == [RUN, TEST]
    assert TEST in (ROOT / ".ci" / "run").read_text().splitlines()


@pytest.mark.skipif(shutil.which("uv") is None, reason="the command is uv's")
def test_the_first_command_checks_times_and_judges_a_kernel() -> None:
    """`lar run pq-l2`, cut to one block, passes, prints all lines, and leaves nothing in the work tree."""
    before = subprocess.run(["git", "status", "--short"], cwd=ROOT, capture_output=True, check=True).stdout
    command = [*RUN.split("&& ")[1].split(), "--blocks", "1"]
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(":", 1) for line in done.stdout.splitlines() if ":" in line)
    assert done.stdout.startswith("---\n")
    assert lines["correctness"].strip() == "pass"
    assert lines["verdict"].strip() in ("keep", "discard")
    assert int(lines["geomean_ns_per_query"]) > 0
    assert lines["shapes_tested"].strip() == lines["distributions_tested"].strip() == "3"
    assert len(lines["per_combo_geomean_ns"].split()) == 9
    after = subprocess.run(["git", "status", "--short"], cwd=ROOT, capture_output=True, check=True).stdout
    assert after == before
