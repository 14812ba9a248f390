"""Each thing that can be wrong with an answer is refused, by name."""

import numpy as np
import pytest

from harness_common.tolerance import Mismatch
from posting_intersect.oracle import compare

START = np.array([0, 2, 2, 5], np.int64)
IDS = np.array([3, 2**31, 0, 7, 2**32 - 1], np.uint32)


def changed(array: np.ndarray, place: int, value: int) -> np.ndarray:
    """Return a copy with one element replaced."""
    other = array.copy()
    other[place] = value
    return other


def test_the_right_answer_passes() -> None:
    """And an answer of no queries."""
    compare((START, IDS), (START.copy(), IDS.copy()))
    nothing = np.zeros(1, np.int64), np.zeros(0, np.uint32)
    compare(nothing, nothing)


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ((START, changed(IDS, 3, 8)), r"ids: first difference at \(3,\): expected 7, got 8"),
        ((START, changed(IDS, 4, 0)), r"ids: first difference at \(4,\)"),
        ((START, IDS[[1, 0, 2, 3, 4]]), r"ids: first difference at \(0,\)"),
        ((START, IDS[:-1]), r"ids: expected uint32\[5\], got uint32\[4\]"),
        ((START, np.append(IDS, IDS[-1:])), r"ids: expected uint32\[5\], got uint32\[6\]"),
        ((START, np.zeros_like(IDS)), r"ids: first difference at \(0,\): expected 3, got 0"),
        ((START, IDS.astype(np.int64)), r"ids: expected uint32\[5\], got int64\[5\]"),
        ((START, IDS.view(np.int32)), r"ids: expected uint32\[5\], got int32\[5\]"),
        ((START, IDS.reshape(1, -1)), r"ids: expected uint32\[5\], got uint32\[1, 5\]"),
        ((changed(START, 1, 1), IDS), r"start: first difference at \(1,\): expected 2, got 1"),
        ((np.zeros_like(START), IDS), r"start: first difference at \(1,\)"),
        ((START[:-1], IDS), r"start: expected int64\[4\], got int64\[3\]"),
        ((START.astype(np.uint32), IDS), r"start: expected int64\[4\], got uint32\[4\]"),
        ((IDS, START), r"start: expected int64\[4\], got uint32\[5\]"),
        ((IDS,), "expected 2 .start, ids., got 1"),
        ((START, IDS, IDS), "expected 2 .start, ids., got 3"),
    ],
)
def test_a_wrong_answer_is_refused(outputs: tuple[np.ndarray, ...], said: str) -> None:
    """Values, order, numbers, types and shapes of both outputs."""
    with pytest.raises(Mismatch, match=said):
        compare((START, IDS), outputs)


def test_all_zeros_are_refused() -> None:
    """Also where there is one document, which is not 0."""
    with pytest.raises(Mismatch, match="start"):
        compare((np.array([0, 1]), np.array([5], np.uint32)), (np.zeros(2, np.int64), np.zeros(1, np.uint32)))
