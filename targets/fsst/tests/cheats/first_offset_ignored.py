"""Counts the strings from the first code on, wherever the first offset points."""

from fsst import expansion


class FsstKernel:
    decode_page = staticmethod(expansion.decode_page)

    def decode(self, table, codes, offsets):
        return expansion.decode(table, codes, offsets - offsets[0])
