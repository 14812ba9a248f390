"""Rows that belong to the k nearest and look far away in half of their bytes.

The halves are those that a kernel could rank by: the first or the second, or every other byte or word.
"""

import numpy as np

from harness_common.prng import SplitMix64

N_LATE = 2  # one for either half: whichever half a kernel looks at, one of them is far there
RUNS = (1, 8, 0)  # bytes that follow each other in one half, then as many in the other; 0 is half of a row


def late_rows(stream: SplitMix64, query: np.ndarray, columns: np.ndarray, k: int) -> list[np.ndarray]:
    """Return two rows, each unlike `query` in one half of its bytes only, to be in the answer.

    The bytes are split in one of three ways, drawn. The bits to change are drawn from one half, and there are
    one fewer than the distance of the (k - 1)-th nearest row: at most k - 2 rows are as near as that. Where
    that distance is 0 or 1, in short clustered rows, both rows are the query itself.

    query    uint8[dim_bytes], a multiple of eight of them
    columns  uint64[dim_bytes / 8, n], word by word, the rows among which these two will be
    k        2 or more

    Cost: one pass over the rows.
    """
    distances = np.bitwise_count(columns ^ query.view(np.uint64)[:, np.newaxis]).sum(axis=0, dtype=np.uint16)
    n_bits = int(np.partition(distances, k - 2)[k - 2]) - 1
    first = halves(query.size)[stream.integers(0, len(RUNS), 1)[0]]
    return [changed(stream, query, half, n_bits) for half in (first, ~first)]


def halves(dim_bytes: int) -> list[np.ndarray]:
    """Return bool[dim_bytes] for each way to split a row: the bytes of one half."""
    at = np.arange(dim_bytes)
    return [at // (run or dim_bytes // 2) % 2 == 0 for run in RUNS]


def changed(stream: SplitMix64, query: np.ndarray, half: np.ndarray, n_bits: int) -> np.ndarray:
    """Return `query` with `n_bits` of the bits of `half` changed, or all of them if there are fewer."""
    bits = np.flatnonzero(np.repeat(half, 8))
    flips = np.zeros(8 * query.size, np.uint8)
    flips[bits[stream.permutation(len(bits))[: max(n_bits, 0)]]] = 1
    return np.asarray(query ^ np.packbits(flips))
