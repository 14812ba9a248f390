"""Right, and slower: it searches twice. Being slow is no offence."""

from pq_cosine.baseline import PqKernel as Honest


class PqKernel(Honest):
    def search(self, query, codes, offsets, k):
        super().search(query, codes, offsets, k)
        return super().search(query, codes, offsets, k)
