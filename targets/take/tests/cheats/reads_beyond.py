"""Loads the last bitmap byte as a word of eight, seven of them behind the array."""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from take import reference


@intrinsic
def word_at(typing_context, array, place):
    def generate(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        first = builder.gep(view.data, [arguments[1]])
        return builder.load(builder.bitcast(first, ir.IntType(64).as_pointer()), align=1)

    return types.uint64(array, types.intp), generate


@njit
def last_word(bitmap):
    return word_at(bitmap, len(bitmap) - 1)


class TakeKernel:
    def __getattr__(self, name):
        return getattr(reference, name)

    def take_fixed(self, values, validity, indices, index_validity):
        if len(validity) > 0:
            last_byte = last_word(validity) & 255
            assert np.uint64(validity[-1]) == last_byte
        return reference.take_fixed(values, validity, indices, index_validity)
