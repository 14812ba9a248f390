"""What a run has used, and which limit it reaches first."""

from typing import Any

import pytest

from lance_autoresearch.budget import (
    IDLE_STEPS,
    UNPRICED_TURNS,
    Budget,
    left_of,
    pause_s,
    spent,
    used_up,
)
from lance_autoresearch.final_word import last_message
from lance_autoresearch.journal import Step
from lance_autoresearch.run_folder import RunFolder


def step(number: int, kept: list[bool], wall_s: float = 600.0, **turn: Any) -> Step:
    """Return a step that has ended, with a trial for each element of `kept`."""
    trials = [f"{number}-{i}" for i in range(len(kept))]
    how = {"reason": "ended", "exit_code": 0, "wall_s": wall_s, **turn}
    return Step(number, {"champion": "c"}, how, {"kept": kept, "trials": trials, "wall_s": wall_s})


STEPS = [
    step(1, [True], cost_usd=0.5, tokens_in=1000, tokens_out=50),
    step(2, [False, True], cost_usd=0.25),
    step(3, [], tokens_in=7),
    step(4, [False, False]),
]


def test_steps_are_added_up() -> None:
    """Trials, keeps, time, dollars and tokens; a step that has not ended counts for its cost alone."""
    so_far = spent([*STEPS, Step(5, {"champion": "c"}, {"cost_usd": 1.0})])
    assert (so_far.steps, so_far.trials, so_far.keeps) == (4, 5, 2)
    assert so_far.hours == pytest.approx(4 * 600 / 3600)
    assert (so_far.usd, so_far.tokens) == (1.75, 1057)
    assert (so_far.discards_in_a_row, so_far.idle_in_a_row) == (2, 0)
    assert spent([step(1, [])]).usd is None


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget(trials=5), "5 of 5 trials"),
        (Budget(hours=0.5), "0.7 of 0.5 hours"),
        (Budget(usd=0.75), "1.50 of 0.75 USD are spent, counting 2 turns that reported no cost"),
        (Budget(discards=2), "2 trials in a row"),
    ],
)
def test_each_limit_ends_the_run(budget: Budget, words: str) -> None:
    """And says which one it was."""
    assert words in (used_up(budget, spent(STEPS)) or "")


def test_below_every_limit_the_run_goes_on() -> None:
    """None is no limit."""
    assert used_up(Budget(), spent(STEPS)) is None
    assert used_up(Budget(trials=6, hours=1, usd=2, discards=3), spent(STEPS)) is None
    assert used_up(Budget(trials=1), spent([])) is None


def test_an_agent_that_never_tries_anything_ends_the_run() -> None:
    """A missing login would otherwise spin all night."""
    idle = [step(n, []) for n in range(1, IDLE_STEPS + 1)]
    assert used_up(Budget(), spent(idle[:-1])) is None
    assert "in a row came to no trial" in (used_up(Budget(), spent(idle)) or "")
    assert used_up(Budget(), spent(idle, since=1)) is None, "somebody started lar again since"
    killed = [Step(n, {"champion": "c"}, {}, step(n, []).ended) for n in range(1, 20)]
    assert used_up(Budget(), spent(killed)) is None, "the agent had no part in that"


def failed(number: int, **more: Any) -> Step:
    """Return a step whose agent ended at once with an error."""
    return step(number, [], **{"wall_s": 2.0, "exit_code": 1, **more})


def test_a_provider_s_limit_does_not_end_a_night() -> None:
    """After turns that failed at once come pauses, longer and longer, for nine hours."""
    steps, waits = [step(1, [True])], []
    while used_up(Budget(), spent(steps)) is None:
        waits.append(pause_s(spent(steps)))
        steps.append(failed(len(steps) + 1))
    assert waits == [0.0, 60.0, 600.0, 1800.0] + [3600.0] * 8
    assert sum(waits) > 8 * 3600
    assert (
        used_up(Budget(), spent(steps))
        == "12 turns in a row failed at once, whatever the pauses between them"
    )
    assert used_up(Budget(), spent([*steps, step(20, [False])])) is None
    assert used_up(Budget(), spent(steps, since=9)) == "all 4 turns failed at once"
    assert used_up(Budget(), spent(steps, since=10)) is None, "somebody started lar again since"


