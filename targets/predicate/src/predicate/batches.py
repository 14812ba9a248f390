"""Columns in one buffer, as the body of an Arrow record batch has them, and where they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from predicate import NO_NULLS, TYPES

ALIGNMENT = 64


@dataclass(frozen=True)
class Layout:
    """Where the columns of some batches are that take up the same room each.

    dtypes  of the columns
    values  of each column where its values begin, in bytes from the batch's own start
    bits    where its bitmap begins, or NO_NULLS
    room    rows that fit, more than a batch has
    n_bytes of a batch
    """

    dtypes: tuple[int, ...]
    values: tuple[int, ...]
    bits: tuple[int, ...]
    room: int
    n_bytes: int

    def columns(self, leads: np.ndarray) -> np.ndarray:
        """Return int64[b, c, 3], what a kernel is told of batches that begin `leads` rows behind their start.

        Such a batch is a slice: its bitmaps begin inside a byte.
        """
        starts = self.n_bytes * np.arange(len(leads))
        found = np.empty((len(leads), len(self.dtypes), 3), np.int64)
        for c, dtype in enumerate(self.dtypes):
            has_bits = self.bits[c] != NO_NULLS
            found[:, c, 0] = starts + self.values[c] + TYPES[dtype].itemsize * leads
            found[:, c, 1] = starts + self.bits[c] if has_bits else NO_NULLS
            found[:, c, 2] = leads if has_bits else 0
        return found

    def buffer(self, values: Sequence[np.ndarray], valid: Sequence[np.ndarray | None]) -> np.ndarray:
        """Return uint8[b * n_bytes], batches end to end.

        values  of each column its bits, unsigned[b, room]
        valid   of each column with a bitmap bool[b, room]
        """
        found = np.full((len(values[0]), self.n_bytes), 0xA5, np.uint8)
        for c, bits in enumerate(values):
            raw = bits.view(np.uint8)
            found[:, self.values[c] : self.values[c] + raw.shape[1]] = raw
            bitmap = valid[c]
            if bitmap is not None:
                packed = np.packbits(bitmap, axis=1, bitorder="little")
                found[:, self.bits[c] : self.bits[c] + packed.shape[1]] = packed
        return found.reshape(-1)


def layout(
    dtypes: Sequence[int], has_bits: Sequence[bool], room: int, order: Sequence[int] | None = None
) -> Layout:
    """Return where columns with so many rows are, each part at a multiple of 64 bytes.

    order  of the parts: 2 * c are the values of column c, 2 * c + 1 is its bitmap; as numbered if left out
    """
    starts, end = [NO_NULLS] * (2 * len(dtypes)), 0
    for part in range(len(starts)) if order is None else order:
        c, is_bitmap = divmod(part, 2)
        if has_bits[c] or not is_bitmap:
            starts[part] = end
            end += padded(-(-room // 8) if is_bitmap else TYPES[dtypes[c]].itemsize * room)
    return Layout(tuple(dtypes), tuple(starts[::2]), tuple(starts[1::2]), room, end)


def padded(n_bytes: int) -> int:
    """Return a number of bytes rounded up to whole lines of 64."""
    return -(-n_bytes // ALIGNMENT) * ALIGNMENT
