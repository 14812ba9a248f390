"""The right partitions as they come out of a selection, not in order of distance."""

from ivf_partition.baseline import IvfKernel as Honest


class IvfKernel(Honest):
    def find_partitions(self, query, n_probes):
        ids, distances = super().find_partitions(query, n_probes)
        return ids[::-1].copy(), distances[::-1].copy()
