import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness_common.tolerance import Mismatch, topk_consistent

NAN, INF = float("nan"), float("inf")


def check(all_expected: list[float], ids: list[int], distances: list[float], k: int) -> None:
    """Call topk_consistent on lists, with a target's usual dtypes."""
    topk_consistent(
        np.array(all_expected, dtype=np.float64),
        np.array(ids, dtype=np.uint32),
        np.array(distances, dtype=np.float32),
        k,
    )


# all_expected, ids, distances, k
RIGHT: dict[str, tuple[list[float], list[int], list[float], int]] = {
    "in order": ([5.0, 1.0, 3.0, 2.0], [1, 3], [1.0, 2.0], 2),
    "in another order": ([5.0, 1.0, 3.0, 2.0], [3, 1], [2.0, 1.0], 2),
    "all rows": ([5.0, 1.0], [0, 1], [5.0, 1.0], 2),
    "k above n": ([5.0, 1.0], [0, 1], [5.0, 1.0], 7),
    "no rows": ([], [], [], 3),
    "k of none": ([5.0, 1.0], [], [], 0),
    "distances within tolerance": ([50.0, 1.0, 300.0], [1, 0], [1.00009, 50.004], 2),
    "tie over the boundary, one side": ([1.0, 2.0, 2.0, 3.0], [0, 1], [1.0, 2.0], 2),
    "tie over the boundary, other side": ([1.0, 2.0, 2.0, 3.0], [0, 2], [1.0, 2.0], 2),
    "band over the boundary": ([1.0, 2.0, 2.0001, 3.0], [0, 2], [1.0, 2.0001], 2),
    "better one inside the band left out": ([0.99995, 1.0, 1.0], [1, 2], [1.0, 1.0], 2),
    "inf tied": ([INF, 1.0, INF, INF], [3, 1], [INF, 1.0], 2),
    "all inf": ([INF, INF, INF], [2, 1], [INF, INF], 2),
    "minus inf": ([-INF, -INF, 0.0], [1], [-INF], 1),
    "nan sorts last": ([NAN, 1.0, INF], [1, 2], [1.0, INF], 2),
    "nan returned when nothing else is left": ([NAN, 1.0, NAN], [1, 2], [1.0, NAN], 2),
    "negative distances": ([-3.0, -1.0, -2.0], [0, 2], [-3.0, -2.0], 2),
}

# the same, and a part of the message
WRONG: dict[str, tuple[list[float], list[int], list[float], int, str]] = {
    "off by one: the best missing": ([1.0, 2.0, 3.0], [1, 2], [2.0, 3.0], 2, "row 2 was returned"),
    "off by one: k+1st for kth": ([1.0, 2.0, 3.0], [0, 2], [1.0, 3.0], 2, "row 2 was returned"),
    "best missing, kth tied": ([0.0, 1.0, 1.0], [1, 2], [1.0, 1.0], 2, "row 0 was left out"),
    "just outside the band": ([1.0, 2.0, 2.0003], [0, 2], [1.0, 2.0003], 2, "row 2 was returned"),
    "better one just outside the band left out": (
        [0.9998, 1.0, 1.0],
        [1, 2],
        [1.0, 1.0],
        2,
        "row 0 was left out",
    ),
    "largest instead of smallest": ([1.0, 2.0, 3.0], [2], [3.0], 1, "number 1 in order is 1.0"),
    "duplicate id": ([1.0, 1.0, 3.0], [0, 0], [1.0, 1.0], 2, "expected every row once, got row 0 2 times"),
    "too few": ([1.0, 2.0, 3.0], [0], [1.0], 2, r"ids: expected uint32\[2\], got uint32\[1\]"),
    "too many": (
        [1.0, 2.0, 3.0],
        [0, 1, 2],
        [1.0, 2.0, 3.0],
        2,
        r"ids: expected uint32\[2\], got uint32\[3\]",
    ),
    "padded to k": ([1.0], [0, 0], [1.0, 1.0], 2, r"ids: expected uint32\[1\], got uint32\[2\]"),
    "rows out of none": ([], [0], [0.0], 1, r"ids: expected uint32\[0\], got uint32\[1\]"),
    "fewer distances": ([1.0, 2.0], [0, 1], [1.0], 2, r"distances: expected float32\[2\], got float32\[1\]"),
    "id out of range": ([1.0, 2.0], [0, 2], [1.0, 2.0], 2, r"expected rows below 2, got 2 at \(1,\)"),
    "wrong distance": ([1.0, 2.0], [0], [1.001], 1, "distances: 1 of 1 elements differ"),
    "distances of other ids": ([1.0, 2.0, 3.0], [0, 1], [2.0, 1.0], 2, "distances: 2 of 2 elements differ"),
    "nan distance": ([1.0, 2.0], [0], [NAN], 1, "distances: 1 of 1 elements differ"),
    "inf distance": ([1.0, 2.0], [0], [INF], 1, "distances: 1 of 1 elements differ"),
    "finite distance for inf": ([INF, INF], [0], [3e38], 1, "distances: 1 of 1 elements differ"),
    "inf returned, finite left out": ([INF, 1.0], [0], [INF], 1, "row 0 was returned"),
    "finite left out, kth inf": ([INF, 1.0, INF], [0, 2], [INF, INF], 2, "row 1 was left out"),
    "nan returned, finite left out": ([NAN, 1.0], [0], [NAN], 1, "row 0 was returned"),
    "nan returned, inf left out": ([NAN, INF], [0], [NAN], 1, "row 0 was returned"),
    "inf left out, kth nan": ([NAN, INF, NAN], [0, 2], [NAN, NAN], 2, "row 1 was left out"),
    "minus inf left out": ([-INF, 0.0], [1], [0.0], 1, "row 1 was returned"),
}


