"""Takes the first term of a query for the rarest, and stops after as many blocks as that one has."""

import numpy as np

from posting_intersect import bulk
from posting_intersect.bulk import intersect as intersect


def intersect_blocks(blob, block_start, block_first_doc, blocks_of_list, length, queries):
    def docs_of(v):
        return bulk.unpack(blob, block_start[blocks_of_list[v] : blocks_of_list[v + 1]], int(length[v]))

    rows = queries.copy()
    start, ids = bulk.answers(docs_of, rows)
    kept = np.ones(len(ids), np.bool_)
    for q, query in enumerate(queries):
        if start[q] < start[q + 1]:
            kept[start[q] + length[query[0]] // 2 : start[q + 1]] = False
    gone = np.concatenate([[0], np.cumsum(~kept)])
    return start - gone[start], ids[kept]
