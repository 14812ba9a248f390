"""Leaves missing terms out and intersects the others, as Lance once did."""

from posting_intersect import bulk
from posting_intersect.bulk import intersect_blocks as intersect_blocks


def intersect(docs, list_start, queries):
    rows = queries.copy()
    for row in rows:
        if (row >= 0).any():
            row[row < 0] = row[row >= 0][0]
    return bulk.intersect(docs, list_start, rows)
