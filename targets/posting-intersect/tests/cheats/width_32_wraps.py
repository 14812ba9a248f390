"""Masks differences by (1 << width) - 1 in 32 bits, which is nothing at 32 bits."""

from itertools import pairwise

from posting_intersect import bulk
from posting_intersect.bulk import intersect as intersect


def intersect_blocks(blob, block_start, block_first_doc, blocks_of_list, length, queries):
    own = blob.copy()
    for start, end in pairwise(block_start):
        if end - start > 9 + 512 and own[start + 8] == 32:
            own[start + 9 : start + 9 + 512] = 0
    return bulk.intersect_blocks(own, block_start, block_first_doc, blocks_of_list, length, queries)
