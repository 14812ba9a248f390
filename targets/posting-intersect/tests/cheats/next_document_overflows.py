"""Goes on at the document behind a match, which is 0 behind the last one: that match is lost."""

import numpy as np

from posting_intersect import bulk


def without_last(start, ids):
    kept = ids + np.uint32(1) > ids
    gone = np.concatenate([[0], np.cumsum(~kept)])
    return start - gone[start], ids[kept]


def intersect(*lists):
    return without_last(*bulk.intersect(*lists))


def intersect_blocks(*lists):
    return without_last(*bulk.intersect_blocks(*lists))
