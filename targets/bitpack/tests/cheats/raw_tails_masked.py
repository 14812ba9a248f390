"""Cuts off the high bits of all levels, though those of a raw tail are whole words."""

from bitpack.reference import unpack_inline, unpack_levels, unpack_out_of_line


class BitpackKernel:
    unpack_inline = staticmethod(unpack_inline)
    unpack_out_of_line = staticmethod(unpack_out_of_line)

    def unpack_levels(self, words, buffer_starts, width, n_values):
        return unpack_levels(words, buffer_starts, width, n_values) & (2**width - 1)
