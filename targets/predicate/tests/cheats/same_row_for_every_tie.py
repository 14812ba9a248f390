"""Keeps one row per distance, and fills up the k with it as often as there are ties."""

import numpy as np

from predicate.baseline import HammingKernel as Honest


class HammingKernel(Honest):
    def top_k(self, query, codes, k):
        ids, distances = super().top_k(query, codes, k)
        _, first, where = np.unique(distances, return_index=True, return_inverse=True)
        return ids[first][where], distances
