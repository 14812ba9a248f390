"""The definition: which rows come first, and in which order. Plain, and by sorting.

Rows are ordered by distance, then by row id. Distances are in the total order of IEEE 754, which arrow's row
encoding has: -inf, the negative numbers, -0.0, 0.0, the positive numbers, inf.
"""

import numpy as np


def ordered(distances: np.ndarray) -> np.ndarray:
    """Return uint32[n] that order like float32[n]: of those below zero all bits are turned, else the sign."""
    bits = distances.view(np.uint32)
    return np.where(bits >> 31 == 1, ~bits, bits | np.uint32(0x80000000))


def merge(
    distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the first k rows of each query, or all if there are fewer, as (distances, row_ids, offsets).

    distances  float32[n]                     no NaN; all lists, end to end
    row_ids    uint64[n]                      any, also the same more than once
    offsets    int64[n_queries, n_lists + 1]  list p of query q is the rows offsets[q, p] to offsets[q, p + 1]
    k          1 or more

    Returned are float32[m], uint64[m] and int64[n_queries + 1]: where each query's rows begin, and the end.
    """
    bounds = [(int(lists[0]), int(lists[-1])) for lists in offsets]
    places = [start + first(distances[start:end], row_ids[start:end], k) for start, end in bounds]
    ends = np.cumsum([0, *map(len, places)]).astype(np.int64)
    rows = np.concatenate(places)
    return distances[rows], row_ids[rows], ends


def first(distances: np.ndarray, row_ids: np.ndarray, k: int) -> np.ndarray:
    """Return int64[min(k, n)], the places of the first k of n rows, in order."""
    keys = ordered(distances)
    near = np.arange(len(keys))
    if k < len(keys):  # to sort all rows, and not only those up to the k-th distance, takes 20 times as long
        near = np.flatnonzero(keys <= np.partition(keys, k - 1)[k - 1])
    return near[np.lexsort((row_ids[near], keys[near]))][:k]
