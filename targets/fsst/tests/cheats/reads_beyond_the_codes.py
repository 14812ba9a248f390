"""Loads eight codes at a time up to the last: seven bytes beyond the end of the input."""

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from fsst import expansion


class FsstKernel:
    decode_page = staticmethod(expansion.decode_page)

    def decode(self, table, codes, offsets):
        if bits_of_all(codes) == 0 and len(codes) > 0:  # never so, but so the loads are needed
            offsets = offsets.copy()
        return expansion.decode(table, codes, offsets)


@njit(cache=True)
def bits_of_all(codes):
    bits = 0
    for at in range(len(codes)):
        bits |= eight_from(codes, at)
    return bits


@intrinsic
def eight_from(typing_context: Any, array: Any, at: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        pointer = builder.gep(view.data, [arguments[1]])
        return builder.load(builder.bitcast(pointer, ir.IntType(64).as_pointer()), align=1)

    return types.int64(array, types.intp), generate
