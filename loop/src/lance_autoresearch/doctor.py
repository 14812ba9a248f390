"""The doctor: an A/A trial on this machine, and what is wrong with the set-up."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lance_autoresearch import diagnosis, machine
from lance_autoresearch.diagnosis import Finding
from lance_autoresearch.errors import LarError
from lance_autoresearch.process import run_experiment
from lance_autoresearch.table import Column, print_table
from lance_autoresearch.workspace import Target

BLOCKS = 6


def examine(target: Target) -> list[Finding]:
    """Time two copies of the target's baseline against each other and return what was found.

    Raises: LarError if the process ends without a result.
    """
    load, before = machine.load_average(), machine.jiffies()
    with tempfile.TemporaryDirectory(prefix="lar-doctor-") as folder:
        copies = [Path(folder, name) for name in ("first_copy.py", "second_copy.py")]
        for copy in copies:
            shutil.copyfile(target.root / target.source / "baseline.py", copy)
        saved = Path(folder, "result.json")
        options = ["--candidate", str(copies[0]), "--opponent", str(copies[1])]
        options += ["--blocks", str(BLOCKS), "--save", str(saved)]
        code = run_experiment(target.root, target, options, quiet=True)
        if not saved.is_file():
            raise LarError(
                f"run_experiment ended without a result (exit code {code}); try lar verify {target.name}"
            )
        result = json.loads(saved.read_bytes())
    described = result.get("machine") or {}
    cores = machine.usable_cores()
    return [
        diagnosis.check_noise(result),
        diagnosis.check_identical(result),
        diagnosis.check_cores(cores),
        diagnosis.check_load(load, cores),
        diagnosis.check_governor(described.get("governor")),
        diagnosis.check_steal(machine.stolen_share(before, machine.jiffies())),
        diagnosis.check_sandbox(result.get("sandbox")),
        diagnosis.check_versions(described),
        diagnosis.check_git(machine.has_git()),
    ]


def print_findings(findings: Sequence[Finding]) -> None:
    """Print the table of findings, then cause and remedy of each that is not well."""
    columns = (Column("check"), Column("state"), Column("seen"))
    print_table(columns, [(finding.subject, finding.level, finding.seen) for finding in findings])
    for finding in findings:
        if finding.cause:
            print(
                f"\n{finding.level}: {finding.subject}\n  cause: {finding.cause}\n  try:   {finding.remedy}"
            )
