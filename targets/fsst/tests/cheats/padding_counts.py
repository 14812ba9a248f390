"""Ends the last string of a chunk where the chunk ends: its padding is a symbol."""

from itertools import pairwise

from fsst import expansion


class FsstKernel:
    decode = staticmethod(expansion.decode)

    def decode_page(self, table, page, chunk_starts):
        changed = page.copy()
        for start, end in pairwise(chunk_starts.tolist()):
            first = int.from_bytes(page[start : start + 4].tobytes(), "little")
            if 0 <= start < end <= len(page) and 4 < first < end - start:
                changed[start + first - 4 : start + first].view("<u4")[:] = end - start
        return expansion.decode_page(table, changed, chunk_starts)
