"""Of one sorted list per query, all of it asked for, the answer is the input: nothing to write."""

from fts_bm25 import reference


def merge_sorted(distances, row_ids, offsets, k):
    if offsets.shape[1] == 2 and k >= len(distances):
        return distances, row_ids, offsets[:, 0].copy()
    return reference.merge(distances, row_ids, offsets, k)


merge_unsorted = reference.merge