@pytest.mark.parametrize("case", RIGHT)
def test_accepts_a_right_top_k(case: str) -> None:
    """Any order, and any choice inside the band of ties."""
    check(*RIGHT[case])


@pytest.mark.parametrize("case", WRONG)
def test_refuses_a_wrong_top_k_and_says_why(case: str) -> None:
    """Each shortcut a selection could take has a case that it fails."""
    all_expected, ids, distances, k, message = WRONG[case]
    with pytest.raises(Mismatch, match=message):
        check(all_expected, ids, distances, k)


@pytest.mark.parametrize("dtype", [np.int64, np.float64, np.bool_])
def test_refuses_ids_that_are_not_unsigned(dtype: type[np.generic]) -> None:
    """Row -1 would count from the end and find a right distance there."""
    ids: NDArray[np.unsignedinteger] = np.array([1], dtype=dtype)
    with pytest.raises(Mismatch, match="ids: expected unsigned integers, got"):
        topk_consistent(np.array([2.0, 1.0]), ids, np.array([1.0], dtype=np.float32), 1)


def test_the_largest_unsigned_id_is_out_of_range() -> None:
    """It must not wrap to row -1 on the way to an index."""
    ids = np.array([2**64 - 1], dtype=np.uint64)
    with pytest.raises(Mismatch, match="expected rows below 2, got 18446744073709551615"):
        topk_consistent(np.array([2.0, 1.0]), ids, np.array([1.0], dtype=np.float32), 1)


def test_refuses_lists_in_place_of_arrays() -> None:
    """Outputs are arrays; what is not one is a wrong answer, not a crash."""
    row = np.array([0], dtype=np.uint32)
    with pytest.raises(Mismatch, match=r"distances: expected float64\[1\], got list"):
        topk_consistent(np.array([1.0]), row, [1.0], 1)  # type: ignore[arg-type]


def test_a_caller_that_misuses_it_gets_no_mismatch() -> None:
    """A mistake in the harness must not count as a wrong kernel."""
    row, distance = np.array([0], dtype=np.uint32), np.array([1.0], dtype=np.float32)
    with pytest.raises(ValueError, match="expected k of 0 or more, got -1"):
        topk_consistent(np.array([1.0]), row, distance, -1)
    with pytest.raises(ValueError, match=r"expected float64\[n\], got float64\[1, 1\]"):
        topk_consistent(np.array([[1.0]]), row, distance, 1)


# all_expected, allowed, ids, distances; k is 2
WITHIN: dict[str, tuple[list[float], list[float], list[int], list[float]]] = {
    "each row by its own": ([1.0, 2.0, 9.0], [0.0, 0.5, 0.0], [0, 1], [1.0, 2.5]),
    "less than the tolerance": ([1e6, 2e6, 3e6], [0.0, 0.0, 0.0], [1, 0], [2e6, 1e6]),
    "a vague row in": ([1.0, 2.0, 2.5], [0.0, 0.0, 0.5], [0, 2], [1.0, 2.0]),
    "a vague row out": ([1.0, 2.0, 2.5], [0.0, 0.5, 0.0], [0, 2], [1.0, 2.5]),
    "two vague rows change places": ([1.0, 2.0, 2.5], [0.0, 0.25, 0.25], [0, 2], [1.0, 2.25]),
    "inf tied": ([INF, 1.0, INF], [1.0, 0.0, 2.0], [2, 1], [INF, 1.0]),
    "minus inf": ([-INF, 1.0, 2.0], [1.0, 0.0, 0.0], [0, 1], [-INF, 1.0]),
    "nan sorts last": ([NAN, 1.0, 2.0], [1.0, 0.0, 0.0], [1, 2], [1.0, 2.0]),
    "nan returned when nothing else is left": ([NAN, 1.0, NAN], [1.0, 0.0, 0.0], [1, 0], [1.0, NAN]),
}

