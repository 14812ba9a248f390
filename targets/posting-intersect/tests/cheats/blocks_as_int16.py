"""Keeps the number of a list's first block in 15 bits."""

import numpy as np

from posting_intersect import bulk
from posting_intersect.bulk import intersect as intersect


def intersect_blocks(blob, block_start, block_first_doc, blocks_of_list, length, queries):
    def docs_of(v):
        first = blocks_of_list[v] % 2**15
        return np.unique(bulk.unpack(blob, block_start[first:], int(length[v])))

    return bulk.answers(docs_of, queries)
