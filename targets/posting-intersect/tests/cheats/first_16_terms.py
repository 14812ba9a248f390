"""Has room for 16 terms of a query."""

from posting_intersect import bulk
from posting_intersect.bulk import intersect as intersect


def intersect_blocks(*lists):
    return bulk.intersect_blocks(*lists[:-1], lists[-1][:, :16])
