"""Right, and slower: it does everything twice. Being slow is no offence."""

from ivf_partition.baseline import IvfKernel as Honest


class IvfKernel(Honest):
    def find_partitions(self, query, n_probes):
        super().find_partitions(query, n_probes)
        return super().find_partitions(query, n_probes)
