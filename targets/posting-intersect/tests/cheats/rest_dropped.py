"""Forgets the documents of a last block that is not full."""

from posting_intersect import bulk
from posting_intersect.bulk import intersect as intersect


def intersect_blocks(blob, block_start, block_first_doc, blocks_of_list, length, queries):
    return bulk.intersect_blocks(
        blob, block_start, block_first_doc, blocks_of_list, length // 128 * 128, queries
    )
