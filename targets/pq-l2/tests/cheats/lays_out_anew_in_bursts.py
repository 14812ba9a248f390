"""Every eighth op takes as long as ten, as if it prepared the other seven: the typical op looks fine."""

from pq_l2.baseline import PqKernel as Honest


class PqKernel(Honest):
    calls = 0

    def probe_top_k(self, table, codes, k):
        self.calls += 1
        if self.calls % 8 == 0:
            for _ in range(9):
                super().probe_top_k(table, codes, k)
        return super().probe_top_k(table, codes, k)
