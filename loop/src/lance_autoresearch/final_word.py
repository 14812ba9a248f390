"""The end of an unattended run: its champion measured once more, and the last message."""

from collections.abc import Sequence
from dataclasses import dataclass

from lance_autoresearch import run_folder
from lance_autoresearch.budget import Spent
from lance_autoresearch.figures import dollars
from lance_autoresearch.journal import Step
from lance_autoresearch.remeasure import measured
from lance_autoresearch.report import change
from lance_autoresearch.run_folder import RunFolder


@dataclass(frozen=True)
class Remeasured:
    """The champion against the baseline, on a seed that no trial of the run has seen.

    correctness  as the referee says it; ratio of times with its interval, None where it was not timed
    """

    correctness: str
    ratio: float | None
    low: float | None
    high: float | None
    reason: str


def measured_again(run: RunFolder, champion: str) -> Remeasured:
    """Judge the champion at commit `champion` against the baseline.

    Raises: Interrupted on Ctrl-C; LarError if git fails.
    """
    found = measured(run, champion)
    return Remeasured(
        found.get("correctness", "not reached"),
        found.get("ratio"),
        found.get("ratio_low"),
        found.get("ratio_high"),
        found.get("reason", "the referee gave no answer"),
    )


def of_last_turn(run: RunFolder, so_far: Spent, steps: Sequence[Step]) -> str:
    """Return what to add to why the run stopped: of a last turn that came to nothing, word and output."""
    if not so_far.idle_in_a_row and not so_far.failed_in_a_row:
        return ""
    log = run.step(steps[-1].number) / "output.log"
    return f"; the last one: {steps[-1].ended['told']}; its output: {log}"


def last_message(run: RunFolder, why: str, so_far: Spent, champion: str, again: Remeasured | None) -> str:
    """Return what the person reads in the morning."""
    settings = run.settings()
    branch = run_folder.branch_of(settings)
    if champion == settings.start or again is None:
        gain = "no candidate was kept: the champion is the kernel that the run began with"
    elif again.correctness != "pass" or again.ratio is None:
        gain = f"the champion {champion[:10]} did not pass when it was judged again: {again.reason}"
    else:
        words = change(*(f"{number:.4f}" for number in (again.ratio, again.low or 0.0, again.high or 1.0)))
        gain = f"the champion {champion[:10]}, measured again on a fresh seed, against the baseline: {words}"
    price = dollars(so_far.usd, so_far.unpriced)
    return "\n".join(
        [
            f"stopped: {why}",
            gain,
            f"kept: {so_far.keeps} of {so_far.trials} trials, in {so_far.steps} turns",
            f"cost: {price}, {so_far.tokens} tokens reported, {so_far.hours:.1f} hours",
            f"branch: {branch}; see it with: git diff {settings.start[:10]} {branch}",
            f"go on with it: lar evolve {settings.target} --resume --tag {settings.tag}",
        ]
    )
