"""Every way in which an answer can be wrong is refused, and by name."""

from collections.abc import Callable

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from referee.testing import seen
from take import MAP_OFFSETS, REMAP, TAKE_FIXED, TAKE_ROWS, TAKE_STRINGS
from take.battery import warm_up_case
from take.oracle import Expected, compare, expect

Outputs = tuple[np.ndarray, ...]
NO_ERROR = np.zeros(0, np.uint8)
OPS = {op["method"]: op for case in warm_up_case(SplitMix64(5)) for op in seen(case.ops)}
ROW_7 = Expected(("rows",), (), "row 7")


def right(method: str) -> tuple[Expected, Outputs]:
    """Return what is expected of one op of a method, and the right answer."""
    expected = expect({}, OPS[method])
    assert expected.place == ""
    return expected, (*(output.copy() for output in expected.outputs), NO_ERROR)


def message(text: str) -> np.ndarray:
    """Return the bytes of an error."""
    return np.array(list(text.encode()), np.uint8)


def changed(output: int, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Outputs], Outputs]:
    """Return a function that changes one of the outputs."""
    return lambda outputs: (*outputs[:output], change(outputs[output]), *outputs[output + 1 :])


def flipped(output: int, place: int, bit: int = 0) -> Callable[[Outputs], Outputs]:
    """Return a function that flips one bit of one element of one output."""

    def flip(array: np.ndarray) -> np.ndarray:
        array.reshape(-1).view(f"u{array.itemsize}")[place] ^= 1 << bit
        return array

    return changed(output, flip)


def zeros(outputs: Outputs) -> Outputs:
    """Return an answer of zeros."""
    return (*(np.zeros_like(output) for output in outputs[:-1]), NO_ERROR)


@pytest.mark.parametrize("method", OPS)
def test_the_right_answer_is_accepted(method: str) -> None:
    """Of every method."""
    compare(*right(method))


WRONG: list[tuple[str, Callable[[Outputs], Outputs], str]] = [
    (TAKE_FIXED, flipped(0, 3), "values: first difference at (3,)"),
    (TAKE_FIXED, flipped(0, 3, 63), "values: first difference at (3,)"),
    (TAKE_FIXED, flipped(1, 2, 5), "validity: first difference at (2,)"),
    (TAKE_FIXED, flipped(1, 11, 7), "validity: first difference at (11,)"),  # padding
    (TAKE_FIXED, changed(0, lambda a: a.astype(np.int64)), "values: expected uint64[90], got int64[90]"),
    (TAKE_FIXED, changed(0, lambda a: a[:-1]), "values: expected uint64[90], got uint64[89]"),
    (TAKE_FIXED, changed(1, lambda a: a[:0]), "validity: expected uint8[12], got uint8[0]"),
    (TAKE_FIXED, zeros, "values: first difference"),
    (TAKE_ROWS, flipped(0, 7, 31), "rows: first difference at (1, 2)"),
    (TAKE_ROWS, changed(0, lambda a: a.reshape(-1)), "rows: expected float32[30, 5], got float32[150]"),
    (TAKE_ROWS, changed(0, lambda a: a[::-1].copy()), "rows: first difference"),
    (TAKE_ROWS, zeros, "rows: first difference"),
    (TAKE_STRINGS, flipped(0, 70), "offsets: first difference at (70,)"),
    (TAKE_STRINGS, flipped(1, 5), "data: first difference at (5,)"),
    (TAKE_STRINGS, changed(1, lambda a: np.append(a, a[:1])), "data: expected uint8["),
    (TAKE_STRINGS, changed(0, lambda a: a.astype(np.int64)), "offsets: expected int32[71], got int64[71]"),
    (TAKE_STRINGS, zeros, "offsets: first difference"),
    (REMAP, flipped(0, 4), "positions: first difference at (4,)"),
    (REMAP, changed(0, lambda a: a[1:]), "positions: expected uint32["),
    (REMAP, changed(0, lambda a: a.astype(np.uint64)), "positions: expected uint32["),
    (REMAP, zeros, "positions: first difference"),
    (MAP_OFFSETS, flipped(0, 9), "addresses: first difference at (9,)"),
    (MAP_OFFSETS, flipped(0, 9, 40), "addresses: first difference at (9,)"),
    (MAP_OFFSETS, changed(0, lambda a: a[:-1]), "addresses: expected uint64[80], got uint64[79]"),
    (MAP_OFFSETS, zeros, "addresses: first difference"),
]


@pytest.mark.parametrize(("method", "change", "reason"), WRONG)
def test_a_wrong_answer_is_refused(method: str, change: Callable[[Outputs], Outputs], reason: str) -> None:
    """One bit, one element, another type, another length, zeros."""
    expected, outputs = right(method)
    with pytest.raises(Mismatch) as caught:
        compare(expected, change(outputs))
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize("method", OPS)
def test_the_number_of_outputs_counts(method: str) -> None:
    """One too few, and one too many."""
    expected, outputs = right(method)
    for some in (outputs[1:], (*outputs, NO_ERROR)):
        with pytest.raises(Mismatch, match=r"outputs: expected \d \(.*error\), got \d"):
            compare(expected, some)


def test_an_error_where_all_is_well_is_refused() -> None:
    """Though the arrays are right."""
    expected, outputs = right(TAKE_ROWS)
    for said in ("ValueError: row 7", "ValueError: "):
        with pytest.raises(Mismatch, match=f"error: expected none, got '{said}'"):
            compare(expected, (*outputs[:-1], message(said)))


def test_an_error_names_the_place_and_may_say_more() -> None:
    """With any text around it."""
    for said in ("row 7", "row 7: expected an index below 3, got 12", "wrong: (row 7)"):
        compare(ROW_7, (NO_ERROR, message(said)))


@pytest.mark.parametrize(
    "said",
    ["", "row 8", "row 77", "row 6, row 7", "row 7, Row 8", "row 7, rows 8", "row 7 row8", "fragment 7", "7"],
)
def test_another_place_or_several_are_refused(said: str) -> None:
    """No error at all, a row nearby, a list of rows in whatever spelling."""
    with pytest.raises(Mismatch, match="error: expected one that names row 7 and no other, got"):
        compare(ROW_7, (NO_ERROR, message(said)))


def test_an_error_is_bytes() -> None:
    """As `prepare` makes them."""
    with pytest.raises(Mismatch, match="error: expected uint8"):
        compare(ROW_7, (NO_ERROR, message("row 7").astype(np.int32)))
