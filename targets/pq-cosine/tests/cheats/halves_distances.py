"""Returns 1 - cosine, which is half of what an index of Lance returns."""

import numpy as np

from pq_cosine.baseline import PqKernel as Honest


class PqKernel(Honest):
    def search(self, query, codes, offsets, k):
        ids, distances = super().search(query, codes, offsets, k)
        return ids, np.float32(0.5) * distances
