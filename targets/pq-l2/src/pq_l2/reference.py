"""The definition: what the distances are, in float64, plain and slow.

Lance computes and returns float32, so a distance beyond float32's range is +inf here too.
"""

import numpy as np

FLOAT32_MAX = float(np.finfo(np.float32).max)


def distance_table(codebook: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return float64[n_sub, 256]: the squared distance from each sub-vector of `query` to each centroid.

    codebook  float32[n_sub, 256, sub_dim]
    query     float32[dim]
    """
    n_sub, _, sub_dim = codebook.shape
    parts = query.astype(np.float64).reshape(n_sub, 1, sub_dim)
    table = np.zeros(codebook.shape[:2])
    for j in range(sub_dim):  # not sum(axis=2), whose order depends on the machine
        table += (parts[:, :, j] - codebook[:, :, j]) ** 2
    return as_float32_range(table)


def distances(table: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return float64[n]: for each row, the sum of the table entries that its codes name.

    table  float64[n_sub, 256]
    codes  uint8[n_sub, n]
    """
    total = np.zeros(codes.shape[1])
    for entries, code in zip(table, codes, strict=True):
        total += entries[code]
    return as_float32_range(total)


def as_float32_range(values: np.ndarray) -> np.ndarray:
    """Return `values` with what float32 cannot hold replaced by +inf."""
    return np.where(values > FLOAT32_MAX, np.inf, values)
