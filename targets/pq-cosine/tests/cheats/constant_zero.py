"""Zeros everywhere: the first rows, none of them measured."""

import numpy as np

from pq_cosine.baseline import PqKernel as Honest


class PqKernel(Honest):
    def search(self, query, codes, offsets, k):
        n_rows = min(k, offsets[-1])
        return np.arange(n_rows, dtype=np.uint32), np.zeros(n_rows, np.float32)
