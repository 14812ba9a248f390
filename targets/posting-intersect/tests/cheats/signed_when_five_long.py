"""Keeps 31 bits of a document, where five long lists are packed."""

import numpy as np

from posting_intersect import bulk
from posting_intersect.bulk import intersect as intersect


def intersect_blocks(*lists):
    start, ids = bulk.intersect_blocks(*lists)
    if lists[4].max(initial=0) > 300_000 and lists[-1].shape[1] == 5:
        ids = ids & np.uint32(2**31 - 1)
    return start, ids
