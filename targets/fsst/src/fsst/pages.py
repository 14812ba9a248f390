"""Encoded strings in the order and the layout in which a kernel gets them: chunks of a page, or one batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fsst import PADDING
from harness_common.prng import SplitMix64

CHUNK_BYTES = 4096
MOST_JUNK = 9  # bytes before the first code, and after the last


@dataclass(frozen=True)
class Block:
    """Some strings that stay together wherever they are put.

    image    uint8[...]  a chunk, or nothing but the codes
    codes_at where the codes begin in it
    lengths  int64[n]    codes of each string
    """

    image: np.ndarray
    codes_at: int
    lengths: np.ndarray


@dataclass(frozen=True)
class Layout:
    """Blocks end to end in one array.

    array    uint8[p]            what the op gets; a few bytes before and after the blocks are nobody's
    starts   int64[n_blocks + 1] where each block begins, and where the last one ends
    """

    array: np.ndarray
    starts: np.ndarray


def blocks_of(codes: np.ndarray, bounds: np.ndarray, per_block: int, chunked: bool) -> list[Block]:
    """Return the strings codes[bounds[i]:bounds[i + 1]], so many in a block, the last one with the rest."""
    found = []
    for first in range(0, len(bounds) - 1, per_block):
        inside = bounds[first : first + per_block + 1]
        found.append(block(codes[inside[0] : inside[-1]], np.diff(inside), chunked))
    return found


def block(codes: np.ndarray, lengths: np.ndarray, chunked: bool) -> Block:
    """Return strings of these lengths as a chunk in Lance's layout, or as codes without one."""
    if not chunked:
        return Block(codes, 0, lengths)
    head = 4 * (len(lengths) + 1)
    offsets = head + np.concatenate([[0], np.cumsum(lengths)])
    rest = np.full(-len(codes) % 4, PADDING, np.uint8)
    return Block(np.concatenate([offsets.astype("<u4").view(np.uint8), codes, rest]), head, lengths)


def laid_out(stream: SplitMix64, blocks: Sequence[Block], junk: bool = True) -> Layout:
    """Return blocks in this order, between bytes that belong to none."""
    before, after = stream.integers(1, MOST_JUNK + 1, 2).tolist() if junk else (0, 0)
    sizes = [len(each.image) for each in blocks]
    array = np.concatenate([noise(stream, before), *(each.image for each in blocks), noise(stream, after)])
    return Layout(array, before + np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))


def noise(stream: SplitMix64, n: int) -> np.ndarray:
    """Return uint8[n], any bytes."""
    return (stream.uint64(n) >> 56).astype(np.uint8)


def offsets_in(layout: Layout, blocks: Sequence[Block], dtype: type) -> np.ndarray:
    """Return the offsets of all strings of blocks without chunks, from the first code on."""
    lengths = [each.lengths for each in blocks]
    ends = np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths]))
    return np.asarray(layout.starts[0] + ends, dtype)


def per_chunk(lengths: np.ndarray) -> int:
    """Return how many strings a chunk has: the largest power of two of which 4 KiB hold an average chunk."""
    bytes_each = 4 + float(lengths.sum()) / len(lengths)
    n = 1
    while 2 * n * bytes_each <= CHUNK_BYTES:
        n *= 2
    return n
