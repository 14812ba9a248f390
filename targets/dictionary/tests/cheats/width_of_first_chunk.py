"""All chunks as wide as the first: right for uniform codes."""

from dictionary.reference import decode_fixed, decode_packed_strings, decode_strings, unpack, unpacked


class DictionaryKernel:
    decode_fixed = staticmethod(decode_fixed)
    decode_strings = staticmethod(decode_strings)
    decode_packed_strings = staticmethod(decode_packed_strings)

    def decode_packed_fixed(self, values, words, chunk_starts, n_values, validity):
        codes, fault = unpack(words, chunk_starts, n_values)
        codes = codes.copy()
        for c, start in enumerate(chunk_starts[: len(codes) // 1024].tolist()):
            width = int(words[chunk_starts[0]])
            if start + 1 + 32 * width <= len(words):
                codes[1024 * c : 1024 * (c + 1)] = unpacked(words[start + 1 :], width)
        found = decode_fixed(values, codes, validity)
        if fault:
            raise ValueError(fault)
        return found
