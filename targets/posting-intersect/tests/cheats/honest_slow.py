"""Right, and slower: it does everything twice. Being slow is no offence."""

from posting_intersect import bulk


def intersect(*lists):
    bulk.intersect(*lists)
    return bulk.intersect(*lists)


def intersect_blocks(*lists):
    bulk.intersect_blocks(*lists)
    return bulk.intersect_blocks(*lists)
