"""Returns a list itself, where one is asked for or two are the same."""

from itertools import pairwise

from posting_intersect import bulk
from posting_intersect.bulk import intersect_blocks as intersect_blocks


def intersect(docs, list_start, queries):
    start, ids = bulk.intersect(docs, list_start, queries)
    for a, b in pairwise(list_start):
        if len(ids) == b - a and (ids == docs[a:b]).all():
            ids = docs[a:b]
    return start, ids