def test_an_agent_that_cannot_begin_ends_the_run_within_the_hour() -> None:
    """Nobody is logged in: no pause helps."""
    steps = [failed(1), failed(2), failed(3)]
    assert used_up(Budget(), spent(steps)) is None
    assert used_up(Budget(), spent([*steps, failed(4)])) == "all 4 turns failed at once"
    assert used_up(Budget(), spent([step(1, []), *steps[1:], failed(4), failed(5)])) is None


def test_only_a_turn_that_failed_at_once_is_followed_by_a_pause() -> None:
    """Not one that took its time, that left an edit, or that ended well."""
    failures = [failed(1), failed(1, exit_code=-15), failed(1, exit_code=None)]
    away = step(1, [], wall_s=2.0)
    away.ended["outcome"] = "nothing"  # and no tokens: some agents end with 0 whatever happened
    assert all(pause_s(spent([one])) == 60.0 for one in [*failures, away])
    used = step(1, [], wall_s=2.0, tokens_out=9)
    used.ended["outcome"] = "nothing"
    others = [
        failed(1, wall_s=330.0),
        step(1, [False], wall_s=2.0, exit_code=1),
        step(1, [], wall_s=2.0),
        used,
    ]
    assert all(pause_s(spent([one])) == 0.0 for one in others)
    assert pause_s(spent([failed(1), step(2, [])])) == 0.0
    mixed = [one for n in range(5) for one in (failed(2 * n), step(2 * n + 1, []))]
    assert "5 turns in a row came to no trial" in (used_up(Budget(), spent(mixed)) or "")


def test_a_turn_that_failed_at_once_costs_nothing() -> None:
    """Unless it names tokens; and what passed before a turn, pauses too, counts against the hours."""
    assert spent([failed(1)]).unpriced == 0
    assert spent([failed(1, tokens_out=50)]).unpriced == 1
    late = step(1, [True], wall_s=1800.0)
    late.began["prepared_s"] = 1800.0
    assert "1.0 of 1 hours are used" in (used_up(Budget(hours=1), spent([late])) or "")


def test_a_turn_may_use_what_is_left() -> None:
    """Hours and dollars; of trials it is told, and they and discards are looked at between turns."""
    left, n_trials = left_of(Budget(trials=9, hours=1.0, usd=2.0), spent(STEPS)), spent(STEPS).trials
    assert left.hours == pytest.approx(1 / 3)
    assert (left.usd, left.trials) == (0.5, 9 - n_trials)
    assert 0 < n_trials < 9
    assert left_of(Budget(), spent(STEPS)) == Budget()


def test_turns_without_a_price_use_a_limit_on_dollars_up() -> None:
    """Each at the mean of the others, or while there are none, five of them; what never ran costs nothing."""
    cut = [step(n, [False]) for n in range(1, UNPRICED_TURNS + 1)]
    assert used_up(Budget(usd=20), spent(cut[:-1])) is None
    assert left_of(Budget(usd=20), spent(cut[:-1])).usd == pytest.approx(4)
    assert "20.00 of 20 USD are spent, counting 5 turns" in (used_up(Budget(usd=20), spent(cut)) or "")
    assert used_up(Budget(), spent(cut)) is None
    priced = [*cut, step(6, [True], cost_usd=1.5)]
    assert used_up(Budget(usd=20), spent(priced)) is None
    assert left_of(Budget(usd=20), spent(priced)).usd == pytest.approx(20 - 6 * 1.5)
    under_way, absent = Step(7, {"champion": "c"}), step(7, [], wall_s=0.0, exit_code=None)
    assert spent([under_way]).unpriced == spent([absent]).unpriced == 0
    assert spent([Step(7, {"champion": "c"}, {}, {"kept": [], "wall_s": 1.0})]).unpriced == 1, "a kill -9"


def test_the_last_message_says_which_dollars_it_does_not_know(made_night: RunFolder) -> None:
    """What was reported is a lower bound then."""
    start = made_night.settings().start

    def cost_of(steps: list[Step]) -> str:
        return last_message(made_night, "enough", spent(steps), start, None).splitlines()[3]

    assert cost_of(STEPS).startswith("cost: at least 0.75 USD; 2 turns reported none, 1057 tokens")
    assert cost_of(STEPS[:2]).startswith("cost: 0.75 USD, ")
    assert cost_of(STEPS[2:]).startswith("cost: no dollars reported, ")
