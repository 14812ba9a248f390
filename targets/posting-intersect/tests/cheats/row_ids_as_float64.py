"""Sorts by distance and row id, both as float64, which has 53 bits for a row id's 64."""

import numpy as np


def merge_sorted(distances, row_ids, offsets, k):
    bits = distances.view(np.int32).astype(np.float64)
    keys = np.where(bits < 0, -(2.0**31) - bits - 1, bits)
    places = [
        lists[0] + np.lexsort((row_ids[lists[0] : lists[-1]].astype(float), keys[lists[0] : lists[-1]]))[:k]
        for lists in offsets
    ]
    rows = np.concatenate(places)
    return distances[rows], row_ids[rows], np.cumsum([0, *map(len, places)])


merge_unsorted = merge_sorted
