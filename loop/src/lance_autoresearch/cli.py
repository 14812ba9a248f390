"""The `lar` command: reads the options, calls one function per verb, and maps endings to exit codes."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from lance_autoresearch import doctor as doctor_report
from lance_autoresearch import log_command, night_command, report, report_command
from lance_autoresearch.errors import Interrupted, LarError
from lance_autoresearch.interrupts import raise_on_signals
from lance_autoresearch.new_target import new_target
from lance_autoresearch.process import run_experiment
from lance_autoresearch.table import print_table
from lance_autoresearch.target_table import read_target_table
from lance_autoresearch.trial import try_candidate
from lance_autoresearch.workspace import Target, find_root, find_target, target_names

WRONG_USAGE = 64  # EX_USAGE of sysexits(3), so that 2 always means a wrong kernel

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=(
        "Evolve Lance's hot kernels: check them, time them, keep what is faster.\n\n"
        "\b\nExit codes: 0 done, 2 wrong kernel, 3 over time, 1 anything else, 64 wrong usage.\n"
        "Example: lar run pq-l2"
    ),
)

TargetName = Annotated[
    str, typer.Argument(metavar="TARGET", help="A folder under targets/; lar targets lists all.")
]
Seed = Annotated[
    int | None,
    typer.Option(
        min=0, max=2**64 - 1, metavar="N", help="Draw the inputs from this seed, to repeat a trial."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


def chosen(name: str) -> Target:
    """Return the target called `name` in the workspace around the current folder."""
    return find_target(find_root(Path.cwd()), name)


def say(line: str) -> None:
    """Tell the user something that is not data."""
    print(line, file=sys.stderr, flush=True)


def told_by(target: Target, options: list[str]) -> int:
    """Run the working tree's target and return its exit code; of a Ctrl-C it has told by itself."""
    try:
        return run_experiment(target.root, target, options)
    except Interrupted as stopped:
        if stopped.exit_code != 130:
            raise
        return 130


def show_version(asked: bool) -> None:
    """Print which version this is, and end, if the user asks for it."""
    if asked:
        from importlib.metadata import version  # slow to import

        print(f"lar {version('lance-autoresearch')}")
        raise typer.Exit


