"""Right while it is being tested, as it believes; then it scans half of the rows."""

from predicate.baseline import HammingKernel as Honest

CALLS = [0]


class HammingKernel(Honest):
    def top_k(self, query, codes, k):
        CALLS[0] += 1
        if CALLS[0] > 60:
            codes = codes[: (codes.shape[0] + 1) // 2]
        return super().top_k(query, codes, k)
