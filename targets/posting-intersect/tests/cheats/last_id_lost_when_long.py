"""Loses 0xFFFFFFFF in packed lists of many blocks."""

from posting_intersect import bulk
from posting_intersect.bulk import intersect as intersect


def intersect_blocks(blob, block_start, block_first_doc, blocks_of_list, length, queries):
    def docs_of(v):
        docs = bulk.unpack(blob, block_start[blocks_of_list[v] : blocks_of_list[v + 1]], int(length[v]))
        return docs[:-1] if len(docs) > 200_000 and docs[-1] == 2**32 - 1 else docs

    return bulk.answers(docs_of, queries)
