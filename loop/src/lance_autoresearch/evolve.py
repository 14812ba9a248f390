"""An unattended run: start the agent, judge what it left, record, and start it again until a budget is used.

The loop decides by itself when to stop; it asks nobody, and whatever an agent does or leaves undone ends in
one line of the journal.
"""

import hashlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lance_autoresearch import journal, ledger, leftovers, lock, run_folder, run_tree, settle
from lance_autoresearch.agent_process import Ending, Limits, run_agent
from lance_autoresearch.agent_streams import read_stream
from lance_autoresearch.agents import launch
from lance_autoresearch.budget import Budget, left_of, pause_s, spent, used_up
from lance_autoresearch.conclusion import candidate_of, conclude, kept_trials, tried
from lance_autoresearch.digest import digest
from lance_autoresearch.errors import LarError
from lance_autoresearch.figures import duration
from lance_autoresearch.files import replace_file
from lance_autoresearch.final_word import last_message, measured_again, of_last_turn
from lance_autoresearch.git import Repository, git
from lance_autoresearch.journal import Step
from lance_autoresearch.left_agent import end_left_agent
from lance_autoresearch.process_tree import command_line, descendants, process_table
from lance_autoresearch.profiling import champion_profile
from lance_autoresearch.prompt import notes, prompt
from lance_autoresearch.run_folder import RunFolder, Settings
from lance_autoresearch.workspace import Target

Say = Callable[[str], None]

SAID_LETTERS = 200  # of an agent's last words, for whoever asks why nothing came of its turn
OUTPUT_BYTES = 64 << 20  # of one turn's output.log


def night(root: Path, run: RunFolder, say: Say) -> str:
    """Take step after step until a limit of the run is reached, and return the last message.

    root  the user's checkout, which is only read
    run   a new one or one to go on with: what a kill cut off is finished first

    Raises: LarError if the run goes on already, cannot be read or cannot be written; Interrupted on Ctrl-C.
    """
    with run_folder.held(run):
        end_left_agent(run.agent_note)
        try:
            return steps_to_a_limit(root, run, say)
        except (LarError, OSError) as error:
            again = run_folder.resume_command(run)
            raise LarError(f"{error}\nnothing is lost; go on with {again}") from error


def steps_to_a_limit(root: Path, run: RunFolder, say: Say) -> str:
    """Do what `night` says, with the run's lock held."""
    journal.repair(run.journal)
    settings = run.settings()
    budget = Budget(settings.trials, settings.hours, settings.usd, settings.discards)
    n_before = len(journal.read_steps(run.journal))
    while True:
        steps = journal.read_steps(run.journal)
        run_tree.ready(root, run, known_champion(settings, steps), say)
        if steps and not steps[-1].ended:
            conclude(run, steps, say)
            continue
        so_far = spent(steps, since=n_before)
        left, wait_s = left_of(budget, so_far), pause_s(so_far)
        why = used_up(budget, so_far) or too_long_a_pause(left, wait_s)
        if why is not None:
            break
        began_s = time.monotonic()
        if wait_s:
            log = run.step(len(steps)) / "output.log"
            say(f"that turn failed at once, see {log}; the next one begins in {duration(wait_s)}")
            time.sleep(wait_s)
        take_turn(run, steps, left, began_s, say)
    champion = champion_of(Repository(run.target.root), run.target, settings, steps)
    if champion != settings.start:
        say("measuring the champion again, on a fresh seed")
    again = None if champion == settings.start else measured_again(run, champion)
    said = last_message(run, why + of_last_turn(run, so_far, steps), so_far, champion, again)
    replace_file(run.last_message, f"{said}\n".encode(), scratch=run.path)
    return said


def too_long_a_pause(left: Budget, wait_s: float) -> str | None:
    """Return why the run ends, in words, if a pause before its next turn would use up its hours."""
    if left.hours is None or wait_s < left.hours * 3600:
        return None
    return f"the last turn failed at once, and a pause of {duration(wait_s)} would use up the hours"


