"""A tail that could be packed or raw by its length is taken for packed."""

from bitpack import reference
from bitpack.reference import unpack_inline, unpack_levels, unpack_out_of_line


class BitpackKernel:
    unpack_inline = staticmethod(unpack_inline)
    unpack_levels = staticmethod(unpack_levels)

    def unpack_out_of_line(self, words, width, n_values):
        values = unpack_out_of_line(words, width, n_values)
        step = 1024 // (8 * words.itemsize) * width
        n_tail = n_values % 1024
        if n_tail != step or n_tail == 0:
            return values
        tail = reference.unpack_chunks(words[-step:].reshape(1, step), width)[0, :n_tail]
        values = values.copy()
        values[-n_tail:] = tail
        return values
