"""The code under a null looked up like any other, or the first entry's value where there is none for it."""

import numpy as np

from dictionary.reference import decode_fixed, decode_packed_fixed, decode_packed_strings, decode_strings

NO_NULLS = np.zeros(0, np.uint8)


class DictionaryKernel:
    def decode_fixed(self, values, codes, validity):
        decode_fixed(values, codes, validity)
        return decode_fixed(values, np.where(codes < len(values), codes, 0).astype(codes.dtype), NO_NULLS)

    def decode_strings(self, offsets, data, codes, validity):
        decode_strings(offsets, data, codes, validity)
        return decode_strings(offsets, data, np.where(codes < len(offsets) - 1, codes, 0), NO_NULLS)

    decode_packed_fixed = staticmethod(decode_packed_fixed)
    decode_packed_strings = staticmethod(decode_packed_strings)
