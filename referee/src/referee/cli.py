"""The command line of every target's `run_experiment`: one trial, its block on stdout, its exit code."""

import contextlib
import importlib.util
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from harness_common.budget import TIME_BUDGET_SECS
from referee import machine, machine_lock, profile_text, report, trial
from referee.contender import source_roots
from referee.player_process import Rules
from referee.profile import take_profile
from referee.progress import Progress
from referee.stage import Question
from referee.workload import Experiment

WRONG_USAGE = 64  # EX_USAGE of sysexits.h; 2 always means a wrong kernel
INTERRUPTED = 130
RUN_BLOCKS = 5

Candidate = Annotated[Path | None, typer.Option(help="Kernel to judge [default: the package's kernels.py].")]
Opponent = Annotated[Path | None, typer.Option(help="Kernel to beat [default: the package's baseline.py].")]
Seed = Annotated[int | None, typer.Option(min=0, max=2**64 - 1, help="Repeat a recorded trial.")]
Verify = Annotated[bool, typer.Option("--verify", help="Check correctness only.")]
Confirm = Annotated[bool, typer.Option("--confirm", help="Go on until it is clear; repeat a keep.")]
Profile = Annotated[bool, typer.Option("--profile", help="Say where time goes; judges nothing.")]
Blocks = Annotated[int | None, typer.Option(min=1, max=1000, help="Time exactly so many blocks.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of the block.")]
Save = Annotated[Path | None, typer.Option(help="Also write the JSON document to this file.")]


def main(experiment: Experiment) -> None:
    """Run the command line for one target and exit."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    module = f"{experiment.package}.run_experiment"
    text = (
        f"Judge a kernel of {experiment.package}: is it right, and is it faster than its opponent?\n\n"
        f"Example: python -m {module} --seed 7"
    )

    @app.command(help=text, context_settings={"help_option_names": ["-h", "--help"]})
    def run_experiment(
        candidate: Candidate = None,
        opponent: Opponent = None,
        seed: Seed = None,
        verify: Verify = False,
        confirm: Confirm = False,
        profile: Profile = False,
        blocks: Blocks = None,
        as_json: Json = False,
        save: Save = None,
    ) -> int:
        return run(experiment, candidate, opponent, seed, verify, confirm, profile, blocks, as_json, save)

    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may have had it ignored until here
    try:
        code = app(standalone_mode=False, prog_name=f"python -m {module}")
    except typer.TyperException as error:
        error.show()  # type: ignore[attr-defined]  # every error of the parser has it
        code = WRONG_USAGE
    except BrokenPipeError:  # whoever read our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        code = 1
    sys.exit(code)


def run(
    experiment: Experiment,
    candidate: Path | None,
    opponent: Path | None,
    seed: int | None,
    verify: bool,
    confirm: bool,
    profile: bool,
    blocks: int | None,
    as_json: bool,
    save: Path | None,
) -> int:
    """Run one trial and return its exit code."""
    if save is not None and not save.parent.is_dir():
        raise typer.BadParameter(f"expected a file in a folder that exists, got {save}", param_hint="--save")
    if profile and (verify or confirm or opponent is not None or blocks is not None):
        message = (
            "expected it with none of --verify, --confirm, --opponent, --blocks: a profile judges nothing"
        )
        raise typer.BadParameter(message, param_hint="--profile")
    package_path = package_folder(experiment.package)
    baseline_path = package_path / "baseline.py"
    question = Question(
        candidate_text=read_kernel(candidate or package_path / "kernels.py"),
        opponent_text=read_kernel(opponent or baseline_path),
        opponent_name="champion" if opponent else "baseline",
        baseline_text=read_kernel(baseline_path) if confirm and opponent else None,
        seed=seed,
        verify_only=verify,
        confirm=confirm,
        n_blocks=blocks or (None if confirm else RUN_BLOCKS),
        time_budget_s=TIME_BUDGET_SECS,
    )
    progress = Progress(sys.stderr)
    try:
        with machine_lock.alone(progress.note) as folder:
            start_s = time.monotonic()  # the wait for another trial is not this one's time
            progress.start()
            described = machine.describe()
            rules = Rules(*machine.pin_referee())
            roots = source_roots(package_path)
            if profile:
                found = take_profile(experiment, question, folder, roots, rules, progress, time.monotonic)
            else:
                record = trial.run(experiment, question, folder, roots, rules, progress)
    except KeyboardInterrupt:
        progress.note("interrupted: nothing was decided")
        return INTERRUPTED
    finally:
        progress.close()
    total_s = time.monotonic() - start_s
    if profile:
        found |= {"machine": described, "total_seconds": round(total_s, 1)}
    else:
        found = report.document(experiment.package.replace("_", "-"), question, record, described, total_s)
    if found["detail"]:
        progress.note(found["detail"])
    if save is not None:
        write_whole(save, json.dumps(found))
    shown = profile_text.text if profile else report.block
    print(json.dumps(found) if as_json else shown(found))
    return int(found["exit_code"])


def package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def read_kernel(path: Path) -> str:
    """Return the text of a kernel file; bytes that are no UTF-8 stay in it for the policy to refuse.

    Raises typer.BadParameter if there is no such file to read.
    """
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise typer.BadParameter(f"expected a readable kernel file, got {path}: {error}") from None


def write_whole(path: Path, text: str) -> None:
    """Write `text` to `path` so that a reader finds all of it or nothing."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def interrupted(signal_number: int, frame: FrameType | Any) -> None:
    raise KeyboardInterrupt
