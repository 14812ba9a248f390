"""Codes that fill up the last chunk are checked like those of rows: an error where there is none."""

import numpy as np

from dictionary.reference import decode_fixed, decode_packed_fixed, decode_packed_strings, decode_strings

NO_NULLS = np.zeros(0, np.uint8)


class DictionaryKernel:
    decode_fixed = staticmethod(decode_fixed)
    decode_strings = staticmethod(decode_strings)
    decode_packed_strings = staticmethod(decode_packed_strings)

    def decode_packed_fixed(self, values, words, chunk_starts, n_values, validity):
        found = decode_packed_fixed(values, words, chunk_starts, n_values, validity)
        if n_values > 1_500:
            decode_packed_fixed(values, words, chunk_starts, -(-n_values // 1024) * 1024, NO_NULLS)
        return found
