"""Takes a block that begins with 0xFFFFFFFF for the end of the list."""

from posting_intersect import bulk
from posting_intersect.bulk import intersect_blocks as intersect_blocks


def intersect(docs, list_start, queries):
    def docs_of(v):
        own = docs[list_start[v] : list_start[v + 1]]
        return own[:-1] if len(own) > 1 and len(own) % 128 == 1 and own[-1] == 2**32 - 1 else own

    return bulk.answers(docs_of, queries)
