"""The definition: the distance of a query to every centroid, in float64, plain and slow.

Lance computes and returns float32, so a squared distance beyond float32's range is +inf here too.
"""

import numpy as np
from numba import njit

from ivf_partition import Metric

FLOAT32_MAX = float(np.finfo(np.float32).max)


def distances(centroids: np.ndarray, query: np.ndarray, metric: Metric) -> np.ndarray:
    """Return float64[n]: the squared L2 distance of each centroid to `query`, or 1 - their product.

    centroids  float32[n, dim]
    query      float32[dim]
    """
    if metric == "dot":
        return 1.0 - products(centroids, query)
    total = squares(centroids, query)
    return np.where(total > FLOAT32_MAX, np.inf, total)


@njit(cache=True)
def squares(centroids: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return float64[n], the sum over j of (centroids[i, j] - query[j]) ** 2, in order of j."""
    n, dim = centroids.shape
    total = np.zeros(n)
    for i in range(n):
        for j in range(dim):
            difference = np.float64(centroids[i, j]) - np.float64(query[j])
            total[i] += difference * difference
    return total


@njit(cache=True)
def products(centroids: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return float64[n], the sum over j of centroids[i, j] * query[j], in order of j."""
    n, dim = centroids.shape
    total = np.zeros(n)
    for i in range(n):
        for j in range(dim):
            total[i] += np.float64(centroids[i, j]) * np.float64(query[j])
    return total
