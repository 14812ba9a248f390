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


def test_the_burst_part_forgets_nothing() -> None:
    """Nine ops at 80 and one that takes what they saved: nothing is won, and a fifth of the time is hidden."""
    candidate, opponent = np.full(10, 80.0), np.full(10, 100.0)
    candidate[3] += 10 * 20
    assert statistics.log_ratio(candidate, opponent) == pytest.approx(math.log(0.8))
    assert statistics.burst_part(candidate, opponent) == pytest.approx(0.2)


def test_what_both_pay_for_a_turns_first_op_is_no_burst() -> None:
    """20 more for every fourth op on both sides; in parts of its own time the fast one would pay 20 % more."""
    first = np.arange(16) % 4 == 0
    assert statistics.burst_part(20.0 + 20 * first, 100.0 + 20 * first) == pytest.approx(0.0)


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
