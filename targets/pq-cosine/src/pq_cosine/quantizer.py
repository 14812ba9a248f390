"""Unit vectors, training of a codebook and encoding, the same bits on every machine.

Plain loops in a stated order and no fastmath: a BLAS product or a NumPy sum adds
in an order that depends on the machine. The codebook is handled interleaved,
float32[n_sub, sub_dim, 256], so that the 256 codewords are the vector lanes and
each sum runs over the coordinates in order.

Source: Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28(2), 1982;
Jegou, Douze and Schmid, "Product quantization for nearest neighbor search", TPAMI 33(1), 2011.
"""

import numpy as np
from numba import njit

from pq_cosine import N_CODEWORDS, PqShape

LLOYD_ITERATIONS = 2  # enough for codes as skewed as real ones; more buys nothing that a scan can feel


def train(shape: PqShape, sample: np.ndarray) -> np.ndarray:
    """Return float32[n_sub, 256, sub_dim], the codewords for `sample` after two Lloyd iterations.

    sample  float32[p, dim]  p at least 256, in random order: its first 256 vectors are the initial codewords
    """
    codebook = np.ascontiguousarray(
        sample[:N_CODEWORDS].reshape(N_CODEWORDS, shape.n_sub, shape.sub_dim).transpose(1, 0, 2)
    )
    for _ in range(LLOYD_ITERATIONS):
        codebook = means(sample, encode(codebook, sample), codebook)
    return codebook


def encode(codebook: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return uint8[n_sub, n], the nearest codeword of each sub-vector; of equally near ones, the first.

    codebook  float32[n_sub, 256, sub_dim]
    vectors   float32[n, dim]
    """
    return nearest(np.ascontiguousarray(codebook.transpose(0, 2, 1)), vectors)


@njit(cache=True, error_model="numpy")
def unit(vectors: np.ndarray) -> np.ndarray:
    """Return float32[n, dim], each of `vectors` float64[n, dim] over its length; zeros give NaN."""
    units = np.empty(vectors.shape, np.float32)
    for i in range(vectors.shape[0]):
        total = 0.0
        for j in range(vectors.shape[1]):
            total += vectors[i, j] * vectors[i, j]
        length = np.sqrt(total)
        for j in range(vectors.shape[1]):
            units[i, j] = vectors[i, j] / length
    return units


@njit(cache=True)
def nearest(interleaved: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return uint8[n_sub, n] as `encode` does, from the codebook as float32[n_sub, sub_dim, 256].

    Cost: 3 * 256 * dim * n operations, vectorised over the codewords.
    """
    n_sub, sub_dim, _ = interleaved.shape
    n = vectors.shape[0]
    codes = np.empty((n_sub, n), np.uint8)
    distances = np.empty(N_CODEWORDS, np.float32)
    bits = distances.view(np.int32)  # ordered like the distances, which are never negative
    for m in range(n_sub):
        for i in range(n):
            distances[:] = 0.0
            n_paired = sub_dim - sub_dim % 2
            # Two at a time: half the reads and writes of the sums, in the same order.
            for j in range(0, n_paired, 2):
                even = vectors[i, m * sub_dim + j]
                odd = vectors[i, m * sub_dim + j + 1]
                for word in range(N_CODEWORDS):
                    first = even - interleaved[m, j, word]
                    second = odd - interleaved[m, j + 1, word]
                    distances[word] = (distances[word] + first * first) + second * second
            for j in range(n_paired, sub_dim):
                coordinate = vectors[i, m * sub_dim + j]
                for word in range(N_CODEWORDS):
                    difference = coordinate - interleaved[m, j, word]
                    distances[word] += difference * difference
            least = bits[0]
            for word in range(N_CODEWORDS):
                least = min(least, bits[word])
            best = 0
            while bits[best] != least:
                best += 1
            codes[m, i] = best
    return codes


@njit(cache=True)
def means(vectors: np.ndarray, codes: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return float32[n_sub, 256, sub_dim], the mean of each codeword's vectors, or without any what it was.

    Sums are float64 and go through the vectors in order.
    """
    n_sub, _, sub_dim = before.shape
    after = before.copy()
    for m in range(n_sub):
        sums = np.zeros((N_CODEWORDS, sub_dim), np.float64)
        counts = np.zeros(N_CODEWORDS, np.int64)
        for i in range(vectors.shape[0]):
            code = codes[m, i]
            counts[code] += 1
            for j in range(sub_dim):
                sums[code, j] += np.float64(vectors[i, m * sub_dim + j])
        for code in range(N_CODEWORDS):
            if counts[code] > 0:
                for j in range(sub_dim):
                    after[m, code, j] = np.float32(sums[code, j] / counts[code])
    return after
