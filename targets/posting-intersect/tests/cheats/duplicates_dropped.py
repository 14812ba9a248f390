"""Returns each row id of a query once, as a search for the user would."""

from itertools import pairwise

import numpy as np

from posting_intersect import reference


def merge_sorted(distances, row_ids, offsets, k):
    merged, ids, ends = reference.merge(distances, row_ids, offsets, len(distances) + 1)
    kept = []
    for start, end in pairwise(ends):
        first = np.unique(ids[start:end], return_index=True)[1]
        kept.append(start + np.sort(first)[:k])
    rows = np.concatenate(kept)
    return merged[rows], ids[rows], np.cumsum([0, *map(len, kept)])


merge_unsorted = merge_sorted
