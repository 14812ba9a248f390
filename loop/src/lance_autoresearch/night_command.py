"""`lar evolve`: the options of an unattended run."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from lance_autoresearch import run_folder
from lance_autoresearch.agents import launch
from lance_autoresearch.errors import Interrupted, LarError
from lance_autoresearch.evolve import night, program
from lance_autoresearch.git import Repository, git_line, git_paths
from lance_autoresearch.run_folder import RunFolder, Settings
from lance_autoresearch.workspace import Target

TURN_MINUTES = 45.0
STALL_MINUTES = 10.0

Agent = Annotated[
    str | None,
    typer.Option(
        metavar="AGENT",
        help='claude, codex, cursor, gemini, opencode, aider, or "any command {prompt_file} {workdir}".',
    ),
]
Tag = Annotated[str | None, typer.Option(metavar="NAME", help="The run's name [default: as in nov23].")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run, by default the last one.")]
Trials = Annotated[int | None, typer.Option(min=1, metavar="N", help="Stop after N trials.")]
Hours = Annotated[float | None, typer.Option(min=0, metavar="H", help="Stop after H hours.")]
Usd = Annotated[
    float | None, typer.Option("--budget-usd", min=0, metavar="X", help="Stop at X dollars, as reported.")
]
Discards = Annotated[
    int | None, typer.Option("--stop-after-discards", min=1, metavar="N", help="... without a keep.")
]
Model = Annotated[str | None, typer.Option(metavar="M", help="The agent's model [default: its own].")]
TurnMinutes = Annotated[
    float | None, typer.Option(min=0, metavar="M", help=f"Stop a turn after M minutes [{TURN_MINUTES:g}].")
]
StallMinutes = Annotated[
    float | None, typer.Option(min=0, metavar="M", help=f"Or when silent for so long [{STALL_MINUTES:g}].")
]


def begin_or_resume(
    target: Target,
    resume: bool,
    tag: str | None,
    agent: str | None,
    model: str | None,
    limits: dict[str, float | int | None],
) -> RunFolder:
    """Return the run that the options ask for, with the options that were given written into it.

    limits  by their names in `Settings`

    Raises: LarError if there is no agent, no commit to begin at, or no run to go on with.
    """
    if resume:
        run = run_folder.found(target.root, target.name, tag)
        with run_folder.held(run):  # or a loop that works on it would be asked otherwise half-way
            before = run.settings()
            see_agent(target, agent or before.agent, model or before.model)
            run_folder.ask_again(run, agent=agent, model=model, **limits)
        return run
    if agent is None:
        raise LarError("expected --agent AGENT for a new run, or --resume; got neither (lar evolve --help)")
    see_agent(target, agent, model)
    start = commit_to_begin_at(target)
    given = {name: value for name, value in limits.items() if value is not None}
    asked = {"turn_minutes": TURN_MINUTES, "stall_minutes": STALL_MINUTES, **given}
    return run_folder.begin(
        target.root,
        Settings(
            target=target.name,
            tag=tag or time.strftime("%b%d").lower(),
            agent=agent,
            model=model,
            start=start,
            **asked,  # type: ignore[arg-type]
        ),
    )


def see_agent(target: Target, agent: str, model: str | None) -> None:
    """Raise LarError if there is no such agent."""
    launch(agent, model, Path(os.devnull), target.root, None, kernels=target.kernels)


def commit_to_begin_at(target: Target) -> str:
    """Return the checkout's last commit.

    Raises: LarError if there is none, or if it lacks what the run needs of the target.
    """
    repository = Repository(target.root)
    start = git_line(repository, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if start is None:
        raise LarError(
            f"expected a commit to begin at in {target.root}, found none\ngit add -A && git commit -m start"
        )
    needed = (target.kernels, f"{target.source}/run_experiment.py", program(target), "HARNESS.md")
    there = git_paths(repository, "ls-tree", "--name-only", "--full-tree", "-z", start, "--", *needed)
    for path in needed:
        if path not in there:
            raise LarError(
                f"expected {path} in the last commit, {start[:10]}, found none\n"
                f"commit the target first: git add targets/{target.name} && git commit"
            )
    return start


def left_out(target: Target, start: str) -> str:
    """Return what of the checkout a run that begins at `start` does not have, in one line, or nothing."""
    changed = git_paths(Repository(target.root), "diff", "--name-only", "--no-ext-diff", "-z", "HEAD")
    if not changed:
        return ""
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    names = ", ".join(changed[:3])
    return f"the run begins at {start[:10]}, without what is not committed in your checkout: {names}{more}"


def through_the_night(target: Target, run: RunFolder, say: Callable[[str], None]) -> int:
    """Take turns until a limit is reached, and print the last message."""
    if not run.journal.is_file() and (said := left_out(target, run.settings().start)):
        say(said)
    try:
        print(night(target.root, run, say))
    except Interrupted as stopped:
        again = run_folder.resume_command(run)
        raise Interrupted(f"{stopped}: nothing is lost; go on with {again}", stopped.exit_code) from None
    return 0
