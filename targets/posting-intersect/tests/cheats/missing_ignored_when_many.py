"""Of many documents, leaves missing terms out and intersects the others."""

from posting_intersect import bulk
from posting_intersect.bulk import intersect as intersect


def intersect_blocks(blob, block_start, block_first_doc, blocks_of_list, length, queries):
    rows = queries.copy()
    if length.sum() > 90_000:
        for row in rows:
            if (row >= 0).any():
                row[row < 0] = row[row >= 0][0]
    return bulk.intersect_blocks(blob, block_start, block_first_doc, blocks_of_list, length, rows)
