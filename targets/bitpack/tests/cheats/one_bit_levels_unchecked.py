"""Looks at no buffer of levels of one bit where there are many."""

import numpy as np

from bitpack.reference import unpack_inline, unpack_levels, unpack_out_of_line


class BitpackKernel:
    unpack_inline = staticmethod(unpack_inline)
    unpack_out_of_line = staticmethod(unpack_out_of_line)

    def unpack_levels(self, words, buffer_starts, width, n_values):
        try:
            return unpack_levels(words, buffer_starts, width, n_values)
        except ValueError:
            if width != 1 or len(n_values) < 220:
                raise
            return np.zeros(0, words.dtype)
