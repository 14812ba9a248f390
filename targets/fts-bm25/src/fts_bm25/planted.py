"""The rows that come first in a timed op, and are easy to get wrong: signs, two zeros, equal distances.

In each query of each op six rows are overwritten, and come before all others, in this order:

    list 3   first row    -2**-30    Z
    list 1   first row    -2**-149   Y - 2**63
    list 3   second row   -2**-149   Y
    list 2   first row    -2**-149   Y + 1      as float64 this row id and the one before are the same number
    list 1   second row   -0.0       X + 2      -0.0 is less than 0.0, whatever the row ids
    list 0   first row     0.0       X

The bits of -2**-30 as a signed integer are above those of -2**-149 and of -0.0: closes comparing them as they
are, which is right where no distance is below zero. Y is 2**63 or more: closes comparing row ids as signed
integers, which is right where all are on one side of 2**63. -2**-149 closes arithmetic without subnormals.

The lists are others in every op. List 0 of the op before keeps its first row and gets another second row,
2**-30: who knows a list again by its first row, misses that.
"""

from dataclasses import dataclass

import numpy as np

from harness_common.prng import SplitMix64

N_GUESTS = 4
GUEST = np.array([0, 1, 1, 2, 3, 3])  # which of the four lists
ROW = np.array([0, 0, 1, 0, 0, 1])
DISTANCES = np.array([0.0, -(2.0**-149), -0.0, -(2.0**-149), -(2.0**-30), -(2.0**-149)], np.float32)
DRAWN = np.array([0, 1, 0, 1, 2, 1])  # which of the row ids X, Y, Z
BEYOND = np.array([0, 0, 2, 1, 0, 0], np.uint64)
TURNED = np.array([0, 2**63, 0, 0, 0, 0], np.uint64)  # to the other side of 2**63
STAYING = np.array([0.0, 2.0**-30], np.float32)


@dataclass(frozen=True)
class Plants:
    """What stands where in one op.

    at         int64[p]    places in the rows of all lists, none twice
    distances  float32[p]
    row_ids    uint64[p]
    """

    at: np.ndarray
    distances: np.ndarray
    row_ids: np.ndarray


def plants(
    stream: SplitMix64, offsets: np.ndarray, n_ops: int, cut_every: int, ordered: bool
) -> list[Plants]:
    """Return the plants of each op.

    offsets    int64[n_queries, n_lists + 1]
    cut_every  the last of so many lists may be empty, and is left alone
    ordered    whether lists are sorted; otherwise the first and the second row are any two neighbours
    """
    n_queries = len(offsets)
    whole = np.flatnonzero(np.arange(offsets.shape[1] - 1) % cut_every != cut_every - 1)
    # One order of the lists per query, gone through four at a time: those of three ops in turn are distinct.
    order = whole[np.argsort(stream.uint64((n_queries, len(whole))), axis=1, kind="stable")]
    # 4 above a multiple of 8: there is room for BEYOND, and never the middle between two float64.
    drawn = stream.uint64((n_ops, n_queries, 3)) >> 4 << 3 | np.uint64(2**63 + 4)
    places = stream.uint64((n_ops, n_queries, N_GUESTS))
    queries = np.arange(n_queries)[:, np.newaxis]

    found: list[Plants] = []
    stays, its_row_id = np.zeros((n_queries, 0), np.int64), np.zeros((n_queries, 0), np.uint64)
    for op in range(n_ops):
        lists = order[:, (N_GUESTS * op + np.arange(N_GUESTS)) % len(whole)]
        starts, ends = offsets[queries, lists], offsets[queries, lists + 1]
        if not ordered:
            starts = starts + (places[op] % (ends - starts - 1).astype(np.uint64)).astype(np.int64)
        at = np.concatenate([starts[:, GUEST] + ROW, stays, stays + 1], axis=1)
        anew = drawn[op][:, 2:] + 1
        row_ids = [drawn[op][:, DRAWN] + BEYOND ^ TURNED, its_row_id, anew[:, : stays.shape[1]]]
        distances = np.append(DISTANCES, STAYING)[: at.shape[1]]
        found.append(
            Plants(at.reshape(-1), np.tile(distances, n_queries), np.concatenate(row_ids, axis=1).reshape(-1))
        )
        stays, its_row_id = starts[:, :1], row_ids[0][:, :1]
    return found
