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
from lance_autoresearch.evolve import night
from lance_autoresearch.git import Repository, git_line
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
        run_folder.ask_again(run, agent=agent, model=model, **limits)
        return run
    if agent is None:
        raise LarError("expected --agent AGENT for a new run, or --resume; got neither (lar evolve --help)")
    launch(agent, model, Path(os.devnull), target.root, None, kernels=target.kernels)  # is there such a one?
    start = git_line(Repository(target.root), "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if start is None:
        raise LarError(
            f"expected a commit to begin at in {target.root}, found none\ngit add -A && git commit -m start"
        )
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


def through_the_night(target: Target, run: RunFolder, say: Callable[[str], None]) -> int:
    """Take turns until a limit is reached, and print the last message."""
    try:
        print(night(target.root, run, say))
    except Interrupted as stopped:
        settings = run.settings()
        again = f"lar evolve {settings.target} --resume --tag {settings.tag}"
        raise Interrupted(f"{stopped}: nothing is lost; go on with {again}", stopped.exit_code) from None
    return 0
