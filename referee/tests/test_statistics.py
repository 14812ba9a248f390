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


def test_the_ratio_of_sums_forgets_nothing() -> None:
    """The same time in all, spent in one op instead of two: the median says nothing, the sum says 1."""
    assert statistics.log_ratio_of_sums(np.array([[10, 190]]), np.array([[100, 100]])) == 0


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
