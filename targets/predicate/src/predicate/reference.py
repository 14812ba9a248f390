"""The definition: in how many bits a query and each row differ, plain and slow."""

import numpy as np


def distances(query: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return int64[n], the number of bits in which each row differs from `query`.

    query  uint8[dim_bytes]
    codes  uint8[n, dim_bytes]
    """
    return np.asarray(np.bitwise_count(codes ^ query).sum(axis=1, dtype=np.int64))


def smallest(distances: np.ndarray, k: int) -> np.ndarray:
    """Return int64[min(k, n)], the least of `distances` in rising order: what the k nearest rows must have.

    Which of several rows at the same distance are returned, the definition leaves open.
    """
    return np.sort(distances)[:k]
