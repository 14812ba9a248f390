"""Drops rows above the least last row of all lists, also of lists that have fewer than k rows."""

from itertools import pairwise

import numpy as np

from posting_intersect import reference


def merge_sorted(distances, row_ids, offsets, k):
    kept = np.ones(len(distances), bool)
    for lists in offsets:
        last = [distances[min(a + k, b) - 1] for a, b in pairwise(lists) if a < b]
        kept[lists[0] : lists[-1]] = distances[lists[0] : lists[-1]] <= min(last, default=np.inf)
    near = distances[kept], row_ids[kept], np.append(0, np.cumsum(kept))[offsets]
    return reference.merge(*near, k)


merge_unsorted = reference.merge
