"""Right, and slower: it does everything twice. Being slow is no offence."""

from pq_dot.baseline import PqKernel as Honest


class PqKernel(Honest):
    def search(self, query, codes, k):
        super().search(query, codes, k)
        return super().search(query, codes, k)
