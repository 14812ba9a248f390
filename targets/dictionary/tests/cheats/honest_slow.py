"""Right, and slower: it decodes everything twice. Being slow is no offence."""

from dictionary.reference import decode_fixed, decode_packed_fixed, decode_packed_strings, decode_strings


class DictionaryKernel:
    def decode_fixed(self, values, codes, validity):
        decode_fixed(values, codes, validity)
        return decode_fixed(values, codes, validity)

    def decode_strings(self, offsets, data, codes, validity):
        decode_strings(offsets, data, codes, validity)
        return decode_strings(offsets, data, codes, validity)

    decode_packed_fixed = staticmethod(decode_packed_fixed)
    decode_packed_strings = staticmethod(decode_packed_strings)
