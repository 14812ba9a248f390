"""Lists of documents in the bytes of Lance's index: blocks of 128, differences and frequencies bit-packed.

    full block   float32 best score | uint32 first document | uint8 width | 16 * width bytes of differences
                 | uint8 width | 16 * width bytes of frequencies
    last block   float32 best score | uint32 documents[n] | uint32 frequencies[n], where n < 128 are left over

All blocks at once, by width. The tests compare with a definition bit by bit.
Source: lance d2039d750, rust/lance-index/src/scalar/inverted/encoding.rs; bitpacking 0.9.2, BitPacker4x.
"""

from dataclasses import dataclass

import numpy as np

from posting_intersect import BLOCK

LANES = 4
SLOTS = BLOCK // LANES
HEADER = 8  # bytes before the width: the score and the first document


@dataclass(frozen=True)
class Packed:
    """Lists in blocks, as `reference.intersect_blocks` takes them."""

    blob: np.ndarray
    block_start: np.ndarray
    block_first_doc: np.ndarray
    blocks_of_list: np.ndarray
    length: np.ndarray

    def inputs(self) -> dict[str, np.ndarray]:
        """Return the arrays by their names."""
        return dict(vars(self))


def pack(lists: list[np.ndarray], freqs: list[np.ndarray]) -> Packed:
    """Return the blocks of `lists`.

    lists  uint32[n] each, strictly ascending
    freqs  uint32[n] each, 1 or more: how often a document has the term
    """
    length = np.array([len(one) for one in lists], np.int64)
    counts = -(-length // BLOCK)
    docs, tf = (np.concatenate([np.zeros(0, np.uint32), *arrays]) for arrays in (lists, freqs))
    doc_start = np.concatenate([[0], np.cumsum(length)])[:-1]
    blocks_of_list = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    of = np.repeat(np.arange(len(lists)), counts)
    number = np.arange(len(of)) - blocks_of_list[of]
    first = doc_start[of] + BLOCK * number
    is_full = BLOCK * (number + 1) <= length[of]
    places = first[is_full, np.newaxis] + np.arange(BLOCK)
    deltas, full_tf = differences(docs[places]), tf[places]
    widths, tf_widths = width_of(deltas), width_of(full_tf)
    sizes = 4 + 8 * (length[of] - BLOCK * number)
    sizes[is_full] = HEADER + 2 + 16 * (widths + tf_widths)
    block_start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    blob = np.zeros(block_start[-1], np.uint8)
    starts = block_start[:-1][is_full]
    scatter(blob, starts, full_tf.max(axis=1, initial=0).astype(np.float32))
    scatter(blob, starts + 4, docs[first[is_full]])
    for at, values, width in (
        (starts + HEADER, deltas, widths),
        (starts + HEADER + 1 + 16 * widths, full_tf, tf_widths),
    ):
        blob[at] = width
        for w in np.unique(width).tolist():
            scatter(blob, at[width == w] + 1, packed_bits(values[width == w], w))
    n_left = length[of] - BLOCK * number
    for n in np.unique(n_left[~is_full]).tolist():
        chosen = ~is_full & (n_left == n)
        rests, starts = first[chosen, np.newaxis] + np.arange(n), block_start[:-1][chosen]
        scatter(blob, starts, tf[rests].max(axis=1).astype(np.float32))
        scatter(blob, starts + 4, np.concatenate([docs[rests], tf[rests]], axis=1))
    return Packed(blob, block_start, docs[first], blocks_of_list, length)


def differences(docs: np.ndarray) -> np.ndarray:
    """Return uint32[k, 128]: each document less the one before; of the first, 0."""
    return np.diff(docs, axis=1, prepend=docs[:, :1])


def width_of(values: np.ndarray) -> np.ndarray:
    """Return int64[k], the bits that the largest of 128 values needs."""
    largest = np.bitwise_or.reduce(values, axis=1).astype(np.float64)  # a sum of ones and zeros, so exact
    return np.frexp(largest)[1].astype(np.int64)  # type: ignore[no-any-return]


def packed_bits(values: np.ndarray, width: int) -> np.ndarray:
    """Return uint32[k, 4 * width] of values uint32[k, 128], each below 2**width."""
    slots = np.ascontiguousarray(values.reshape(-1, SLOTS, LANES).transpose(1, 0, 2))  # twice as fast
    words = np.zeros((max(width, 1), len(values), LANES), np.uint32)
    for slot, four in enumerate(slots if width > 0 else []):
        word, shift = divmod(slot * width, 32)
        words[word] |= four << np.uint32(shift)
        if shift + width > 32:
            words[word + 1] |= four >> np.uint32(32 - shift)
    return words[:width].transpose(1, 0, 2).reshape(len(values), LANES * width)


def scatter(blob: np.ndarray, at: np.ndarray, values: np.ndarray) -> None:
    """Write the bytes of row i of `values` from blob[at[i]] on."""
    if len(at) == 0:
        return
    rows = np.ascontiguousarray(values).reshape(len(at), -1).view(np.uint8)
    blob[at[:, np.newaxis] + np.arange(rows.shape[1])] = rows
