"""Rows that belong to the answer and look bad on half of their sub-vectors.

A row that is near everywhere, as the best possible one is, never shows whether a kernel gave up rows on a
partial sum without a proof that they cannot come back; such rows do.
"""

import numpy as np
from numba import njit

N_HALVES = 4
PLACE = 5  # in the pool, from 0; the best possible row comes before all, so a late row is about the seventh


def halves(n_sub: int) -> np.ndarray:
    """Return bool[N_HALVES, n_sub]: the first half of n_sub, the second, every second one, and the others."""
    m = np.arange(n_sub)
    first, even = m < n_sub // 2, m % 2 == 0
    return np.stack([first, ~first, even, ~even])


def late_row(costs: np.ndarray, pool: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Return uint8[n_sub], a row that is among the best seven of `pool` and bad on the sub-vectors `bad`.

    costs  float64[n_sub, 256]  less is better
    pool   uint8[n_sub, n]      n at least 6
    bad    bool[n_sub]
    """
    return worst_below(costs, bad, float(np.partition(row_sums(costs, pool), PLACE)[PLACE]))


@njit(cache=True)
def row_sums(costs: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return float64[n], the sum over m of costs[m, codes[m, i]], added in order of m.

    costs  float64[n_sub, 256]
    codes  uint8[n_sub, n]
    """
    n_sub, n = codes.shape
    sums = np.zeros(n, np.float64)
    for m in range(n_sub):
        entries = costs[m]
        for i in range(n):
            sums[i] += entries[codes[m, i]]
    return sums


def worst_below(costs: np.ndarray, bad: np.ndarray, limit: float) -> np.ndarray:
    """Return uint8[n_sub], a row as bad as may be on the sub-vectors `bad`, its whole sum at most `limit`.

    costs  float64[n_sub, 256]
    bad    bool[n_sub]
    limit  no less than the sum of each sub-vector's least cost

    It has the best code on the other sub-vectors. What is left below the limit is shared out evenly over the
    bad ones, in order: each takes the worst code that its share pays for and leaves the rest to the next.
    """
    codes: np.ndarray = costs.argmin(axis=1).astype(np.uint8)
    least = costs.min(axis=1).tolist()
    left = limit
    for cost in least:  # not a NumPy sum, whose order depends on the machine
        left -= cost
    places = np.flatnonzero(bad).tolist()
    for n_done, m in enumerate(places):
        share = max(left, 0.0) / (len(places) - n_done)
        codes[m] = np.where(costs[m] <= least[m] + share, costs[m], -np.inf).argmax()
        left -= costs[m, codes[m]] - least[m]
    return codes
