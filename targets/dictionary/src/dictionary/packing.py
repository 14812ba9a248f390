"""Codes packed as a Lance page holds them, for inputs: many chunks at a time."""

from dataclasses import dataclass

import numpy as np

from dictionary import CHUNK_ROWS

LANES = 32
BLOCKS = (0, 4, 2, 6, 1, 5, 3, 7)


@dataclass(frozen=True)
class Packed:
    """The codes of one column.

    words         uint32[N]     of each chunk its width in bits, then its payload
    chunk_starts  int64[C + 1]  where each chunk begins in `words`, and the end
    """

    words: np.ndarray
    chunk_starts: np.ndarray


def pack(codes: np.ndarray, padding: np.ndarray | int = 0) -> Packed:
    """Return `codes` (uint32[n]) in chunks of 1,024, each as wide as its largest code.

    padding  uint32[C * 1024 - n], the codes that fill up the last chunk, or one for all of it

    Cost: 32 rows of every width that there is, each a few operations of NumPy.
    """
    n_chunks = -(-len(codes) // CHUNK_ROWS)
    filled = np.empty(n_chunks * CHUNK_ROWS, np.uint32)
    filled[: len(codes)], filled[len(codes) :] = codes, padding
    chunks = filled.reshape(n_chunks, CHUNK_ROWS)
    widths = bit_lengths(np.bitwise_or.reduce(chunks, axis=1))
    starts = np.append(0, np.cumsum(1 + LANES * widths)).astype(np.int64)
    words = np.zeros(starts[-1], np.uint32)
    words[starts[:-1]] = widths
    for width in np.unique(widths[widths > 0]).tolist():
        same = np.flatnonzero(widths == width)
        payload = starts[same][:, np.newaxis] + 1 + np.arange(LANES * width)
        words[payload] = payloads(chunks[same], width)
    return Packed(words, starts)


def widened(packed: Packed, chunk: int, width: int) -> Packed:
    """Return the codes with a chunk that says `width` bits and has as many words as that takes, all 0."""
    start, end = packed.chunk_starts[chunk : chunk + 2].tolist()
    inside = np.zeros(1 + LANES * width, np.uint32)
    inside[0] = width
    starts = packed.chunk_starts.copy()
    starts[chunk + 1 :] += len(inside) - (end - start)
    return Packed(np.concatenate([packed.words[:start], inside, packed.words[end:]]), starts)


def payloads(chunks: np.ndarray, width: int) -> np.ndarray:
    """Return uint32[C, 32 * width] of uint32[C, 1024], whose codes have at most `width` bits."""
    packed = np.zeros((len(chunks), width + 1, LANES), np.uint32)  # one word more: a last row may reach there
    for row in range(32):
        first = BLOCKS[row // 8] * 16 + row % 8 * 128
        codes = chunks[:, first : first + LANES].astype(np.uint64) << np.uint64(row * width % 32)
        packed[:, row * width // 32] |= codes.astype(np.uint32)
        packed[:, row * width // 32 + 1] |= (codes >> np.uint64(32)).astype(np.uint32)
    return packed[:, :width].reshape(len(chunks), LANES * width)


def bit_lengths(values: np.ndarray) -> np.ndarray:
    """Return int64[n], in how many bits each of uint32[n] can be written."""
    return np.asarray((values[:, np.newaxis] >> np.arange(32, dtype=np.uint32) != 0).sum(axis=1), np.int64)
