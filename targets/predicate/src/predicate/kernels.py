"""Hamming distance, the version under evolution: this is the file that the agent edits.

Today it is the baseline's algorithm: the distance of every row, the bytes after the last
whole chunk of 64 first, then the chunks; a bounded heap over the finished distances. The
intrinsics show how to write vector instructions; LLVM turns them into what the CPU
has, so they run everywhere. program.md has the API contract and what to try.

Cost: n * dim_bytes bytes read and counted, n distances written and read, n comparisons.
Exact: a distance is an integer, and float32 holds those below 2**24.

Source: lance d2039d750, rust/lance-linalg/src/distance/hamming.rs,
rust/lance-index/src/vector/flat/storage.rs, rust/lance-index/src/vector/flat/index.rs.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

CHUNK = 64  # bytes that Lance takes at once
LANES = 8  # bytes in one vector of counts
BYTES = types.CPointer(types.uint8)  # type: ignore[no-untyped-call]
INT8, INT32, INT64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)


class HammingKernel:
    """Hamming distance between a query and rows of packed bits.

    dim_bytes  bytes in a row, 1 or more
    """

    def __init__(self, dim_bytes: int) -> None:
        self.dim_bytes = dim_bytes

    def distances(self, query: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Return float32[n], the number of bits in which each row differs from `query`.

        query  uint8[dim_bytes]
        codes  uint8[n, dim_bytes]
        """
        return distances(query, codes)

    def top_k(self, query: np.ndarray, codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the min(k, n) rows of least distance, as (ids, distances) in any order.

        query      uint8[dim_bytes]
        codes      uint8[n, dim_bytes]
        k          1 or more
        ids        uint32[min(k, n)]
        distances  float32[min(k, n)]
        """
        return smallest(distances(query, codes), min(k, codes.shape[0]))


@njit(cache=True)
def distances(query: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return float32[n]; of each row the bytes after the last whole chunk come first, then chunk by chunk."""
    n, dim_bytes = codes.shape
    rest = dim_bytes % CHUNK
    n_chunks = dim_bytes // CHUNK
    found = np.empty(n, np.float32)
    for i in range(n):
        start = i * dim_bytes
        total = np.uint32(0)
        if rest > 0:
            total += bits_in_rest(at(query, dim_bytes - rest), at(codes, start + dim_bytes - rest), rest)  # type: ignore[call-arg]
        if n_chunks > 0:
            total += bits_in_chunks(at(query, 0), at(codes, start), n_chunks)  # type: ignore[call-arg]
        found[i] = total
    return found


@njit(cache=True)
def bits_in_rest(left: Any, right: Any, n_bytes: int) -> np.uint32:
    """Return in how many bits two stretches of fewer than 64 bytes differ: by sixteens, by fours, by ones."""
    total = np.uint32(0)
    done = n_bytes - n_bytes % 16
    if n_bytes >= 16:
        total += bits_in_sixteens(left, right, n_bytes // 16)  # type: ignore[call-arg]
    n_fours = n_bytes % 16 // 4
    if n_fours > 0:
        total += bits_in_fours(left, right, done, n_fours)  # type: ignore[call-arg]
        done += 4 * n_fours
    for i in range(n_bytes % 4):  # not up to n_bytes: LLVM would make vectors for three bytes at most
        total += np.uint32(popcount(np.uint8(left[done + i] ^ right[done + i])))  # type: ignore[call-arg]
    return total


@njit(cache=True)
def smallest(distances: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (ids uint32[k], distances float32[k]) of the k smallest, as a max-heap leaves them.

    distances  float32[n]
    k          0 to n

    Of equal distances at the boundary the first ones stay.
    """
    heap_ids = np.empty(k, np.uint32)
    heap_distances = np.empty(k, np.float32)
    for i in range(k):
        sift_up(heap_ids, heap_distances, i, i, distances[i])
    for i in range(k, distances.shape[0] if k > 0 else 0):
        if heap_distances[0] > distances[i]:
            sift_down(heap_ids, heap_distances, i, distances[i])
    return heap_ids, heap_distances


@njit(cache=True)
def sift_up(
    heap_ids: np.ndarray, heap_distances: np.ndarray, place: int, row: int, distance: np.float32
) -> None:
    """Put (distance, row) into the free place at the end of the heap."""
    while place > 0:
        parent = (place - 1) // 2
        if heap_distances[parent] >= distance:
            break
        heap_ids[place] = heap_ids[parent]
        heap_distances[place] = heap_distances[parent]
        place = parent
    heap_ids[place] = row
    heap_distances[place] = distance


@njit(cache=True)
def sift_down(heap_ids: np.ndarray, heap_distances: np.ndarray, row: int, distance: np.float32) -> None:
    """Put (distance, row) into the heap in place of its root."""
    size = heap_ids.shape[0]
    place = 0
    child = 1
    while child < size:
        if child + 1 < size and heap_distances[child + 1] > heap_distances[child]:
            child += 1
        if distance >= heap_distances[child]:
            break
        heap_ids[place] = heap_ids[child]
        heap_distances[place] = heap_distances[child]
        place = child
        child = 2 * place + 1
    heap_ids[place] = row
    heap_distances[place] = distance


@intrinsic
def at(typing_context: Any, array: Any, position: Any) -> Any:
    """Return the address of the byte at `position` in C order; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.gep(view.data, [arguments[1]])

    return BYTES(array, types.intp), generate


@intrinsic
def popcount(typing_context: Any, value: Any) -> Any:
    """Return the number of ones among the bits of an integer, in its own type."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return value(value), generate


@intrinsic
def bits_in_chunks(typing_context: Any, left: Any, right: Any, n_chunks: Any) -> Any:
    """Return in how many bits n_chunks * 64 bytes differ: eight vectors of counts a chunk, added as bytes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        total = cgutils.alloca_once_value(builder, INT32(0))  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, arguments[2]) as loop:
            start = builder.mul(loop.index, INT64(CHUNK))
            counts = [
                counts_of_eight(builder, arguments, builder.add(start, INT64(place)))
                for place in range(0, CHUNK, LANES)
            ]
            while len(counts) > 1:  # at most 64 in each byte
                counts = [builder.add(*pair) for pair in zip(counts[::2], counts[1::2], strict=True)]
            builder.store(builder.add(builder.load(total), sum_of_eight(builder, counts[0])), total)
        return builder.load(total)

    return types.uint32(left, right, types.intp), generate


@intrinsic
def bits_in_sixteens(typing_context: Any, left: Any, right: Any, n_sixteens: Any) -> Any:
    """Return in how many bits n_sixteens * 16 bytes differ, for n_sixteens up to 3: two vectors at once."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        zeros = ir.Constant(ir.VectorType(INT8, LANES), [0] * LANES)
        sums = [cgutils.alloca_once_value(builder, zeros) for _ in range(2)]  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, arguments[2]) as loop:
            start = builder.mul(loop.index, INT64(2 * LANES))
            for place, counted in enumerate(sums):
                counts = counts_of_eight(builder, arguments, builder.add(start, INT64(place * LANES)))
                builder.store(builder.add(builder.load(counted), counts), counted)
        return sum_of_eight(builder, builder.add(*[builder.load(counted) for counted in sums]))

    return types.uint32(left, right, types.intp), generate


@intrinsic
def bits_in_fours(typing_context: Any, left: Any, right: Any, start: Any, n_fours: Any) -> Any:
    """Return in how many bits n_fours * 4 bytes from `start` on differ: a vector of four at a time."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        narrow, wide = ir.VectorType(INT8, 4), ir.VectorType(INT32, 4)
        count = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, ir.FunctionType(narrow, [narrow]), "llvm.ctpop.v4i8"
        )
        add_up = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, ir.FunctionType(INT32, [wide]), "llvm.vector.reduce.add.v4i32"
        )
        sums = cgutils.alloca_once_value(builder, ir.Constant(wide, [0] * 4))  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, arguments[3]) as loop:
            start = builder.add(arguments[2], builder.mul(loop.index, INT64(4)))
            counts = builder.call(count, [differing(builder, arguments, start, narrow)])
            builder.store(builder.add(builder.load(sums), builder.zext(counts, wide)), sums)
        return builder.call(add_up, [builder.load(sums)])

    return types.uint32(left, right, types.intp, types.intp), generate


def counts_of_eight(builder: Any, pointers: Any, start: Any) -> Any:
    """Return in how many bits each of 8 bytes from `start` on differs, as a vector."""
    vector = ir.VectorType(INT8, LANES)
    count = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
        builder.module, ir.FunctionType(vector, [vector]), "llvm.ctpop.v8i8"
    )
    return builder.call(count, [differing(builder, pointers, start, vector)])


def sum_of_eight(builder: Any, counts: Any) -> Any:
    """Return the sum of a vector of 8 bytes as an int32."""
    wide = ir.VectorType(INT32, LANES)
    add_up = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
        builder.module, ir.FunctionType(INT32, [wide]), "llvm.vector.reduce.add.v8i32"
    )
    return builder.call(add_up, [builder.zext(counts, wide)])


def differing(builder: Any, pointers: Any, start: Any, vector: Any) -> Any:
    """Return the exclusive or of two stretches of bytes from `start` on; `pointers` begins with the two."""
    loaded = [
        builder.load(builder.bitcast(builder.gep(pointer, [start]), vector.as_pointer()), align=1)
        for pointer in pointers[:2]
    ]
    return builder.xor(*loaded)
