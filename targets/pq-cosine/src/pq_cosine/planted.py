"""A row that belongs to the answer, and looks bad to whoever has read one half of its codes.

Plain loops in a stated order and no fastmath, so that every machine plants the same row.
"""

import numpy as np
from numba import njit

from harness_common.prng import SplitMix64
from pq_cosine import N_CODEWORDS

MARGIN = np.float32(2e-3)  # ahead of the k-th of the others: ten times the tolerance


def late_codes(
    tables: np.ndarray, partition: int, distances: np.ndarray, late_half: np.ndarray, k: int
) -> np.ndarray:
    """Return uint8[n_sub], a row of `partition` that is among the k nearest and far on `late_half`.

    It has the best codes on the other half, and on the late one as bad ones as its total allows, each
    sub-vector with an equal share of what is left.

    tables     float32[n_partitions, n_sub, 256]  of the query, as `distance_tables` returns them
    distances  float32[n]                         of the other rows: at most k - 1 of them stay ahead of it
    late_half  bool[n_sub]
    """
    table = tables[partition]
    codes: np.ndarray = table.argmin(axis=1).astype(np.uint8)
    least = table.min(axis=1)
    left = np.partition(distances, k - 2)[k - 2] - MARGIN - np.cumsum(least)[-1]
    late = np.flatnonzero(late_half)
    for n_done, m in enumerate(late):
        allowed = least[m] + max(left, np.float32(0.0)) / np.float32(len(late) - n_done)
        codes[m] = np.where(table[m] <= allowed, table[m], np.float32(-1.0)).argmax()
        left -= table[m, codes[m]] - least[m]
    return codes


def late_partition(tables: np.ndarray, partitions: list[int]) -> int:
    """Return that of `partitions` whose best row is nearest: it leaves the most room for bad codes."""
    return min(partitions, key=lambda p: float(np.cumsum(tables[p].min(axis=1))[-1]))


def drawn_half(stream: SplitMix64, n_sub: int) -> np.ndarray:
    """Return bool[n_sub]: the first half of the sub-vectors, the last, the even or the odd ones.

    One of two at random where kernels might begin: with the first sub-vectors, or with every second.
    """
    numbers = np.arange(n_sub)
    halves = (2 * numbers < n_sub, 2 * numbers >= n_sub, numbers % 2 == 0, numbers % 2 == 1)
    return halves[int(stream.integers(0, len(halves), 1)[0])]


@njit(cache=True)
def distance_tables(by_coordinate: np.ndarray, centroids: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Return float32[n_partitions, n_sub, 256], the table of each partition for one normalised query.

    by_coordinate  float32[n_sub, sub_dim, 256]  the codebook
    """
    n_sub, sub_dim, _ = by_coordinate.shape
    tables = np.zeros((centroids.shape[0], n_sub, N_CODEWORDS), np.float32)
    for p in range(centroids.shape[0]):
        for m in range(n_sub):
            sums = tables[p, m]
            for j in range(sub_dim):
                coordinate = unit[m * sub_dim + j] - centroids[p, m * sub_dim + j]
                for word in range(N_CODEWORDS):
                    difference = coordinate - by_coordinate[m, j, word]
                    sums[word] += difference * difference
    return tables


@njit(cache=True)
def row_distances(tables: np.ndarray, codes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return float32[n], the distance of every row of all partitions."""
    n_sub = tables.shape[1]
    distances = np.zeros(offsets[-1], np.float32)
    for p in range(tables.shape[0]):
        first, n = offsets[p], offsets[p + 1] - offsets[p]
        for m in range(n_sub):
            start = n_sub * first + m * n
            entries, row, sums = tables[p, m], codes[start : start + n], distances[first : first + n]
            for i in range(n):
                sums[i] += entries[row[i]]
    return distances
