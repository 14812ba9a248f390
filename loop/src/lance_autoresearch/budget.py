"""What an unattended run may use up, and when it has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lance_autoresearch.figures import turns
from lance_autoresearch.journal import Step

IDLE_STEPS = 5  # without a trial since the last one: then the agent or its settings are at fault
AT_ONCE_S = 300.0  # without a network, or with a wrong key, claude tries for three minutes
# After so many turns in a row that failed at once: a provider's limit or outage ends by itself, at the latest
# after some hours. Nine hours in all, so that it does not end a night.
PAUSES_S = (60.0, 600.0, 1800.0, *8 * (3600.0,))
NEVER_STARTED = 4  # failed at once from the first on: that is no limit but a missing login or a wrong setting
UNPRICED_TURNS = 5  # use a limit on dollars up, while no turn has reported any


@dataclass(frozen=True)
class Budget:
    """The limits of a run; None is no limit. Each counts from the run's first step, resumed or not.

    trials    judged candidates
    hours     of time in steps; a pause between a stop and a resume costs nothing
    usd       as the agent reports it, see `charged_usd` for what it does not report
    discards  trials in a row of which none was kept
    """

    trials: int | None = None
    hours: float | None = None
    usd: float | None = None
    discards: int | None = None


@dataclass(frozen=True)
class Spent:
    """What a run has used up so far.

    usd              None where no turn has reported dollars
    priced           turns that reported dollars
    unpriced         turns that began and reported none: a turn that is cut short cannot
    idle_in_a_row    turns without a trial since the last one, those that failed at once apart; one that was
                     cut off by a kill says nothing about the agent
    failed_in_a_row  turns that failed at once
    has_worked       whether there was any turn that did not, since the same moment
    """

    steps: int
    trials: int
    keeps: int
    hours: float
    usd: float | None
    priced: int
    unpriced: int
    tokens: int
    discards_in_a_row: int
    idle_in_a_row: int
    failed_in_a_row: int = 0
    has_worked: bool = True


def spent(steps: Sequence[Step], since: int = 0) -> Spent:
    """Add up the steps that have ended.

    since  how many steps there were when this `lar evolve` began: idle and failed turns count from there,
           because whoever starts it again has done something about them
    """
    done = [step for step in steps if step.ended]
    taken = [step for step in reversed(done) if step.turn and step.number > since]
    barren = taken[: trailing(not step.ended["kept"] for step in taken)]
    dollars = [step.turn["cost_usd"] for step in steps if step.turn.get("cost_usd") is not None]
    verdicts = [kept for step in done for kept in step.ended["kept"]]
    return Spent(
        steps=len(done),
        trials=len(verdicts),
        keeps=sum(verdicts),
        hours=sum(step.began.get("prepared_s", 0.0) + step.ended["wall_s"] for step in done) / 3600,
        usd=sum(dollars) if dollars else None,
        priced=len(dollars),
        unpriced=sum(has_no_price(step) for step in steps),
        tokens=sum((step.turn.get("tokens_in") or 0) + (step.turn.get("tokens_out") or 0) for step in steps),
        discards_in_a_row=trailing(not kept for kept in reversed(verdicts)),
        idle_in_a_row=sum(not failed_at_once(step) for step in barren),
        failed_in_a_row=trailing(failed_at_once(step) for step in taken),
        has_worked=not all(failed_at_once(step) for step in taken),
    )


def failed_at_once(step: Step) -> bool:
    """Return whether a turn that is over was no turn: over within minutes, without a trial, for an error.

    Some agents end with exit code 0 then; they have used no tokens and edited nothing.
    """
    turn, outcome = step.turn, step.ended.get("outcome")
    error = turn.get("exit_code", 0) != 0 or (outcome == "nothing" and not turn.get("tokens_out"))
    return error and not step.ended.get("kept") and turn.get("wall_s", AT_ONCE_S) < AT_ONCE_S


def pause_s(so_far: Spent) -> float:
    """Return how long to wait before the next turn."""
    failed = so_far.failed_in_a_row
    return PAUSES_S[min(failed, len(PAUSES_S)) - 1] if failed else 0.0


def has_no_price(step: Step) -> bool:
    """Return whether an agent worked in this step, its turn is over, and nobody knows what it cost.

    One that failed at once and names no tokens has cost nothing.
    """
    over, unknown = bool(step.turn or step.ended), step.turn.get("cost_usd") is None
    return over and unknown and (bool(step.turn.get("tokens_out")) or not failed_at_once(step))


def charged_usd(limit: float, so_far: Spent) -> float:
    """Return what counts against a limit on dollars: what was reported, and an estimate of the rest.

    A turn that reported nothing counts as the mean of those that did; while none has, as a part of the limit.
    """
    each = limit / UNPRICED_TURNS if so_far.usd is None else so_far.usd / so_far.priced
    return (so_far.usd or 0.0) + so_far.unpriced * each


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
    if budget.discards is not None and so_far.discards_in_a_row >= budget.discards:
        return f"{so_far.discards_in_a_row} trials in a row were not kept"
    if so_far.idle_in_a_row >= IDLE_STEPS:
        return f"{so_far.idle_in_a_row} turns in a row came to no trial"
    if so_far.failed_in_a_row >= NEVER_STARTED and not so_far.has_worked:
        return f"all {so_far.failed_in_a_row} turns failed at once"
    if so_far.failed_in_a_row > len(PAUSES_S):
        return f"{so_far.failed_in_a_row} turns in a row failed at once, whatever the pauses between them"
    if budget.usd is not None and (charged := charged_usd(budget.usd, so_far)) >= budget.usd:
        estimated = f", counting {turns(so_far.unpriced)} that reported no cost by an estimate"
        return f"{charged:.2f} of {budget.usd:g} USD are spent{estimated if so_far.unpriced else ''}"
    return None


def left_of(budget: Budget, so_far: Spent) -> Budget:
    """Return what one more turn may use."""
    return Budget(
        trials=None if budget.trials is None else budget.trials - so_far.trials,
        hours=None if budget.hours is None else budget.hours - so_far.hours,
        usd=None if budget.usd is None else budget.usd - charged_usd(budget.usd, so_far),
    )
