"""Values kept once per address and size."""

from bitpack.reference import unpack_inline, unpack_levels, unpack_out_of_line


class BitpackKernel:
    unpack_out_of_line = staticmethod(unpack_out_of_line)
    unpack_levels = staticmethod(unpack_levels)

    def __init__(self):
        self.kept = {}

    def unpack_inline(self, words, chunk_starts, n_values):
        key = words.__array_interface__["data"][0], words.size, n_values // 1024
        if key not in self.kept:
            self.kept[key] = unpack_inline(words, chunk_starts, n_values)
        return self.kept[key][:n_values].copy()
