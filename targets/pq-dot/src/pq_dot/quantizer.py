"""Training of a codebook and encoding of vectors, the same bits on every machine.

A row is encoded as Lance does it for the dot distance: in each sub-vector the centroid of largest inner
product, which is not the nearest one, and long centroids win more often than short ones. The codebook is
trained with nearest centroids (Lloyd): with largest products a few centroids would take all vectors.

Plain loops in a stated order and no fastmath: a BLAS product or a NumPy sum adds
in an order that depends on the machine. The codebook is handled interleaved,
float32[n_sub, sub_dim, 256], so that the 256 centroids are the vector lanes and
each sum runs over the coordinates in order.

Source: lance d2039d750, rust/lance-index/src/vector/pq.rs (the transform);
Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28(2), 1982;
Jegou, Douze and Schmid, "Product quantization for nearest neighbor search", TPAMI 33(1), 2011.
"""

import numpy as np
from numba import njit

from pq_dot import N_CENTROIDS, PqShape

LLOYD_ITERATIONS = 2  # enough for codes as skewed as real ones; more buys nothing that a scan can feel
MAGNITUDE = np.int32(0x7FFFFFFF)  # all bits of a float32 but the sign


def train(shape: PqShape, sample: np.ndarray) -> np.ndarray:
    """Return float32[n_sub, 256, sub_dim], the centroids of `sample` after two Lloyd iterations.

    sample  float32[p, dim]  p at least 256, in random order: its first 256 vectors are the initial centroids
    """
    codebook = np.ascontiguousarray(
        sample[:N_CENTROIDS].reshape(N_CENTROIDS, shape.n_sub, shape.sub_dim).transpose(1, 0, 2)
    )
    for _ in range(LLOYD_ITERATIONS):
        codebook = means(sample, nearest(codebook, sample), codebook)
    return codebook


def encode(codebook: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return uint8[n_sub, n], each sub-vector's centroid of largest inner product; of equals, the first.

    codebook  float32[n_sub, 256, sub_dim]
    vectors   float32[n, dim]
    """
    starts = np.zeros(codebook.shape[:2], np.float32)
    return best(np.ascontiguousarray(codebook.transpose(0, 2, 1)), starts, vectors)


def nearest(codebook: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return uint8[n_sub, n], the nearest centroid: that of largest <vector, centroid> - |centroid|**2 / 2.

    Extents as for `encode`.
    """
    half_squares = np.zeros(codebook.shape[:2], np.float32)
    for j in range(codebook.shape[2]):
        half_squares += codebook[:, :, j] * codebook[:, :, j] * np.float32(0.5)
    return best(np.ascontiguousarray(codebook.transpose(0, 2, 1)), -half_squares, vectors)


@njit(cache=True)
def best(interleaved: np.ndarray, starts: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return uint8[n_sub, n], the centroid of largest start + inner product; of equals, the first.

    interleaved  float32[n_sub, sub_dim, 256]
    starts       float32[n_sub, 256]
    vectors      float32[n, dim]

    Cost: 2 * 256 * dim * n operations, vectorised over the centroids.
    """
    n_sub, sub_dim, _ = interleaved.shape
    n = vectors.shape[0]
    codes = np.empty((n_sub, n), np.uint8)
    sums = np.empty(N_CENTROIDS, np.float32)
    bits = sums.view(np.int32)
    for m in range(n_sub):
        for i in range(n):
            for centroid in range(N_CENTROIDS):  # `sums[:] = starts[m]` would take three seconds to compile
                sums[centroid] = starts[m, centroid]
            n_paired = sub_dim - sub_dim % 2
            for j in range(
                0, n_paired, 2
            ):  # two at a time: half the reads and writes of the sums, same order
                even = vectors[i, m * sub_dim + j]
                odd = vectors[i, m * sub_dim + j + 1]
                for centroid in range(N_CENTROIDS):
                    sums[centroid] = (sums[centroid] + even * interleaved[m, j, centroid]) + (
                        odd * interleaved[m, j + 1, centroid]
                    )
            for j in range(n_paired, sub_dim):
                coordinate = vectors[i, m * sub_dim + j]
                for centroid in range(N_CENTROIDS):
                    sums[centroid] += coordinate * interleaved[m, j, centroid]
            for centroid in range(N_CENTROIDS):  # integers that are ordered as the floats are
                bits[centroid] ^= (bits[centroid] >> 31) & MAGNITUDE
            most = bits[0]
            for centroid in range(N_CENTROIDS):
                most = max(most, bits[centroid])
            first = 0
            while bits[first] != most:
                first += 1
            codes[m, i] = first
    return codes


@njit(cache=True)
def means(vectors: np.ndarray, codes: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return float32[n_sub, 256, sub_dim], the mean of each centroid's vectors, or without any what it was.

    Sums are float64 and go through the vectors in order.
    """
    n_sub, _, sub_dim = before.shape
    after = before.copy()
    for m in range(n_sub):
        sums = np.zeros((N_CENTROIDS, sub_dim), np.float64)
        counts = np.zeros(N_CENTROIDS, np.int64)
        for i in range(vectors.shape[0]):
            code = codes[m, i]
            counts[code] += 1
            for j in range(sub_dim):
                sums[code, j] += np.float64(vectors[i, m * sub_dim + j])
        for code in range(N_CENTROIDS):
            if counts[code] > 0:
                for j in range(sub_dim):
                    after[m, code, j] = np.float32(sums[code, j] / counts[code])
    return after
