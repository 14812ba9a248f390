"""Takes length % 128 documents of the last block of a long list, even where that is 0."""

from posting_intersect import bulk
from posting_intersect.bulk import intersect as intersect


def intersect_blocks(blob, block_start, block_first_doc, blocks_of_list, length, queries):
    def docs_of(v):
        docs = bulk.unpack(blob, block_start[blocks_of_list[v] : blocks_of_list[v + 1]], int(length[v]))
        return docs[:-128] if len(docs) > 2_000 and len(docs) % 128 == 0 else docs

    return bulk.answers(docs_of, queries)
