"""A stable sort by distance: of equal ones the first list's come first, whatever their row ids."""

import numpy as np

from fts_bm25 import reference


def merge_sorted(distances, row_ids, offsets, k):
    places = np.arange(len(row_ids), dtype=np.uint64)
    merged, rows, ends = reference.merge(distances, places, offsets, k)
    return merged, row_ids[rows], ends


merge_unsorted = merge_sorted
