"""Keeps 24 bits of a document, which is enough for a universe of 2**24."""

import numpy as np

from posting_intersect import bulk


def intersect(docs, list_start, queries):
    start, ids = bulk.intersect(docs, list_start, queries)
    return start, ids & np.uint32(0xFFFFFF)


def intersect_blocks(*lists):
    start, ids = bulk.intersect_blocks(*lists)
    return start, ids & np.uint32(0xFFFFFF)
