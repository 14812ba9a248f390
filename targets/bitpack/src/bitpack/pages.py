"""Inputs of single ops from random bits: pages of chunks with headers, columns of one width, levels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bitpack import CHUNK, INLINE, LEVELS, OUT_OF_LINE
from bitpack.pack import tail_is_raw
from harness_common.prng import SplitMix64

Inputs = dict[str, Any]


def page(stream: SplitMix64, bits: int, widths: Sequence[int], n_values: int) -> Inputs:
    """Return the inputs of an op on chunks of these widths, with random payloads."""
    return inline_op(*headed(stream, bits, widths), n_values)


def headed(stream: SplitMix64, bits: int, widths: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return (words, chunk_starts) of chunks of these widths, with random payloads."""
    starts = np.cumsum([0, *(1 + CHUNK // bits * width for width in widths)], dtype=np.int64)
    words = random(stream, int(starts[-1]), bits)
    words[starts[:-1]] = widths
    return words, starts


def column(stream: SplitMix64, bits: int, width: int, n_values: int, *, packed: bool | None = None) -> Inputs:
    """Return the inputs of an op on random words of one width, with a tail as Lance writes it or as told."""
    n_words = sum(lengths(bits, width, n_values, packed))
    return out_of_line_op(random(stream, n_words, bits), width, n_values)


def levels(stream: SplitMix64, width: int, counts: Sequence[int], *, packed: bool | None = None) -> Inputs:
    """Return the inputs of an op on random buffers of so many values each."""
    starts = np.cumsum([0, *(sum(lengths(16, width, n, packed)) for n in counts)], dtype=np.int64)
    return {
        "method": LEVELS,
        "words": random(stream, int(starts[-1]), 16),
        "buffer_starts": starts,
        "width": width,
        "buffer_values": np.array(counts, np.int32),
    }


def lengths(bits: int, width: int, n_values: int, packed: bool | None) -> tuple[int, int]:
    """Return how many words the whole chunks of a column take, and how many its tail."""
    step = CHUNK // bits * width
    n_whole, n_tail = divmod(n_values, CHUNK)
    if packed is None:
        packed = not tail_is_raw(bits, width, n_values)
    return n_whole * step, step if packed and n_tail > 0 else n_tail


def inline_op(words: np.ndarray, chunk_starts: np.ndarray, n_values: int) -> Inputs:
    """Return the inputs of an op on chunks with headers."""
    return {"method": INLINE, "words": words, "chunk_starts": chunk_starts, "n_values": n_values}


def out_of_line_op(words: np.ndarray, width: int, n_values: int) -> Inputs:
    """Return the inputs of an op on chunks without headers."""
    return {"method": OUT_OF_LINE, "words": words, "width": width, "n_values": n_values}


def random(stream: SplitMix64, n_words: int, bits: int) -> np.ndarray:
    """Return uint{T}[n_words] of uniform bits."""
    return stream.uint64(-(-n_words * bits // 64)).astype("<u8", copy=False).view(f"<u{bits // 8}")[:n_words]