@app.callback()
def every_command(
    _: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Read what stands before a command."""


@app.command()
def targets() -> int:
    """List the targets and what has been measured of them.

    Example: lar targets
    """
    columns, rows = read_target_table(find_root(Path.cwd()) / "README.md")
    print_table(columns, rows)
    return 0


@app.command()
def run(
    target: TargetName,
    seed: Seed = None,
    blocks: Annotated[
        int | None, typer.Option(min=1, max=1000, metavar="N", help="Run exactly this many blocks.")
    ] = None,
    json_output: Json = False,
) -> int:
    """Judge the working tree's kernels.py against the baseline.

    Records nothing.

    Example: lar run pq-l2 --seed 7
    """
    found = chosen(target)
    options = [] if seed is None else ["--seed", str(seed)]
    options += [] if blocks is None else ["--blocks", str(blocks)]
    return told_by(found, options + ["--json"] * json_output)


@app.command()
def verify(target: TargetName, seed: Seed = None, json_output: Json = False) -> int:
    """Check that kernels.py is right, without timing it: seconds.

    Example: lar verify pq-l2
    """
    found = chosen(target)
    options = ["--verify"] + ([] if seed is None else ["--seed", str(seed)])
    return told_by(found, options + ["--json"] * json_output)


@app.command()
def profile(target: TargetName, seed: Seed = None, json_output: Json = False) -> int:
    """Say where kernels.py spends its time, in at most 2 KB.

    Time and bytes per combo, time by function, the hot loop's assembly: half a minute. Decides and records
    nothing.

    Example: lar profile pq-l2
    """
    found = chosen(target)
    options = ["--profile"] + ([] if seed is None else ["--seed", str(seed)])
    return told_by(found, options + ["--json"] * json_output)


@app.command()
def trial(
    target: TargetName,
    message: Annotated[
        str, typer.Option("--message", "-m", help="The hypothesis: what you changed and why.")
    ],
    seed: Seed = None,
    json_output: Json = False,
) -> int:
    """Judge kernels.py against the champion; keep or drop it.

    The champion is kernels.py at HEAD of the run branch. Appends a row to results.tsv;
    commits kernels.py if it is kept, puts the champion back otherwise.
    The diff and every sample stay in trials/<id>.json.

    Example: lar trial pq-l2 -m "gather sixteen codes at a time"
    """
    found = chosen(target)
    if not message.strip():
        raise typer.BadParameter("expected a hypothesis, got nothing", param_hint="--message")
    return try_candidate(found, message, seed, json_output, say)


@app.command()
def evolve(
    target: TargetName,
    agent: night_command.Agent = None,
    tag: night_command.Tag = None,
    resume: night_command.Resume = False,
    trials: night_command.Trials = None,
    hours: night_command.Hours = None,
    budget_usd: night_command.Usd = None,
    stop_after_discards: night_command.Discards = None,
    model: night_command.Model = None,
    turn_minutes: night_command.TurnMinutes = None,
    stall_minutes: night_command.StallMinutes = None,
) -> int:
    """Let an agent work on a kernel for a night, unattended.

    On a branch and in a work tree of its own: your checkout stays as it is. The loop starts the
    agent again and again and judges what it leaves. Ctrl-C stops it, --resume goes on.

    Example: lar evolve pq-l2 --agent claude --hours 8 --budget-usd 20
    """
    found = chosen(target)
    limits = {
        "trials": trials,
        "hours": hours,
        "usd": budget_usd,
        "discards": stop_after_discards,
        "turn_minutes": turn_minutes,
        "stall_minutes": stall_minutes,
    }
    run_of_it = night_command.begin_or_resume(found, resume, tag, agent, model, limits)
    return night_command.through_the_night(found, run_of_it, say)


@app.command()
def log(target: TargetName, tag: log_command.Run = None, json_output: Json = False) -> int:
    """Show what has been tried, oldest first, a line each.

    --json has all of it.

    Example: lar log pq-l2
    """
    rows = log_command.rows_to_show(chosen(target), tag, say)
    if json_output:
        print(json.dumps([report.as_json(row) for row in rows], indent=1))
    elif rows:
        print_table(report.COLUMNS, [report.report_line(row) for row in rows])
    return 0


@app.command("report")
def write_report(
    target: Annotated[
        str | None, typer.Argument(metavar="TARGET", help="A folder under targets/, or --all.")
    ] = None,
    every: report_command.All = False,
    output: report_command.Output = None,
) -> int:
    """Write what a night came to: one HTML page, and progress.png.

    The champion and its gain, its course over the trials, its combos, its diff and the ledger.
    The page needs no network and no scripts. Prints the paths.

    Example: lar report pq-l2
    """
    if every == (target is not None):
        raise typer.BadParameter("expected either a target or --all", param_hint="TARGET")
    root = find_root(Path.cwd())
    paths = (
        report_command.write_all(root, output)
        if target is None
        else report_command.write_report(root, target, output)
    )
    print("\n".join(str(path) for path in paths))
    return 0


@app.command("watch")
def watch_run(
    target: Annotated[
        str | None, typer.Argument(metavar="TARGET", help="By default that of the last run.")
    ] = None,
    tag: Annotated[
        str | None, typer.Option("--tag", "--run", metavar="NAME", help="The run [default: the last].")
    ] = None,
) -> int:
    """Watch an unattended run; Ctrl-C leaves it alone.

    In a pipe, a line for each thing that happens. Ends when the run does.

    Example: lar watch pq-l2
    """
    # Rich is slow to import, and no other command needs it.
    from rich.console import Console

    from lance_autoresearch import watch

    root = find_root(Path.cwd())
    watch.watch(root, watch.watched(root, target, tag), Console())
    return 0


@app.command("export")
def export_packet(
    target: TargetName,
    tag: Annotated[
        str | None,
        typer.Option("--tag", "--run", metavar="NAME", help="The run [default: the furthest ahead]."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder to make [default: export/TARGET-NAME].")
    ] = None,
) -> int:
    """Write the packet for Lance: a draft pull request.

    Measures the champion again on two fresh seeds, minutes. The folder has the text, the diff, the
    kernel and every clock reading. Nothing is sent anywhere.

    Example: lar export pq-l2 --tag nov23
    """
    from lance_autoresearch import export  # it reads what is slow to import

    print(export.export(chosen(target), tag, output, say))
    return 0


@app.command()
def doctor(
    target: Annotated[
        str | None,
        typer.Argument(metavar="[TARGET]", help="The kernel to measure with; by default the first."),
    ] = None,
) -> int:
    """Measure this machine's noise and say what to fix.

    Exits 1 if something makes results untrustworthy.

    Example: lar doctor pq-l2
    """
    root = find_root(Path.cwd())
    names = target_names(root)
    if target is None and not names:
        raise LarError(f"expected a target under {root / 'targets'}, found none")
    findings = doctor_report.examine(find_target(root, target or names[0]))
    doctor_report.print_findings(findings)
    return 1 if any(finding.level == "problem" for finding in findings) else 0


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case words with hyphens, as in pq-dot.")],
    source: Annotated[str, typer.Option("--from", metavar="TARGET", help="The target to copy.")],
) -> int:
    """Start a new target as a copy of another.

    Copies and renames its folder, makes it a member of the workspace, gives it a row in the
    README and a page to fill. docs/adding-a-target.md says what comes next.

    Example: lar new pq-dot --from pq-l2
    """
    made = new_target(chosen(source), name)
    say(
        f"made targets/{made.name}, docs/targets/{made.name}.md, a row in README.md, a line in pyproject.toml"
    )
    say(f"next: uv run lar verify {made.name}, then docs/adding-a-target.md")
    return 0


def call(arguments: list[str]) -> int:
    """Run one command line and return its exit code; what went wrong is on stderr."""
    command = typer.main.get_command(app)
    try:
        code = command.main(arguments or ["--help"], prog_name="lar", standalone_mode=False)
        sys.stdout.flush()
    except Interrupted as stopped:
        say(str(stopped))
        return stopped.exit_code
    except LarError as error:
        say(f"error: {error}")
        return 1
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        say(f"error: {error.format_message()} (see {context.command_path if context else 'lar'} --help)")
        return WRONG_USAGE
    except BrokenPipeError:
        # Our reader left; do not complain a second time when Python closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        say(f"error: {error}")
        return 1
    return code if isinstance(code, int) else 0


def main() -> None:
    """Run the command line of this process and exit."""
    raise_on_signals()
    sys.exit(call(sys.argv[1:]))
