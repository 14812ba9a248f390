"""The prompt of one step: the contract, the target, what is known, and what is asked."""

import re
from collections.abc import Sequence

from lance_autoresearch.run_folder import Settings
from lance_autoresearch.workspace import Target

NOTES = ("hypothesis", "mechanism", "prediction", "learned")
NOTE = re.compile(rf"[^\w\n]*({'|'.join(NOTES)})[^\w\n]*?:[*_\s]*(.+)", re.IGNORECASE)
CODE = re.compile(r"`([^`]*)`")

TASK = """\
# This turn

This is turn {number} of a run without a person: you are started again and again, and nobody reads questions.
You are in a work tree of your own, on the branch `{branch}`: `git switch` is done, and so is setting up.
`lar` is on the PATH; where the pages below say `uv run lar`, type `lar`.

1. Choose one hypothesis that is not among the dead ends below.
2. Edit `{kernels}`, and nothing else.
3. `lar verify {target}` until it passes.
4. End your turn; here that is right, because you are started again.
   The loop then runs the trial on whatever is in that file, and keeps or restores it.
   You may also run `lar trial {target} -m "..."` yourself, several times if you like: the ledger is the same.
   If your own sandbox refuses it, leave it to the loop.

Your turn is ended after {turn_minutes:g} minutes, or {stall_minutes:g} of silence.
The file is judged as it is then.
{trials_left}
{told}Before you end, write these four lines into your last message, each on a line of its own:

Hypothesis: one sentence, what changes and why that is faster
Mechanism: one or two words that name the kind of change, as in: vector width, memory layout, branch removal
Prediction: the ratio of time you expect over all, and the combo that should gain most
Learned: what the trials of this turn, or the last one below, taught you; or nothing
"""


def prompt(
    target: Target,
    settings: Settings,
    number: int,
    trials_left: int | None,
    told: str,
    known: str,
    profile: str,
    pages: Sequence[str],
) -> str:
    """Return the whole prompt of step `number`.

    trials_left  how many candidates the run still judges; None if that is not limited
    told         what became of the turn before, in one line, or nothing
    known        the digest of the ledger
    profile      the champion's, or why there is none
    pages        HARNESS.md and the target's program.md, as they were where the run began
    """
    task = TASK.format(
        number=number,
        branch=f"autoresearch/{settings.target}/{settings.tag}",
        kernels=target.kernels,
        target=target.name,
        turn_minutes=settings.turn_minutes,
        stall_minutes=settings.stall_minutes,
        trials_left="" if trials_left is None else f"Trials left in this run: {trials_left}, at most.\n",
        told=f"Of your last turn: {told}.\n\n" if told else "",
    )
    parts = [task, f"# What is known\n\n{known}", f"# The champion's profile\n\n{profile}", *pages]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def notes(said: str) -> dict[str, str]:
    """Return what an agent's last message says under each of `NOTES`, at most 400 letters each.

    Line by line: a pattern that could cross lines takes hours over a message of blank ones.
    """
    found = {}
    for line in said.split("\n"):
        note = NOTE.match(line)
        if note:
            words = note[2].strip(" *_\r")
            whole = CODE.fullmatch(words)
            found[note[1].lower()] = (whole[1] if whole else words)[:400]
    return found
