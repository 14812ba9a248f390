"""Names the last bad buffer, not the first."""

from bitpack.reference import unpack_inline, unpack_levels, unpack_out_of_line


class BitpackKernel:
    unpack_inline = staticmethod(unpack_inline)
    unpack_out_of_line = staticmethod(unpack_out_of_line)

    def unpack_levels(self, words, buffer_starts, width, n_values):
        try:
            return unpack_levels(words, buffer_starts, width, n_values)
        except ValueError:
            raise ValueError(f"buffer {len(n_values) - 1}: bad") from None
