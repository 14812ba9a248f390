"""Eight bytes of each entry in one load, also of the last one, which may have fewer: right, and beyond."""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from dictionary.reference import decode_fixed, decode_packed_fixed, decode_packed_strings, decode_strings


class DictionaryKernel:
    decode_fixed = staticmethod(decode_fixed)

    def decode_strings(self, offsets, data, codes, validity):
        found = decode_strings(offsets, data, codes, validity)
        heads(offsets, data, np.empty(len(offsets) - 1, np.uint64))
        return found

    decode_packed_fixed = staticmethod(decode_packed_fixed)
    decode_packed_strings = staticmethod(decode_packed_strings)


@njit
def heads(offsets, data, found):
    for entry in range(found.shape[0]):
        found[entry] = eight_bytes(data, offsets[entry])


@intrinsic
def eight_bytes(typing_context, array, at):
    def generate(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(view.data, [arguments[1]])
        return builder.load(builder.bitcast(place, ir.IntType(64).as_pointer()), align=1)

    return types.uint64(array, types.intp), generate
