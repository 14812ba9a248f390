"""Compares distances as floats do: -0.0 and 0.0 are equal, and their row ids decide."""

import numpy as np


def merge_sorted(distances, row_ids, offsets, k):
    places = [
        lists[0] + np.lexsort((row_ids[lists[0] : lists[-1]], distances[lists[0] : lists[-1]]))[:k]
        for lists in offsets
    ]
    rows = np.concatenate(places)
    return distances[rows], row_ids[rows], np.cumsum([0, *map(len, places)])


merge_unsorted = merge_sorted
