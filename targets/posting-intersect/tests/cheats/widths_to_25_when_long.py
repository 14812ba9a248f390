"""Unpacks many blocks by loads of 32 bits at any byte, which serve for widths of up to 25."""

import numpy as np

from posting_intersect import bulk
from posting_intersect.bulk import intersect as intersect


def intersect_blocks(blob, block_start, block_first_doc, blocks_of_list, length, queries):
    def docs_of(v):
        docs = bulk.unpack(blob, block_start[blocks_of_list[v] : blocks_of_list[v + 1]], int(length[v]))
        if len(docs) < 2_000:
            return docs
        full = docs[: len(docs) // 128 * 128].reshape(-1, 128)
        differences = np.diff(full, axis=1) & np.uint32(2**25 - 1)
        sums = np.cumsum(np.hstack([full[:, :1], differences]), axis=1, dtype=np.uint32)
        return np.concatenate([sums.reshape(-1), docs[sums.size :]])

    return bulk.answers(docs_of, queries)
