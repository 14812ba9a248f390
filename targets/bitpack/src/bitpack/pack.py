"""The opposite of the target's work: values into packed chunks, for inputs whose values are given."""

from collections.abc import Sequence

import numpy as np

from bitpack import CHUNK, ORDER


def pack_chunks(values: np.ndarray, width: int) -> np.ndarray:
    """Return uint{T}[C, L * width], where L = 1024 / T: C chunks packed at one width.

    values  uint{T}[C, 1024], each below 2**width
    """
    bits = 8 * values.itemsize
    lanes = CHUNK // bits
    packed = np.zeros((len(values), width, lanes), values.dtype)
    for row in range(bits if width > 0 else 0):
        word, shift = divmod(row * width, bits)
        at = ORDER[row // 8] * 16 + row % 8 * 128
        row_values = values[:, at : at + lanes]
        packed[:, word] |= row_values << shift
        if shift + width > bits:
            packed[:, word + 1] |= row_values >> (bits - shift)
    return packed.reshape(len(values), lanes * width)


def pack_inline(values: np.ndarray, widths: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return (words uint{T}[N], chunk_starts int64[C + 1]): a header and a payload for each chunk.

    values  uint{T}[C, 1024], each below 2**width of its chunk
    """
    parts = [np.zeros(0, values.dtype)]
    for chunk, width in zip(values, widths, strict=True):
        parts += [np.array([width], values.dtype), pack_chunks(chunk[np.newaxis], width)[0]]
    lengths = [1 + CHUNK // (8 * values.itemsize) * width for width in widths]
    return np.concatenate(parts), np.cumsum([0, *lengths], dtype=np.int64)


def pack_out_of_line(values: np.ndarray, width: int, *, raw: bool) -> np.ndarray:
    """Return uint{T}[N]: whole chunks packed at one width, and a tail that is raw or packed with zeros.

    values  uint{T}[n], each below 2**width
    """
    n_tail = len(values) % CHUNK
    tail = values[len(values) - n_tail :]
    whole = pack_chunks(values[: len(values) - n_tail].reshape(-1, CHUNK), width).reshape(-1)
    if n_tail > 0 and not raw:
        padded = np.concatenate([tail, np.zeros(CHUNK - n_tail, values.dtype)])
        tail = pack_chunks(padded[np.newaxis], width)[0]
    return np.concatenate([whole, tail])


def tail_is_raw(bits: int, width: int, n_values: int) -> bool:
    """Return whether Lance stores the tail of so many values raw: where packing it would not be shorter."""
    n_tail = n_values % CHUNK
    return not width * (CHUNK - n_tail) < (bits - width) * n_tail
