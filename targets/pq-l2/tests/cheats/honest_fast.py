"""Right, and faster: the codebook by coordinate, four sub-vectors for each touch of a sum, blocks of rows."""

import numpy as np
from numba import njit

from pq_l2 import PqShape

BLOCK = 2048  # sums that stay in the L1 cache


class PqKernel:
    def __init__(self, shape: PqShape, codebook: np.ndarray) -> None:
        self.by_coordinate = np.ascontiguousarray(codebook.transpose(0, 2, 1))

    def distance_table(self, query: np.ndarray) -> np.ndarray:
        return distance_table(self.by_coordinate, query)

    def probe_top_k(self, table: np.ndarray, codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        return smallest(scan(table, codes), min(k, codes.shape[1]))


@njit(cache=True)
def distance_table(by_coordinate: np.ndarray, query: np.ndarray) -> np.ndarray:
    n_sub, sub_dim, n_centroids = by_coordinate.shape
    table = np.zeros((n_sub, n_centroids), np.float32)
    for m in range(n_sub):
        sums = table[m]
        for j in range(sub_dim):
            coordinate = query[m * sub_dim + j]
            for centroid in range(n_centroids):
                difference = coordinate - by_coordinate[m, j, centroid]
                sums[centroid] += difference * difference
    return table


@njit(cache=True)
def scan(table: np.ndarray, codes: np.ndarray) -> np.ndarray:
    n_sub, n = codes.shape
    distances = np.zeros(n, np.float32)
    n_fours = n_sub - n_sub % 4
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        for m in range(0, n_fours, 4):
            t0, t1, t2, t3 = table[m], table[m + 1], table[m + 2], table[m + 3]
            c0, c1, c2, c3 = codes[m], codes[m + 1], codes[m + 2], codes[m + 3]
            for i in range(start, stop):
                distances[i] = (((distances[i] + t0[c0[i]]) + t1[c1[i]]) + t2[c2[i]]) + t3[c3[i]]
        for m in range(n_fours, n_sub):
            for i in range(start, stop):
                distances[i] += table[m, codes[m, i]]
    return distances


@njit(cache=True)
def smallest(distances: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Keep the k smallest in order by insertion: after the first rows hardly any gets in."""
    ids = np.empty(k, np.uint32)
    least = np.empty(k, np.float32)
    size = 0
    for i in range(distances.shape[0] if k > 0 else 0):
        distance = distances[i]
        if size == k and distance >= least[k - 1]:
            continue
        place = size if size < k else k - 1
        while place > 0 and least[place - 1] > distance:
            least[place] = least[place - 1]
            ids[place] = ids[place - 1]
            place -= 1
        least[place] = distance
        ids[place] = i
        size = min(size + 1, k)
    return ids, least
