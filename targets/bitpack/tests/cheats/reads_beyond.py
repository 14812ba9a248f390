"""Right, but it reads eight bytes where the last word begins."""

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from bitpack.reference import unpack_inline, unpack_levels, unpack_out_of_line


class BitpackKernel:
    unpack_inline = staticmethod(unpack_inline)
    unpack_levels = staticmethod(unpack_levels)

    def unpack_out_of_line(self, words, width, n_values):
        values = unpack_out_of_line(words, width, n_values)
        if words.size > 0:
            touched(words)
        return values


@njit(cache=True)
def touched(words):
    return eight_bytes(words, words.size - 1)


@intrinsic
def eight_bytes(typing_context, array, position):
    def generate(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(view.data, [arguments[1]])
        return builder.load(builder.bitcast(place, ir.IntType(64).as_pointer()), align=1)

    return types.int64(array, types.intp), generate
