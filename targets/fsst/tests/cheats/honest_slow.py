"""Right, and slower: it does everything twice. Being slow is no offence."""

from fsst import expansion


class FsstKernel:
    def decode(self, table, codes, offsets):
        expansion.decode(table, codes, offsets)
        return expansion.decode(table, codes, offsets)

    def decode_page(self, table, page, chunk_starts):
        expansion.decode_page(table, page, chunk_starts)
        return expansion.decode_page(table, page, chunk_starts)
