"""The partitions from the second to the one after the last: every distance is right for its partition."""

from ivf_partition.baseline import IvfKernel as Honest


class IvfKernel(Honest):
    def find_partitions(self, query, n_probes):
        ids, distances = super().find_partitions(query, n_probes + 1)
        if len(ids) <= n_probes:
            return ids, distances
        return ids[1:].copy(), distances[1:].copy()
