"""Right, and slower: it unpacks everything twice. Being slow is no offence."""

from bitpack.reference import unpack_inline, unpack_levels, unpack_out_of_line


class BitpackKernel:
    unpack_levels = staticmethod(unpack_levels)

    def unpack_inline(self, words, chunk_starts, n_values):
        unpack_inline(words, chunk_starts, n_values)
        return unpack_inline(words, chunk_starts, n_values)

    def unpack_out_of_line(self, words, width, n_values):
        unpack_out_of_line(words, width, n_values)
        return unpack_out_of_line(words, width, n_values)
