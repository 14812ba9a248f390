"""What an unattended run may use up, and when it has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lance_autoresearch.journal import Step

IDLE_STEPS = 5  # in a row without a trial: then the agent, its login or its settings are at fault


@dataclass(frozen=True)
class Budget:
    """The limits of a run; None is no limit. Each counts from the run's first step, resumed or not.

    trials    judged candidates
    hours     of time in steps; a pause between a stop and a resume costs nothing
    usd       as the agent reports it
    discards  trials in a row of which none was kept
    """

    trials: int | None = None
    hours: float | None = None
    usd: float | None = None
    discards: int | None = None


@dataclass(frozen=True)
class Spent:
    """What a run has used up so far.

    usd            None where no turn has reported dollars
    idle_in_a_row  turns without a trial; one that was cut off by a kill says nothing about the agent
    """

    steps: int
    trials: int
    keeps: int
    hours: float
    usd: float | None
    tokens: int
    discards_in_a_row: int
    idle_in_a_row: int


def spent(steps: Sequence[Step]) -> Spent:
    """Add up the steps that have ended."""
    done = [step for step in steps if step.ended]
    dollars = [step.turn["cost_usd"] for step in steps if step.turn.get("cost_usd") is not None]
    verdicts = [kept for step in done for kept in step.ended["kept"]]
    return Spent(
        steps=len(done),
        trials=len(verdicts),
        keeps=sum(verdicts),
        hours=sum(step.ended["wall_s"] for step in done) / 3600,
        usd=sum(dollars) if dollars else None,
        tokens=sum((step.turn.get("tokens_in") or 0) + (step.turn.get("tokens_out") or 0) for step in steps),
        discards_in_a_row=trailing(not kept for kept in reversed(verdicts)),
        idle_in_a_row=trailing(not step.ended["kept"] for step in reversed(done) if step.turn),
    )


def trailing(flags: Iterable[bool]) -> int:
    """Return how many of `flags` are true before the first that is not."""
    count = 0
    for flag in flags:
        if not flag:
            break
        count += 1
    return count


def used_up(budget: Budget, so_far: Spent) -> str | None:
    """Return which limit is reached, in words, or None while the run may go on."""
    if budget.trials is not None and so_far.trials >= budget.trials:
        return f"{so_far.trials} of {budget.trials} trials are done"
    if budget.hours is not None and so_far.hours >= budget.hours:
        return f"{so_far.hours:.1f} of {budget.hours:g} hours are used"
    if budget.usd is not None and (so_far.usd or 0.0) >= budget.usd:
        return f"{so_far.usd:.2f} of {budget.usd:g} USD are spent"
    if budget.discards is not None and so_far.discards_in_a_row >= budget.discards:
        return f"{so_far.discards_in_a_row} trials in a row were not kept"
    if so_far.idle_in_a_row >= IDLE_STEPS:
        return f"{so_far.idle_in_a_row} turns in a row came to no trial"
    return None


def left_of(budget: Budget, so_far: Spent) -> Budget:
    """Return what one more turn may use."""
    return Budget(
        hours=None if budget.hours is None else budget.hours - so_far.hours,
        usd=None if budget.usd is None else budget.usd - (so_far.usd or 0.0),
    )