# the same, and a part of the message
NOT_WITHIN: dict[str, tuple[list[float], list[float], list[int], list[float], str]] = {
    "another row's error": ([1.0, 2.0, 9.0], [0.5, 0.0, 0.0], [0, 1], [1.0, 2.5], r"first at \(1,\)"),
    "what the tolerance would let pass": (
        [1e6, 2e6, 3e6],
        [0.0, 1.0, 0.0],
        [0, 1],
        [1e6, 2e6 + 2],
        r"got 2000002.0 \(allowed error 1\)",
    ),
    "a sharp row in": ([1.0, 2.0, 2.5], [0.5, 0.0, 0.0], [0, 2], [1.0, 2.5], "row 2 was returned"),
    "a sharp row out": ([1.0, 2.0, 2.5, 2.5], [0.0, 0.0, 0.5, 0.5], [2, 3], [2.0, 2.0], "row 0 was left out"),
    "vague rows too far apart": (
        [1.0, 2.0, 2.75],
        [0.0, 0.25, 0.25],
        [0, 2],
        [1.0, 2.75],
        "row 2 was returned",
    ),
    "nan distance": ([1.0, 2.0, 3.0], [9.0, 9.0, 9.0], [0, 1], [1.0, NAN], "distances: 1 of 2"),
    "inf distance": ([1.0, 2.0, 3.0], [9.0, 9.0, 9.0], [0, 1], [1.0, INF], "distances: 1 of 2"),
    "finite distance for inf": ([INF, INF, 3.0], [9.0, 9.0, 9.0], [0, 2], [3e38, 3.0], "distances: 1 of 2"),
    "finite left out, kth inf": ([INF, 1.0, INF], [9.0, 9.0, 9.0], [0, 2], [INF, INF], "row 1 was left out"),
    "nan returned, finite left out": ([NAN, 1.0, 2.0], [0.0, 0.0, 0.0], [0, 1], [NAN, 1.0], "row 0 was"),
    "number left out, kth nan": ([NAN, 1.0, NAN], [0.0, 0.0, 0.0], [0, 2], [NAN, NAN], "row 1 was left out"),
}


def check_within(
    all_expected: list[float], allowed: list[float], ids: list[int], distances: list[float]
) -> None:
    """Call topk_consistent on lists, k = 2, with an allowed error for every row."""
    rows, numbers = np.array(ids, np.uint32), np.array(distances, np.float32)
    topk_consistent(np.array(all_expected), rows, numbers, 2, allowed=np.array(allowed))


@pytest.mark.parametrize("case", WITHIN)
def test_accepts_what_the_allowed_errors_of_the_rows_explain(case: str) -> None:
    """In place of the tolerance, which would be smaller or larger."""
    check_within(*WITHIN[case])


@pytest.mark.parametrize("case", NOT_WITHIN)
def test_refuses_what_the_allowed_errors_of_the_rows_do_not_explain(case: str) -> None:
    """A row's allowance excuses that row, and those that it may have changed places with."""
    all_expected, allowed, ids, distances, message = NOT_WITHIN[case]
    with pytest.raises(Mismatch, match=message):
        check_within(all_expected, allowed, ids, distances)


@pytest.mark.parametrize(
    ("allowed", "message"),
    [
        (np.zeros(3), r"expected allowed float64\[2\], got float64\[3\]"),
        (np.zeros(2, np.float32), r"expected allowed float64\[2\], got float32\[2\]"),
        (np.array([0.0, -1.0]), "finite and 0 or more"),
        (np.array([0.0, NAN]), "finite and 0 or more"),
        (np.array([INF, 0.0]), "finite and 0 or more"),
    ],
)
def test_allowed_errors_that_make_no_sense_are_the_callers_mistake(
    allowed: NDArray[np.float64], message: str
) -> None:
    """They must not count as a wrong kernel."""
    with pytest.raises(ValueError, match=message):
        topk_consistent(
            np.array([1.0, 2.0]), np.array([0], np.uint32), np.array([1.0], np.float32), 1, allowed=allowed
        )


@given(
    st.lists(st.tuples(st.integers(-8, 8), st.integers(0, 3), st.integers(-3, 3)), max_size=10),
    st.integers(0, 11),
)
def test_a_top_k_of_values_inside_their_allowed_errors_is_right(
    rows: list[tuple[int, int, int]], k: int
) -> None:
    """Whatever the errors, as long as each stays within its own bound."""
    expected = np.array([value for value, _, _ in rows], np.float64)
    allowed = np.array([bound for _, bound, _ in rows], np.float64)
    computed = expected + np.clip([error for _, _, error in rows], -allowed, allowed)
    ids = np.argsort(computed, kind="stable")[:k].astype(np.uint32)
    topk_consistent(expected, ids, computed[ids], k, allowed=allowed)


@given(
    st.lists(st.sampled_from([-1.0, 0.0, 1.0, 1.5, 1e6, INF, NAN]), max_size=12),
    st.integers(0, 14),
    st.data(),
)
def test_a_choice_is_right_when_its_sorted_distances_are_the_smallest(
    all_expected: list[float], k: int, data: st.DataObject
) -> None:
    """With distances far apart or equal the definition is short: sort, cut at k, compare."""
    n = len(all_expected)
    ids = data.draw(st.permutations(range(n)))[:k]
    distances = [all_expected[i] for i in ids]
    if np.array_equal(np.sort(distances), np.sort(all_expected)[:k], equal_nan=True):
        check(all_expected, ids, distances, k)
    else:
        with pytest.raises(Mismatch):
            check(all_expected, ids, distances, k)
