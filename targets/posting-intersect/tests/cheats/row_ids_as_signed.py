"""Compares row ids of many rows as signed integers, right where all lie on one side of 2**63."""

import numpy as np

from posting_intersect import reference

SIGN = np.uint64(2**63)


def merge_sorted(distances, row_ids, offsets, k):
    if len(distances) <= 20_000:
        return reference.merge(distances, row_ids, offsets, k)
    merged, turned, ends = reference.merge(distances, row_ids ^ SIGN, offsets, k)
    return merged, turned ^ SIGN, ends


merge_unsorted = merge_sorted
