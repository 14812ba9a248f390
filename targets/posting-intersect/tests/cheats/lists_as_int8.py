"""Keeps the number of a list in a byte."""

import numpy as np

from posting_intersect import bulk
from posting_intersect.bulk import intersect_blocks as intersect_blocks


def intersect(docs, list_start, queries):
    return bulk.intersect(docs, list_start, queries.astype(np.int8).astype(np.int32))
