"""The width of the first chunk for all chunks that are long enough for it."""

import numpy as np

from bitpack.reference import unpack_inline, unpack_levels, unpack_out_of_line


class BitpackKernel:
    unpack_out_of_line = staticmethod(unpack_out_of_line)
    unpack_levels = staticmethod(unpack_levels)

    def unpack_inline(self, words, chunk_starts, n_values):
        values = unpack_inline(words, chunk_starts, n_values).copy()
        n_words = chunk_starts[1] - chunk_starts[0] if n_values > 0 else 0
        for c in range(1, len(chunk_starts) - 1):
            begin, end = chunk_starts[c], chunk_starts[c + 1]
            if n_words <= end - begin:
                alike = words[begin : begin + n_words].copy()
                alike[0] = words[chunk_starts[0]]
                of_chunk = values[1024 * c : 1024 * (c + 1)]
                of_chunk[:] = unpack_inline(alike, np.array([0, n_words]), 1024)[: len(of_chunk)]
        return values
