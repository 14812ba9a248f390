"""The sum of the table entries as it is: the right rows, each n_sub - 1 too far away."""

import numpy as np

from pq_dot.baseline import PqKernel as Honest


class PqKernel(Honest):
    def search(self, query, codes, k):
        ids, distances = super().search(query, codes, k)
        return ids, distances + np.float32(self.shape.n_sub - 1)
