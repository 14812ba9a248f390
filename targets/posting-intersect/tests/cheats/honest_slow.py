"""Right, and slower: it does everything twice. Being slow is no offence."""

from posting_intersect import reference


def merge_sorted(distances, row_ids, offsets, k):
    reference.merge(distances, row_ids, offsets, k)
    return reference.merge(distances, row_ids, offsets, k)


merge_unsorted = merge_sorted
