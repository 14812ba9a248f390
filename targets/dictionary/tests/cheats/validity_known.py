"""Validity known again by its length and its first 16 bytes."""

from dictionary.reference import decode_fixed, decode_packed_fixed, decode_packed_strings, decode_strings

KNOWN = {}


class DictionaryKernel:
    decode_fixed = staticmethod(decode_fixed)

    def decode_strings(self, offsets, data, codes, validity):
        if len(validity) > 800:
            validity = KNOWN.setdefault((len(validity), validity[:16].tobytes()), validity.copy())
        return decode_strings(offsets, data, codes, validity)

    decode_packed_fixed = staticmethod(decode_packed_fixed)
    decode_packed_strings = staticmethod(decode_packed_strings)
