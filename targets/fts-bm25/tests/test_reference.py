"""The reference against answers worked out by hand."""

from itertools import pairwise

import numpy as np
import pytest

from fts_bm25 import reference
from harness_common.prng import SplitMix64

Rows = list[tuple[float, int]]


def merged(queries: list[list[Rows]], k: int) -> tuple[list[Rows], list[int]]:
    """Return each query's first k rows, and where they begin."""
    every = [row for query in queries for rows in query for row in rows]
    lengths = [[0, *map(len, query)] for query in queries]
    starts = np.cumsum([0, *(sum(row) for row in lengths)])[:-1]
    offsets = np.array([start + np.cumsum(row) for start, row in zip(starts, lengths, strict=True)], np.int64)
    distances, row_ids, ends = reference.merge(
        np.array([row[0] for row in every], np.float32),
        np.array([row[1] for row in every], np.uint64),
        offsets,
        k,
    )
    rows = list(zip(distances.tolist(), row_ids.tolist(), strict=True))
    return [rows[a:b] for a, b in pairwise(ends.tolist())], ends.tolist()


def test_the_nearest_rows_come_first_and_in_order() -> None:
    """Three lists of 2, 3 and 1 rows; the first four of the six."""
    lists: list[Rows] = [[(1.0, 11), (4.0, 14)], [(2.0, 22), (3.0, 23), (9.0, 29)], [(2.5, 35)]]
    assert merged([lists], 4) == ([[(1.0, 11), (2.0, 22), (2.5, 35), (3.0, 23)]], [0, 4])


def test_of_equal_distances_the_lower_row_id_comes_first() -> None:
    """Also at the boundary, and where float64 cannot tell the row ids apart."""
    big = 2**63
    lists: list[Rows] = [[(1.0, big + 1)], [(1.0, big + 3)], [(1.0, big)], [(1.0, 2**64 - 1)], [(1.0, 7)]]
    assert merged([lists], 3) == ([[(1.0, 7), (1.0, big), (1.0, big + 1)]], [0, 3])


def test_distances_are_in_total_order() -> None:
    """From -inf to inf, -0.0 before 0.0 whatever their row ids, numbers below the normal ones among them."""
    rows: Rows = [
        (np.inf, 1),
        (0.0, 2),
        (2.0**-149, 3),
        (-0.0, 9),
        (-(2.0**-149), 5),
        (-1.0, 6),
        (-np.inf, 7),
    ]
    answer, _ = merged([[rows]], 7)
    assert [row_id for _, row_id in answer[0]] == [7, 6, 5, 9, 2, 3, 1]
    assert np.signbit(answer[0][3][0])
    assert not np.signbit(answer[0][4][0])


def test_a_row_that_comes_twice_is_returned_twice() -> None:
    """Lance does not look for duplicates here."""
    assert merged([[[(1.0, 5), (1.0, 5)], [(1.0, 5)], [(0.5, 5)]]], 3)[0] == [[(0.5, 5), (1.0, 5), (1.0, 5)]]


def test_there_may_be_fewer_rows_than_asked_for() -> None:
    """Queries of two rows, of none, and of one; then no lists at all."""
    queries: list[list[Rows]] = [[[(2.0, 1)], [(1.0, 2)]], [[], []], [[], [(5.0, 3)]]]
    assert merged(queries, 9) == ([[(1.0, 2), (2.0, 1)], [], [(5.0, 3)]], [0, 2, 2, 3])
    assert merged([[], []], 9) == ([[], []], [0, 0, 0])


def test_queries_do_not_mix() -> None:
    """Each has its own first row."""
    queries: list[list[Rows]] = [[[(3.0, 1)], [(4.0, 2)]], [[(1.0, 3)], [(2.0, 4)]]]
    assert merged(queries, 1) == ([[(3.0, 1)], [(1.0, 3)]], [0, 1, 2])


@pytest.mark.parametrize("k", [1, 7, 40, 199, 200, 300])
def test_agrees_with_sorting_tuples(k: int) -> None:
    """Python's own sort of (distance, row id), few distances and few row ids, so that both tie."""
    stream = SplitMix64(k)
    rows: Rows = [
        (float(d), int(i))
        for d, i in zip(stream.integers(-9, 9, 200), stream.integers(0, 30, 200), strict=True)
    ]
    assert merged([[rows[:50], rows[50:170], rows[170:]]], k)[0] == [sorted(rows)[:k]]


def test_ordered_keeps_the_order_of_all_floats() -> None:
    """Random bits, NaN left out: sorted as floats their keys never fall, and the two zeros are neighbours."""
    bits = (SplitMix64(3).uint64(20_000) >> 32).astype(np.uint32)
    distances = np.sort(bits[bits & 0x7F800000 != 0x7F800000].view(np.float32))
    keys = reference.ordered(distances)
    assert keys.dtype == np.uint32
    assert (np.diff(keys.astype(np.int64)) >= 0).all()
    zeros = reference.ordered(np.array([-0.0, 0.0], np.float32))
    assert zeros.tolist() == [0x7FFFFFFF, 0x80000000]
