"""Ratios and bounds against hand-worked answers."""

import math

import numpy as np
import pytest

from referee import statistics


def test_typical_time_ignores_interruptions() -> None:
    """Three quarters of the samples may be disturbed, by any amount."""
    assert statistics.typical_ns(np.array([[10, 10], [10, 10**9]])) == 10


def test_log_ratio_pairs_op_with_op() -> None:
    """Half the time on every op, though the machine was three times slower for the second one."""
    assert statistics.log_ratio(np.array([[50, 150]]), np.array([[100, 300]])) == pytest.approx(math.log(0.5))


def test_log_ratio_lets_interruptions_fall_out() -> None:
    """Of five ops one was interrupted on each side."""
    candidate, opponent = np.array([[90, 9000, 90, 90, 90]]), np.array([[100, 100, 100, 7000, 100]])
    assert statistics.log_ratio(candidate, opponent) == pytest.approx(math.log(0.9))


@pytest.mark.parametrize("burst", [[0], [3], [3, 8], [0, 4, 8, 12], [4, 5, 6, 7]])
def test_the_burst_part_forgets_nothing(burst: list[int]) -> None:
    """Ops at 80 instead of 100, and some that take what the others saved: a fifth of the time is hidden."""
    candidate, opponent = np.full((4, 4), 80.0), np.full((4, 4), 100.0)
    candidate.reshape(-1)[burst] += 16 * 20 / len(burst)
    assert statistics.log_ratio(candidate, opponent) == pytest.approx(math.log(0.8))
    # A burst that fills a turn counts for a little less, as the turn's pace is taken from both sides.
    assert statistics.burst_part(candidate, opponent) == pytest.approx(math.log(1.2), rel=0.15)


def test_a_change_of_pace_is_no_burst() -> None:
    """The machine is half as fast for some turns, for both."""
    pace = np.array([1, 2, 2, 1, 1, 2])[:, np.newaxis]
    assert statistics.burst_part(np.full((6, 4), 80) * pace, np.full((6, 4), 100) * pace) == pytest.approx(0)


def test_work_in_bursts_is_found_out() -> None:
    """The typical op is 5 % better than the whole time says, block after block."""
    parts = 0.05 + 0.002 * np.arange(10).reshape(5, 2)
    assert statistics.in_bursts(parts).tolist() == [True, True]
    assert statistics.in_bursts(-parts).tolist() == [False, False]


def test_turns_that_differ_are_no_burst_of_either_side() -> None:
    """Each side finds its data in the cache in every other turn, and not the other's: nobody is ahead."""
    cold, warm = [150, 140, 140, 140], [100, 100, 100, 100]
    candidate, opponent = np.array([cold, warm] * 8), np.array([warm, cold] * 8)
    assert statistics.burst_part(candidate, opponent) == pytest.approx(0, abs=1e-9)
    assert statistics.whole_log_ratio(candidate, opponent) == pytest.approx(0, abs=1e-9)


def test_bursts_in_one_combo_are_found_there() -> None:
    """3 % of one in ten combos is lost in their mean, and is over what one combo may stray."""
    parts = 0.001 * np.arange(50).reshape(5, 10) % 0.003
    parts[:, 3] += 0.03
    assert np.flatnonzero(statistics.in_bursts(parts)).tolist() == [3]


def test_interruptions_are_not_bursts() -> None:
    """One block in which one side was interrupted does not convict; neither does a single block, nor 1 %."""
    interrupted = np.zeros((5, 2))
    interrupted[1] = 0.2
    for parts in (interrupted, -interrupted, np.full((1, 2), 0.5), np.full((5, 2), 0.01)):
        assert statistics.in_bursts(parts).tolist() == [False, False]


def test_the_whole_ratio_counts_what_the_typical_op_forgets() -> None:
    """Nothing is won by the 80 of most ops if one takes what they saved, at whatever pace of the machine."""
    candidate, opponent = np.full((4, 4), 80.0), np.full((4, 4), 100.0)
    candidate[1, 3] += 16 * 20
    pace = np.array([[1], [2], [2], [1]])
    assert statistics.whole_log_ratio(candidate * pace, opponent * pace) == pytest.approx(0)


def test_an_interruption_weighs_the_same_on_either_side() -> None:
    """And a slow candidate's time may vary by more than the opponent's whole time."""
    even, held_up = np.full((4, 4), 100), np.full((4, 4), 100)
    held_up[2, 1] += 800
    assert statistics.burst_part(held_up, even) == pytest.approx(math.log(1.5))
    assert statistics.burst_part(even, held_up) == pytest.approx(-math.log(1.5))
    slow = np.array([[100, 1000, 1000, 1000]] * 4)
    assert statistics.burst_part(slow, even) == pytest.approx(math.log(0.775))


def test_what_both_pay_for_the_first_op_of_a_turn_is_no_burst() -> None:
    """20 more on both sides; in parts of its own time the fast one would pay 20 % more."""
    first = np.array([[20, 0, 0, 0]] * 4)
    assert statistics.burst_part(20 + first, 100 + first) == pytest.approx(0)


def test_estimate_against_a_table_of_student() -> None:
    """Blocks 0.1, 0.2, 0.3: mean 0.2, standard error 0.1/sqrt(3), t(2, 95 %) = 2.920."""
    one = statistics.estimate([0.1, 0.2, 0.3])
    reach = 2.91999 * 0.1 / math.sqrt(3)
    assert one.ratio == pytest.approx(math.exp(0.2))
    assert one.low == pytest.approx(math.exp(0.2 - reach), rel=1e-5)
    assert one.high == pytest.approx(math.exp(0.2 + reach), rel=1e-5)


def test_one_block_bounds_nothing() -> None:
    """Without a second block there is no measure of noise."""
    one = statistics.estimate([0.1])
    assert (one.low, one.high) == (0.0, math.inf)


@pytest.mark.parametrize("values", [[], [math.nan], [math.inf, 0.0]])
def test_estimate_refuses_what_is_not_a_number(values: list[float]) -> None:
    """A missing block must not pass as a good one."""
    with pytest.raises(ValueError, match="finite log ratios"):
        statistics.estimate(values)


def test_overall_is_the_geomean_over_combos() -> None:
    """Twice as fast here and twice as slow there is no change."""
    ratios = np.log([[0.5, 2.0], [0.5, 2.0]])
    assert statistics.overall(ratios).ratio == pytest.approx(1.0)
    assert [round(one.ratio, 6) for one in statistics.by_combo(ratios)] == [0.5, 2.0]


def test_block_noise_and_the_gain_it_can_show() -> None:
    """Block means 0.01 and 0.03: standard deviation 0.01414; t(8, 95 %) = 1.8595 over nine blocks."""
    noise = statistics.block_noise(np.array([[0.0, 0.02], [0.02, 0.04]]))
    assert noise == pytest.approx(0.0141421, rel=1e-5)
    assert statistics.smallest_visible_gain(0.003, 9) == pytest.approx(1.85955 * 0.001, rel=1e-4)
