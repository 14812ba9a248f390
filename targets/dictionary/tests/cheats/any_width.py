"""A chunk with as many words as its width asks for is taken for sound, though no code has 33 bits."""

import numpy as np

from dictionary.reference import decode_fixed, decode_packed_fixed, decode_packed_strings, decode_strings


class DictionaryKernel:
    decode_fixed = staticmethod(decode_fixed)
    decode_strings = staticmethod(decode_strings)
    decode_packed_strings = staticmethod(decode_packed_strings)

    def decode_packed_fixed(self, values, words, chunk_starts, n_values, validity):
        start, end = chunk_starts[:2].tolist() if len(chunk_starts) > 1 else (0, 0)
        if 0 <= start < end <= len(words) and 32 < words[start] == (end - start) // 32:
            words = np.concatenate([words[:start], [0], words[end:]]).astype(np.uint32)
            chunk_starts = np.append(start, chunk_starts[1:] - (end - start - 1))
        return decode_packed_fixed(values, words, chunk_starts, n_values, validity)
