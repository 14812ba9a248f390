import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness_common.tolerance import (
    Mismatch,
    allowed_error,
    first_difference,
    max_abs_err,
    require_array,
    require_close,
    require_equal,
)

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)

# expected, got, the scaled error
ERRORS: list[tuple[float, float, float]] = [
    (0.0, 0.0, 0.0),
    (0.0, -0.0, 0.0),
    (0.5, 0.75, 0.25),
    (-8.0, -6.0, 0.25),
    (math.nan, math.nan, 0.0),
    (math.nan, 1.0, math.inf),
    (1.0, math.nan, math.inf),
    (math.inf, math.inf, 0.0),
    (-math.inf, -math.inf, 0.0),
    (math.inf, -math.inf, math.inf),
    (math.inf, 1e308, math.inf),
    (1e308, math.inf, math.inf),
    (math.inf, math.nan, math.inf),
    (math.nan, math.inf, math.inf),
    (1e308, -1e308, math.inf),
]


@pytest.mark.parametrize(("expected", "got", "error"), ERRORS)
def test_scaled_errors_worked_by_hand(expected: float, got: float, error: float) -> None:
    """Relative above 1, absolute below; what cannot be compared is infinitely wrong."""
    assert error == max_abs_err([1.0, expected], [1.0, got])


@pytest.mark.parametrize(("expected", "got", "error"), ERRORS)
def test_close_passes_exactly_what_has_a_small_error(expected: float, got: float, error: float) -> None:
    """NaN and infinities need no case of their own, whichever side they stand on."""
    if error <= 1e-4:
        require_close("out", [expected], [got])
    else:
        with pytest.raises(Mismatch, match=r"^out: 1 of 1 elements differ; first at \(0,\): expected"):
            require_close("out", [expected], [got])


@given(st.lists(st.tuples(ANY_FLOAT, ANY_FLOAT), max_size=5))
def test_no_wrong_element_hides_among_right_ones(pairs: list[tuple[float, float]]) -> None:
    """The error of an array is the largest of its elements, and close means it is allowed."""
    expected, got = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    largest = max((max_abs_err(e, g) for e, g in pairs), default=0.0)
    assert largest == max_abs_err(expected, got)
    if largest > 1e-4:
        with pytest.raises(Mismatch):
            require_close("out", expected, got)
    else:
        require_close("out", expected, got)


def test_allowed_error_is_absolute_below_one_and_relative_above() -> None:
    """The tolerance times max(1, |expected|)."""
    assert allowed_error([0.0, -0.5, 1.0, -300.0], 0.5).tolist() == [0.5, 0.5, 0.5, 150.0]
    assert allowed_error(np.float32(2.0)).tolist() == 2e-4


@pytest.mark.parametrize(
    ("got", "right"), [(100.0099, True), (100.0101, False), (99.9901, True), (99.9899, False)]
)
def test_the_limit_grows_with_the_expected_value(got: float, right: bool) -> None:
    """At 100 an error of 0.01 is the limit, on either side."""
    if right:
        require_close("out", 100.0, got)
    else:
        with pytest.raises(Mismatch):
            require_close("out", 100.0, got)


def test_empty_arrays_have_no_error() -> None:
    """There is nothing in them to be wrong."""
    empty = np.zeros((0, 3))
    assert max_abs_err(empty, empty) == 0.0
    require_close("out", empty, empty)
    require_equal("out", empty, empty)
    assert first_difference(empty, empty) is None


def test_close_says_how_many_where_and_by_how_much() -> None:
    """The message is enough to start looking."""
    expected = np.array([[1.0, 20.0], [3.0, 4.0]])
    got = np.array([[1.0, 20.5], [3.0, np.nan]], dtype=np.float32)
    message = (
        r"^out: 2 of 4 elements differ; first at \(0, 1\): expected 20.0, got 20.5 \(allowed error 0.002\)$"
    )
    with pytest.raises(Mismatch, match=message):
        require_close("out", expected, got)


@pytest.mark.parametrize("got", [np.zeros((1, 3)), np.zeros(1), np.zeros(()), np.zeros((3, 1))])
def test_nothing_is_broadcast(got: NDArray[np.float64]) -> None:
    """One right element must not stand for three."""
    with pytest.raises(Mismatch, match=r"^out: expected shape \(3,\), got"):
        require_close("out", np.zeros(3), got)
    with pytest.raises(Mismatch, match=r"expected shape \(3,\), got"):
        max_abs_err(np.zeros(3), got)


