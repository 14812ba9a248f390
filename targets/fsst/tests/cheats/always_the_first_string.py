"""Refuses what is bad, and says that it is the first string whatever is bad."""

from fsst import expansion


class FsstKernel:
    decode_page = staticmethod(expansion.decode_page)

    def decode(self, table, codes, offsets):
        try:
            return expansion.decode(table, codes, offsets)
        except ValueError as error:
            raise ValueError("string 0: wrong" if "table" not in str(error) else "symbol table") from None
