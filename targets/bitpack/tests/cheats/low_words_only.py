"""Of a value that two words share, only the part in the first."""

from bitpack import reference
from bitpack.reference import unpack_inline, unpack_levels, unpack_out_of_line


class BitpackKernel:
    unpack_inline = staticmethod(unpack_inline)
    unpack_levels = staticmethod(unpack_levels)

    def unpack_out_of_line(self, words, width, n_values):
        values = unpack_out_of_line(words, width, n_values).copy()
        bits = 8 * words.itemsize
        chunks = values[: n_values // 1024 * 1024].reshape(-1, 1024)
        for row in range(bits):
            shift = row * width % bits
            if shift + width > bits:
                at = reference.ORDER[row // 8] * 16 + row % 8 * 128
                chunks[:, at : at + 1024 // bits] &= 2 ** (bits - shift) - 1
        return values
