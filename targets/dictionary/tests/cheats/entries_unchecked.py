"""Offsets that lead beyond the data are cut to it, and those that fall are taken for empty."""

import numpy as np

from dictionary.reference import decode_fixed, decode_packed_fixed, decode_packed_strings, decode_strings


class DictionaryKernel:
    decode_fixed = staticmethod(decode_fixed)

    def decode_strings(self, offsets, data, codes, validity):
        sound = np.maximum.accumulate(np.clip(offsets, 0, len(data)))
        return decode_strings(sound, data, codes, validity)

    decode_packed_fixed = staticmethod(decode_packed_fixed)
    decode_packed_strings = staticmethod(decode_packed_strings)
