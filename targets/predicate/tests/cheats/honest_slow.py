"""Right, and slower: it counts everything twice. Being slow is no offence."""

from predicate.baseline import HammingKernel as Honest


class HammingKernel(Honest):
    def top_k(self, query, codes, k):
        super().distances(query, codes)
        return super().top_k(query, codes, k)
