"""Finds the partitions again by their distances, as if no two were equally near."""

import numpy as np

from ivf_partition.baseline import IvfKernel as Honest


class IvfKernel(Honest):
    def find_partitions(self, query, n_probes):
        ids, distances = super().find_partitions(query, len(self.centroids))
        return ids[np.searchsorted(distances, distances[:n_probes])], distances[:n_probes].copy()
