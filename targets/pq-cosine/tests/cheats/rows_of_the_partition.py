"""Counts rows within each partition, as its own search does."""

import numpy as np

from pq_cosine.baseline import PqKernel as Honest


class PqKernel(Honest):
    def search(self, query, codes, offsets, k):
        ids, distances = super().search(query, codes, offsets, k)
        return (ids - offsets[np.searchsorted(offsets, ids, side="right") - 1]).astype(np.uint32), distances
