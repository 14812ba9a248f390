"""Loads, stores and copies at any address of an array, as the baseline needs them; nothing is checked."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

INT8, INT32, INT64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)


def address(context: Any, builder: Any, signature: Any, arguments: Any, place: int, kind: Any) -> Any:
    """Return a pointer of `kind` into argument `place`, an array, at the byte that the next argument says."""
    view = context.make_array(signature.args[place])(context, builder, arguments[place])
    start = builder.bitcast(view.data, INT8.as_pointer())
    return builder.bitcast(builder.gep(start, [arguments[place + 1]]), kind.as_pointer())


@intrinsic
def load_four(typing_context: Any, array: Any, at: Any) -> Any:
    """Return the four bytes from a place on, as an int64 from 0 to 2**32 - 1; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loaded = builder.load(address(context, builder, signature, arguments, 0, INT32), align=1)
        return builder.zext(loaded, INT64)

    return types.int64(array, types.intp), generate


@intrinsic
def load_eight(typing_context: Any, array: Any, at: Any) -> Any:
    """Return the eight bytes from a place on, as a uint64; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(address(context, builder, signature, arguments, 0, INT64), align=1)

    return types.uint64(array, types.intp), generate


@intrinsic
def byte(typing_context: Any, array: Any, at: Any) -> Any:
    """Return the byte at a place; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(address(context, builder, signature, arguments, 0, INT8))

    return types.uint8(array, types.intp), generate


@intrinsic
def store_eight(typing_context: Any, array: Any, at: Any, value: Any) -> Any:
    """Write eight bytes at a place; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], address(context, builder, signature, arguments, 0, INT64), align=1)

    return types.void(array, types.intp, types.uint64), generate


@intrinsic
def store_one(typing_context: Any, array: Any, at: Any, value: Any) -> Any:
    """Write one byte at a place; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], address(context, builder, signature, arguments, 0, INT8))

    return types.void(array, types.intp, types.uint8), generate


@intrinsic
def trailing_zeros(typing_context: Any, value: Any) -> Any:
    """Return how many bits below the lowest one that is set there are; not for 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@intrinsic
def copy(typing_context: Any, to: Any, to_at: Any, source: Any, source_at: Any, n_bytes: Any) -> Any:
    """Copy n_bytes bytes between two arrays that do not overlap, places counted in bytes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        there, here = (address(context, builder, signature, arguments, i, INT8) for i in (0, 2))
        cgutils.raw_memcpy(builder, there, here, arguments[4], 1)  # type: ignore[no-untyped-call]

    return types.void(to, types.intp, source, types.intp, types.intp), generate


@intrinsic
def clear(typing_context: Any, array: Any, n_bytes: Any) -> Any:
    """Write zeros into the first n_bytes bytes of an array."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        cgutils.memset(builder, view.data, arguments[1], 0)  # type: ignore[no-untyped-call]

    return types.void(array, types.intp), generate
