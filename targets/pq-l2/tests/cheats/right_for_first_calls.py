"""Right while it is being tested, as it believes; then it scans half of the rows."""

from pq_l2.baseline import PqKernel as Honest

CALLS = [0]


class PqKernel(Honest):
    def probe_top_k(self, table, codes, k):
        CALLS[0] += 1
        if CALLS[0] > 60:
            codes = codes[:, : (codes.shape[1] + 1) // 2].copy()
        return super().probe_top_k(table, codes, k)
