"""Trusts the offsets of strings that are stored as they are."""

import numpy as np

from fsst import expansion


class FsstKernel:
    decode_page = staticmethod(expansion.decode_page)

    def decode(self, table, codes, offsets):
        try:
            return expansion.decode(table, codes, offsets)
        except ValueError as error:
            if table[3] != 0 or str(error).startswith("symbol table"):
                raise
            return np.empty(0, np.uint8), np.zeros_like(offsets)
