import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness_common.stats import geomean

TIMES = st.lists(st.floats(1e-3, 1e12), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("times_ns", "expected"),
    [
        ([7.0], 7.0),
        ([2, 8], 4.0),
        ((1.0, 10.0, 100.0), 10.0),
        ([0.5, 2.0], 1.0),
        ([[2.0, 8.0], [1.0, 16.0]], 4.0),
    ],
)
def test_answers_worked_by_hand(times_ns: list[float], expected: float) -> None:
    """The n-th root of the product of n numbers."""
    assert expected == pytest.approx(geomean(times_ns), rel=1e-14)
    assert expected == pytest.approx(geomean(np.array(times_ns)), rel=1e-14)


def test_does_not_overflow_where_the_product_would() -> None:
    """A thousand times of ten seconds multiply to 1e10000."""
    assert geomean([1e10] * 1000) == pytest.approx(1e10, rel=1e-12)


@given(TIMES, st.integers(0, 2**32 - 1))
def test_the_ratio_of_means_is_the_mean_of_ratios(times_ns: list[float], seed: int) -> None:
    """Hence the ranking does not depend on which kernel is the baseline."""
    baseline = np.array(times_ns)
    candidate = baseline * np.random.default_rng(seed).uniform(0.5, 2.0, baseline.size)
    ratio = geomean(candidate) / geomean(baseline)
    assert ratio == pytest.approx(geomean(candidate / baseline), rel=1e-12)
    assert 1 / ratio == pytest.approx(geomean(baseline / candidate), rel=1e-12)


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf, -math.inf])
def test_refuses_a_number_that_is_no_time_and_names_it(wrong: float) -> None:
    """One zero would make the mean 0, one nan would make it nan: neither may pass as a result."""
    with pytest.raises(ValueError, match=rf"^value 1 is {wrong}; expected a finite number above 0$"):
        geomean([3.0, wrong, 5.0])


def test_refuses_no_numbers_at_all() -> None:
    """A mean of nothing is not 0 and not nan."""
    with pytest.raises(ValueError, match="expected at least one number, got none"):
        geomean([])