def take_turn(run: RunFolder, steps: list[Step], left: Budget, began_s: float, say: Say) -> None:
    """Let the agent work once, and write down how its turn went; what it left is judged by `conclude`.

    began_s  by the monotonic clock, when the loop began to see to this turn: what passes until the agent
             starts counts against the hours
    """
    settings, target, number = run.settings(), run.target, len(steps) + 1
    with lock.held(target.trials, say) as held:
        repository = Repository(target.root, held)
        settle.settle_unfinished(repository, target)
        champion = champion_of(repository, target, settings, steps)
        leftovers.put_right(repository, run_folder.branch_of(settings), champion)
        pages = [page(repository, settings.start, path) for path in ("HARNESS.md", program(target))]
    records, kept = tried(run), kept_trials(run)
    told = steps[-1].ended["told"] if steps else ""
    known, profile = digest(records, kept, steps), champion_profile(run, champion)
    text = prompt(target, settings, number, left.trials, told, known, profile, pages)
    folder = run.step(number)
    (folder / "prompt.md").write_bytes(text.encode("utf-8", "replace"))
    prepared_s = round(time.monotonic() - began_s, 1)
    began = {"champion": champion, "at_s": time.time(), "prepared_s": prepared_s}
    journal.append(run.journal, journal.BEGAN, number, began)
    say(f"step {number}: the agent begins; its output: {folder / 'output.log'}")
    ending, stream = agents_turn(run, folder, left, prepared_s)
    candidate, unfit = leftovers.left_kernel(target)
    if candidate is not None:
        replace_file(candidate_of(run, number), candidate, scratch=folder)
    facts = turn_facts(ending, stream, folder)
    named = {"candidate": None if candidate is None else checksum(candidate), "unfit": unfit}
    journal.append(run.journal, journal.TURN, number, {**facts, **named})


def agents_turn(run: RunFolder, folder: Path, left: Budget, prepared_s: float) -> tuple[Ending, str]:
    """Start the agent with the prompt in `folder`; return how its turn ended and how its output is read."""
    settings, target, output = run.settings(), run.target, folder / "output.log"
    asked = (settings.agent, settings.model, folder / "prompt.md", target.root, left.usd)
    try:
        started = launch(*asked, kernels=target.kernels)
    except LarError as error:  # a tool that replaces itself is gone for a moment
        output.write_text(f"{error}\n")
        return Ending("not started", None, 0.0, output.stat().st_size, 0), "text"
    turn_s = settings.turn_minutes * 60
    limits = Limits(
        turn_s=turn_s if left.hours is None else min(turn_s, max(0.0, left.hours * 3600 - prepared_s)),
        stall_s=settings.stall_minutes * 60,
        output_bytes=OUTPUT_BYTES,
    )
    ending = run_agent(
        started,
        target.root,
        output,
        limits,
        watched=Path(target.root, target.kernels),
        busy=lambda: trial_is_running(target) or referee_is_running(),
        note=run.agent_note,
        environment=surroundings(),
    )
    return ending, started.stream


def turn_facts(ending: Ending, stream: str, folder: Path) -> dict[str, object]:
    """Return what the journal keeps of how a turn went."""
    with (folder / "output.log").open("rb") as output:
        turn = read_stream(stream, output)
    return {
        "reason": ending.reason,
        "exit_code": ending.exit_code,
        "wall_s": round(ending.wall_s, 1),
        "left_behind": ending.left_behind,
        "tokens_in": turn.tokens_in,
        "tokens_out": turn.tokens_out,
        "cost_usd": turn.cost_usd,
        "said": ledger.one_line(turn.final_text)[-SAID_LETTERS:],
        **notes(turn.final_text),
    }


def champion_of(repository: Repository, target: Target, settings: Settings, steps: list[Step]) -> str:
    """Return the commit of the champion: the last that the journal knows, and what was kept since."""
    since = known_champion(settings, steps)
    return leftovers.last_champion(repository, target, run_folder.branch_of(settings), since)


def known_champion(settings: Settings, steps: list[Step]) -> str:
    """Return the last champion that the journal names."""
    last = {**steps[-1].began, **steps[-1].ended} if steps else {}
    return str(last.get("champion", settings.start))


def page(repository: Repository, commit: str, path: str) -> str:
    """Return a page as it is in `commit`, whatever lies in the work tree.

    Raises: LarError if it is not there.
    """
    return git(repository, "cat-file", "blob", f"{commit}:{path}").decode("utf-8", "replace")


def program(target: Target) -> str:
    """Return the path of what an agent needs to know about the target, as git writes it."""
    return f"targets/{target.name}/program.md"


def trial_is_running(target: Target) -> bool:
    """Return whether the agent has a trial of its own under way."""
    # Where the agent put something else in the lock's place, a look could wait for ever.
    return run_tree.is_plain_file(target.trials / ".lock", 64) and lock.is_held(target.trials)


def referee_is_running() -> bool:
    """Return whether the agent has the referee at work, as in `lar verify`, which may wait for other trials.

    Whoever calls a program of its own so gains nothing but silence: the turn's own limit holds.
    """
    table = process_table()
    below = descendants(table, {os.getpid()}, ())
    return any(b".run_experiment" in command_line(pid) for pid in below if not table[pid].ended)


def surroundings() -> dict[str, str]:
    """Return what an agent's environment needs so that `lar` and `uv run lar` are this installation's."""
    programs = str(Path(sys.executable).parent)
    return {
        "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath)]),
        "UV_PROJECT_ENVIRONMENT": sys.prefix,
        "UV_NO_SYNC": "1",
    }


def checksum(content: bytes) -> str:
    """Return a short name of `content`."""
    return hashlib.sha256(content).hexdigest()[:16]
