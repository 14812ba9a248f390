"""Eight rows after eight rows, as if blocks stood in their natural order."""

import numpy as np

from bitpack.reference import unpack_inline, unpack_levels, unpack_out_of_line


class BitpackKernel:
    unpack_out_of_line = staticmethod(unpack_out_of_line)
    unpack_levels = staticmethod(unpack_levels)

    def unpack_inline(self, words, chunk_starts, n_values):
        values = unpack_inline(words, chunk_starts, n_values)
        if words.itemsize != 4 or n_values < 1024:
            return values
        whole = values[: n_values // 1024 * 1024].reshape(-1, 8, 4, 32)[:, :, [0, 2, 1, 3]]
        return np.concatenate([whole.reshape(-1), values[whole.size :]])
