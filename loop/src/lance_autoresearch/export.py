"""`lar export`: what a person takes to Lance, in one folder."""

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lance_autoresearch import snapshot
from lance_autoresearch.errors import LarError
from lance_autoresearch.git import Repository
from lance_autoresearch.history import History, histories, leading
from lance_autoresearch.packet import packet_text
from lance_autoresearch.process import run_experiment
from lance_autoresearch.record import Record, as_bytes, unified_diff
from lance_autoresearch.workspace import Target

N_SEEDS = 2


def export(target: Target, tag: str | None, output: Path | None, say: Callable[[str], None]) -> Path:
    """Measure a run's champion on fresh seeds, write the packet, and return its folder.

    tag     of the run; without one, the run that is furthest ahead of the baseline
    output  the folder to make; nothing is written into one that exists, because somebody may have edited it

    Raises: LarError if nothing was kept, if the folder exists, or if the champion no longer passes.
    """
    run = leading(histories(target.root, target.name), tag)
    if not run.keeps:
        raise LarError(
            f"expected a keep in run {run.tag} of {target.name}, found none in {len(run.trials)} trials\n"
            f"see what was tried: lar report {target.name}"
        )
    folder = output or target.root / "export" / f"{target.name}-{run.tag}"
    if folder.exists():
        raise LarError(f"expected no {folder} yet, found one; move it away, or choose another --output")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        write_packet(target, run, unfinished, say)
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def write_packet(target: Target, run: History, folder: Path, say: Callable[[str], None]) -> None:
    """Write all files of the packet into `folder`."""
    measured = measured_again(target, run, folder, say)
    names = [f"measured-{found['seed']}.json" for found in measured]
    for name, found in zip(names, measured, strict=True):
        with (folder / name).open("x") as file:  # two seeds are two files
            file.write(json.dumps(found, indent=1) + "\n")
    diff = unified_diff(run.start_text, run.champion_text, target.kernels)
    (folder / "kernels.diff").write_bytes(as_bytes(diff))
    (folder / "kernels.py").write_bytes(as_bytes(run.champion_text))
    page = target.root / "docs" / "targets" / f"{target.name}.md"
    today = time.strftime("%Y-%m-%d", time.gmtime())
    text = packet_text(run, measured, page.read_text() if page.is_file() else "", names, today)
    (folder / "README.md").write_text(text)


def measured_again(target: Target, run: History, folder: Path, say: Callable[[str], None]) -> list[Record]:
    """Judge the kernel of the last keep's commit against the baseline, with the files of the run's start.

    folder  takes a note of the temporary files, while they exist

    Raises: LarError if it does not pass; Interrupted on Ctrl-C.
    """
    found = []
    with snapshot.judging_folder(folder) as files:
        snapshot.extract(Repository(target.root), run.start, target, files)
        kernel, result = files / "champion.py", files / "result.json"
        kernel.write_bytes(as_bytes(run.champion_text))
        for number in range(1, N_SEEDS + 1):
            say(f"measuring the champion on fresh seed {number} of {N_SEEDS}")
            result.unlink(missing_ok=True)
            run_experiment(files, target, ["--candidate", str(kernel), "--save", str(result)], quiet=True)
            one: Record = json.loads(result.read_bytes()) if result.is_file() else {}
            if one.get("correctness") != "pass" or not one.get("ratio"):
                raise LarError(
                    "expected the champion to pass again, got: "
                    f"{one.get('reason') or 'no answer from the referee'}; nothing written"
                )
            found.append(one)
    return found
