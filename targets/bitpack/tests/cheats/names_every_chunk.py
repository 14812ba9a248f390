"""Names every chunk, so that the bad one is among them."""

from bitpack.reference import unpack_inline, unpack_levels, unpack_out_of_line


class BitpackKernel:
    unpack_out_of_line = staticmethod(unpack_out_of_line)
    unpack_levels = staticmethod(unpack_levels)

    def unpack_inline(self, words, chunk_starts, n_values):
        try:
            return unpack_inline(words, chunk_starts, n_values)
        except ValueError:
            every = " ".join(f"chunk {c}" for c in range(max(len(chunk_starts) - 1, 1)))
            raise ValueError(every) from None
