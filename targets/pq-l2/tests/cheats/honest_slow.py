"""Right, and slower: it does the table twice. Being slow is no offence."""

from pq_l2.baseline import PqKernel as Honest


class PqKernel(Honest):
    def distance_table(self, query):
        super().distance_table(query)
        return super().distance_table(query)
