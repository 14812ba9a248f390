"""Keeps documents as 16 bits behind the first of their block, which is enough where they are dense."""

import numpy as np

from posting_intersect import bulk
from posting_intersect.bulk import intersect as intersect


def intersect_blocks(blob, block_start, block_first_doc, blocks_of_list, length, queries):
    def docs_of(v):
        starts = block_start[blocks_of_list[v] : blocks_of_list[v + 1]]
        docs = bulk.unpack(blob, starts, int(length[v]))
        firsts = np.repeat(docs[::128], 128)[: len(docs)]
        return firsts + (docs - firsts & np.uint32(0xFFFF))

    found = [np.zeros(0, np.uint32)]
    for query in queries.tolist():
        ids = found[0]
        if query and min(query) >= 0:
            ids = docs_of(query[0])
            for v in query[1:]:
                ids = ids[np.isin(ids, docs_of(v))]
        found.append(ids)
    return np.cumsum([len(ids) for ids in found]), np.concatenate(found)
