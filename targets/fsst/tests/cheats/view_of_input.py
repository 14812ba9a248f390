"""Returns the codes themselves where they are stored as they are."""

from fsst import expansion


class FsstKernel:
    decode_page = staticmethod(expansion.decode_page)

    def decode(self, table, codes, offsets):
        data, ends = expansion.decode(table, codes, offsets)
        return (codes[offsets[0] : offsets[-1]], ends) if table[3] == 0 else (data, ends)