@pytest.mark.parametrize("got", [np.array([1 + 1j]), np.array([1.0], dtype=object), np.array(["1.0"])])
def test_close_refuses_what_is_not_real(got: NDArray[Any]) -> None:
    """The imaginary part must not be dropped on the way to float64."""
    with pytest.raises(Mismatch, match="out: expected real numbers, got"):
        require_close("out", [1.0], got)


@pytest.mark.parametrize(
    ("got", "described"),
    [
        (np.zeros(10, dtype=np.float64), r"float64\[10\]"),
        (np.zeros(10, dtype=">f4"), r">f4\[10\]"),
        (np.zeros(9, dtype=np.float32), r"float32\[9\]"),
        (np.zeros((10, 1), dtype=np.float32), r"float32\[10, 1\]"),
        ([0.0] * 10, "list"),
        (None, "NoneType"),
        (np.ma.zeros(10, dtype=np.float32), "MaskedArray"),
    ],
)
def test_an_array_has_exactly_the_type_the_dtype_and_the_shape(got: object, described: str) -> None:
    """Nothing is converted, and a subclass cannot bring its own comparison."""
    require_array("distances", np.zeros(10, dtype=np.float32), np.float32, (10,))
    with pytest.raises(Mismatch, match=rf"^distances: expected float32\[10\], got {described}$"):
        require_array("distances", got, np.float32, (10,))


NAN_PAYLOADS = np.array([0x7FC00000, 0x7FC00001], dtype=np.uint32).view(np.float32)
MATRIX = np.arange(6, dtype=np.int16).reshape(2, 3)
CHANGED = np.array([[0, 1, 2], [3, 4 + 256, 6]], dtype=np.int16)

DIFFERENCES: list[tuple[NDArray[Any], NDArray[Any], tuple[int, ...] | None]] = [
    (MATRIX, MATRIX.copy(), None),
    (MATRIX, np.asfortranarray(MATRIX), None),
    (MATRIX, CHANGED, (1, 1)),
    (MATRIX, np.asfortranarray(CHANGED), (1, 1)),
    (MATRIX[:, ::2], CHANGED[:, ::2], (1, 1)),
    (np.array([0.0]), np.array([-0.0]), (0,)),
    (np.array([np.nan]), np.array([np.nan]), None),
    (NAN_PAYLOADS[:1], NAN_PAYLOADS[1:], (0,)),
    (np.array(7, dtype=np.uint8), np.array(8, dtype=np.uint8), ()),
    (np.array([True, False]), np.array([True, True]), (1,)),
]


@pytest.mark.parametrize(("expected", "got", "index"), DIFFERENCES)
def test_differences_are_of_bits(
    expected: NDArray[Any], got: NDArray[Any], index: tuple[int, ...] | None
) -> None:
    """The layout in memory does not matter, the sign of a zero and the payload of a NaN do."""
    assert index == first_difference(expected, got)
    if index is None:
        require_equal("out", expected, got)
    else:
        with pytest.raises(Mismatch, match=r"^out: first difference at "):
            require_equal("out", expected, got)


def test_equal_names_the_place_and_both_values() -> None:
    """Where two NaNs differ, their bytes are shown, because their names are the same."""
    with pytest.raises(Mismatch, match=r"^out: first difference at \(1, 1\): expected 4, got 260$"):
        require_equal("out", MATRIX, CHANGED)
    message = r"expected nan \(bytes 0000c07f\), got nan \(bytes 0100c07f\)$"
    with pytest.raises(Mismatch, match=message):
        require_equal("out", NAN_PAYLOADS[:1].astype("<f4"), NAN_PAYLOADS[1:].astype("<f4"))


@pytest.mark.parametrize("got", [MATRIX.astype(np.uint16), MATRIX.ravel(), MATRIX.T])
def test_equal_needs_the_same_dtype_and_shape(got: NDArray[Any]) -> None:
    """The same bytes under another dtype are another answer."""
    with pytest.raises(Mismatch, match=r"^out: expected int16\[2, 3\], got "):
        require_equal("out", MATRIX, got)
    with pytest.raises(Mismatch, match=r"expected int16\[2, 3\], got "):
        first_difference(MATRIX, got)
