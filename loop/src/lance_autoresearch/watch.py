"""`lar watch`: an unattended run while it goes on, on a terminal or in a pipe."""

import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.rule import Rule
from rich.text import Text

from lance_autoresearch import run_folder
from lance_autoresearch.errors import Interrupted, LarError
from lance_autoresearch.figures import duration
from lance_autoresearch.history import agent_name, unattended_runs
from lance_autoresearch.run_folder import RunFolder
from lance_autoresearch.sighting import WORKS, Sighting, see, trial_line

EVERY_S = 1.0
N_TRIALS = 6
N_OTHER_LINES = 9  # the screen without trials and output


def watched(root: Path, target: str | None, tag: str | None) -> RunFolder:
    """Return the run to watch: the one that is named, or else the last used.

    Raises: LarError if there is none.
    """
    if target is not None:
        return run_folder.found(root, target, tag)
    runs = unattended_runs(root)
    if not runs:
        raise LarError(
            f"expected a run below {run_folder.runs_of(root)}, found none; begin one: lar evolve --help"
        )
    return runs[-1]


def watch(root: Path, run: RunFolder, console: Console, sleep: Callable[[float], None] = time.sleep) -> None:
    """Show `run` until it ends; whoever watches can leave at any time.

    root     the user's checkout
    console  a terminal shows a picture that changes, anything else a line for each thing that happens
    sleep    waits for the next look
    """
    try:
        if console.is_terminal:
            on_a_terminal(root, run, console, sleep)
        else:
            in_a_pipe(root, run, sleep)
    except Interrupted as stopped:
        raise Interrupted("stopped watching; the run goes on without you", stopped.exit_code) from None


def on_a_terminal(root: Path, run: RunFolder, console: Console, sleep: Callable[[float], None]) -> None:
    """Show the run as one picture, and leave the last one standing."""
    with Live(console=console, auto_refresh=False) as live:
        while True:
            seen = see(root, run, time.time())
            live.update(screen(seen, console.size.height), refresh=True)
            if not seen.alive:
                return
            sleep(EVERY_S)


def in_a_pipe(root: Path, run: RunFolder, sleep: Callable[[float], None]) -> None:
    """Print a line for each thing that happens, from now on, and what it came to at the end."""
    before = see(root, run, time.time())
    print(f"run {before.settings.tag} of {before.settings.target}: {so_far(before)}", flush=True)
    seen = before
    while seen.alive:
        sleep(EVERY_S)
        seen = see(root, run, time.time())
        for line in news(before, seen):
            print(line, flush=True)
        before = seen
    print(f"not running: {so_far(seen)}", flush=True)


def news(before: Sighting, seen: Sighting) -> list[str]:
    """Return what has happened between two looks, a line each."""
    ended = sum(bool(step.ended) for step in before.steps)
    lines = [
        trial_line(place, row)
        for place, row in enumerate(seen.rows[len(before.rows) :], start=len(before.rows) + 1)
    ]
    for step in seen.steps[ended:]:
        if step.ended:
            outcome, told = step.ended["outcome"], step.ended["told"]
            begin = "" if told.startswith(outcome) else f"{outcome}: "
            lines.append(f"step {step.number}: {begin}{told}")
        elif step.number > len(before.steps):
            lines.append(f"step {step.number}: {agent_name(seen.settings)} begins")
    return lines


def so_far(seen: Sighting) -> str:
    """Return where the run stands, against its limits."""
    used, asked = seen.spent, seen.settings
    parts = [
        seen.gain,
        f"{len(seen.rows)}{of(asked.trials)} trials",
        f"{sum(row['keep'] == 'yes' for row in seen.rows)} kept",
        f"{used.hours + seen.step_s / 3600:.1f}{of(asked.hours)} h",
    ]
    if used.usd is not None or asked.usd is not None:
        at_least = "at least " if used.unpriced else ""
        parts.append(f"{at_least}{used.usd or 0:.2f}{of(asked.usd)} USD")
    if asked.discards is not None:
        parts.append(f"{used.discards_in_a_row}{of(asked.discards)} in a row not kept")
    return ", ".join(parts)


def of(limit: float | None) -> str:
    return "" if limit is None else f" of {limit:g}"


def screen(seen: Sighting, height: int) -> RenderableType:
    """Return the picture of one moment, for a terminal of `height` lines."""
    asked, number = seen.settings, seen.steps[-1].number if seen.steps else 0
    lasted = f", {duration(seen.step_s)} since the step began" if seen.step_s else ""
    lasted += f", {duration(asked.turn_minutes * 60)} at most" if seen.doing == WORKS else ""
    trials = [trial_line(place, row) for place, row in enumerate(seen.rows, start=1)][-N_TRIALS:]
    room = max(1, height - N_OTHER_LINES - len(trials))
    parts: list[RenderableType] = [
        Text(f"{asked.target}, run {asked.tag}: {seen.gain}", style="bold"),
        Text(so_far(seen)),
        Text(f"step {number}: {seen.doing}{lasted}"),
        Rule(Text("trials"), style="dim"),
        *(line(text, "green" if ": kept" in text else "") for text in trials),
        Rule(Text(f"{agent_name(asked)} says"), style="dim"),
        *(line(text, "dim") for text in seen.output[-room:]),
    ]
    if not seen.alive:
        again = f"lar evolve {asked.target} --resume --tag {asked.tag}"
        parts += [Rule(style="dim"), Text(f"not running; go on: {again}; see it: lar report {asked.target}")]
    return Group(*parts)


def line(text: str, style: str) -> Text:
    """Return `text` on one line, cut off where the terminal ends; it is no markup."""
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
