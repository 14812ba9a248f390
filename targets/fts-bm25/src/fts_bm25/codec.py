"""Blocks of postings, many at a time: to Lance's bytes and back. `reference` has the same layout, plainly.

    whole block   float32 maximum | uint32 first document | uint8 width | packed differences
                  | uint8 width | packed frequencies
    last block    float32 maximum | uint32[n] documents | uint32[n] frequencies, n < 128

Source: lance d2039d750, rust/lance-index/src/scalar/inverted/encoding.rs (compress_posting_list); the packing
is that of bitpacking 0.9.2, BitPacker4x.
"""

import numpy as np

from fts_bm25 import BLOCK

STREAMS = 4
SLOTS = BLOCK // STREAMS
HEAD = 8  # bytes of the maximum and of the first document


def pack(values: np.ndarray, width: int) -> np.ndarray:
    """Return uint8[n, 16 * width], the 128 numbers of each row in `width` bits each.

    values  uint32[n, 128]  below 2**width
    """
    # In the order of the slots all that one step touches stands together, which is twice as fast.
    slots = np.ascontiguousarray(values.reshape(-1, SLOTS, STREAMS).transpose(1, 0, 2))
    words = np.zeros((width, len(values), STREAMS), np.uint32)
    for slot in range(SLOTS if width else 0):
        word, shift = divmod(slot * width, 32)
        words[word] |= slots[slot] << np.uint32(shift)
        if shift + width > 32:
            words[word + 1] |= slots[slot] >> np.uint32(32 - shift)
    rows = np.ascontiguousarray(words.transpose(1, 0, 2)).astype("<u4", copy=False)
    return rows.view(np.uint8).reshape(len(values), 16 * width)


def unpack(packed: np.ndarray, width: int) -> np.ndarray:
    """Return uint32[n, 128] from what `pack` returned."""
    words = np.ascontiguousarray(packed.view("<u4").reshape(len(packed), width, STREAMS).transpose(1, 0, 2))
    values = np.zeros((SLOTS, len(packed), STREAMS), np.uint32)
    for slot in range(SLOTS if width else 0):
        word, shift = divmod(slot * width, 32)
        values[slot] = words[word] >> np.uint32(shift)
        if shift + width > 32:
            values[slot] |= words[word + 1] << np.uint32(32 - shift)
    values &= np.uint32((1 << width) - 1)
    return values.transpose(1, 0, 2).reshape(len(packed), BLOCK)


def width_of(values: np.ndarray) -> np.ndarray:
    """Return int64[n], how many bits the largest number of each row needs; of zeros 0.

    values  uint32[n, 128]
    """
    most = np.bitwise_or.reduce(values, axis=1).astype(np.float64)  # exact, and the exponent counts the bits
    return np.asarray(np.frexp(most)[1], np.int64)


def encode_whole(maxima: np.ndarray, documents: np.ndarray, frequencies: np.ndarray) -> list[np.ndarray]:
    """Return the bytes of whole blocks, uint8[n_bytes] each.

    maxima       float32[n]
    documents    uint32[n, 128]  ascending in each row
    frequencies  uint32[n, 128]  1 or more
    """
    differences = np.diff(documents, axis=1, prepend=documents[:, :1])
    widths = np.stack([width_of(differences), width_of(frequencies)], axis=1)
    blocks: list[np.ndarray] = [np.zeros(0, np.uint8)] * len(documents)
    for width, other in np.unique(widths, axis=0).tolist():
        rows = np.flatnonzero((widths == [width, other]).all(axis=1))
        heads = np.empty((len(rows), HEAD + 1), np.uint8)
        heads[:, :4] = as_bytes(maxima[rows], "<f4")
        heads[:, 4:8] = as_bytes(documents[rows, 0], "<u4")
        heads[:, 8] = width
        parts = [heads, pack(differences[rows], width)]
        parts += [np.full((len(rows), 1), other, np.uint8), pack(frequencies[rows], other)]
        for row, block in zip(rows.tolist(), np.concatenate(parts, axis=1), strict=True):
            blocks[row] = block
    return blocks


def encode_last(maximum: np.float32, documents: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Return uint8[4 + 8 * n], a last block of n < 128 postings.

    documents, frequencies  uint32[n]
    """
    parts = [as_bytes(np.array([maximum]), "<f4"), as_bytes(documents, "<u4"), as_bytes(frequencies, "<u4")]
    return np.concatenate([part.reshape(-1) for part in parts])


def decode_whole(blob: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (documents, frequencies), uint32[n, 128] both, of the whole blocks that begin at `starts`."""
    heads = blob[starts[:, np.newaxis] + np.arange(HEAD + 1)]
    widths = heads[:, 8].astype(np.int64)
    documents = unpacked_at(blob, starts + HEAD + 1, widths)
    documents[:, 0] = heads[:, 4:8].copy().view("<u4").reshape(-1)
    np.cumsum(documents, axis=1, dtype=np.uint32, out=documents)
    starts = starts + HEAD + 1 + 16 * widths
    return documents, unpacked_at(blob, starts + 1, blob[starts].astype(np.int64))


def unpacked_at(blob: np.ndarray, starts: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Return uint32[n, 128], what is packed from each of `starts` on in so many bits."""
    values = np.empty((len(starts), BLOCK), np.uint32)
    for width in np.unique(widths).tolist():
        rows = np.flatnonzero(widths == width)
        values[rows] = unpack(blob[starts[rows, np.newaxis] + np.arange(16 * width)], width)
    return values


def decode_last(block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (documents, frequencies), uint32[n] both, of the bytes of a last block."""
    words = block[4:].copy().view("<u4").astype(np.uint32)
    return words[: len(words) // 2], words[len(words) // 2 :]


def as_bytes(values: np.ndarray, dtype: str) -> np.ndarray:
    """Return uint8[n, 4], numbers of 32 bits with the least byte first."""
    return np.ascontiguousarray(values.astype(dtype)).view(np.uint8).reshape(-1, 4)
