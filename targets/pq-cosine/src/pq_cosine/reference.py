"""The definition: how far each row of the probed partitions is from the query, in float64, plain and slow."""

import numpy as np


def distances(
    codebook: np.ndarray, centroids: np.ndarray, query: np.ndarray, codes: np.ndarray, offsets: np.ndarray
) -> np.ndarray:
    """Return float64[n]: the squared L2 distance of each row from the normalised query.

    All NaN if the query has no direction.

    codebook   float32[n_sub, 256, sub_dim]
    centroids  float32[n_partitions, dim]
    query      float32[dim]
    codes      uint8[n * n_sub]          one partition after the other, each as [n_sub, n_p]
    offsets    int64[n_partitions + 1]   the first row of each partition, then n
    """
    n_sub = codebook.shape[0]
    found = []
    for centroid, start, stop in zip(centroids, offsets[:-1], offsets[1:], strict=True):
        table = distance_table(codebook, direction(query) - centroid)
        total = np.zeros(stop - start)
        for entries, code in zip(
            table, codes[n_sub * start : n_sub * stop].reshape(n_sub, stop - start), strict=True
        ):
            total += entries[code]
        found.append(total)
    return np.concatenate(found)


def direction(query: np.ndarray) -> np.ndarray:
    """Return float64[dim], `query` over its length; all NaN if its length in float32 is 0, infinite or NaN.

    The length decides in float32, added up in order, because that is the length that Lance divides by.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        length = np.sqrt(np.cumsum(query * query, dtype=np.float32)[-1])
    if not 0 < length < np.inf:
        return np.full(query.size, np.nan)
    values = query.astype(np.float64)
    exact: np.ndarray = values / np.sqrt(np.cumsum(values * values)[-1])
    return exact


def distance_table(codebook: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Return float64[n_sub, 256]: the squared distance of each sub-vector of `residual` to each codeword."""
    n_sub, _, sub_dim = codebook.shape
    parts = residual.reshape(n_sub, 1, sub_dim)
    table = np.zeros(codebook.shape[:2])
    for j in range(sub_dim):  # not sum(axis=2), whose order depends on the machine
        table += (parts[:, :, j] - codebook[:, :, j]) ** 2
    return table
