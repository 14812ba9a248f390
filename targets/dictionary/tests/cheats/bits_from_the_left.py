"""Validity read from the most significant bit."""

import numpy as np

from dictionary.reference import decode_fixed, decode_packed_fixed, decode_packed_strings, decode_strings


class DictionaryKernel:
    def decode_fixed(self, values, codes, validity):
        return decode_fixed(values, codes, turned(validity))

    def decode_strings(self, offsets, data, codes, validity):
        return decode_strings(offsets, data, codes, turned(validity))

    decode_packed_fixed = staticmethod(decode_packed_fixed)
    decode_packed_strings = staticmethod(decode_packed_strings)


def turned(validity):
    return np.packbits(np.unpackbits(validity, bitorder="little"))
