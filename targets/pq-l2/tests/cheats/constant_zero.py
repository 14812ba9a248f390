"""Zeros everywhere: right by an absolute tolerance wherever distances are tiny."""

import numpy as np

from pq_l2.baseline import PqKernel as Honest


class PqKernel(Honest):
    def distance_table(self, query):
        return np.zeros((self.shape.n_sub, 256), np.float32)

    def probe_top_k(self, table, codes, k):
        n_rows = min(k, codes.shape[1])
        return np.arange(n_rows, dtype=np.uint32), np.zeros(n_rows, np.float32)
