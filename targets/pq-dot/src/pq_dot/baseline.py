"""What Lance's 8-bit product quantisation does today for the dot distance: the fixed yardstick.

Four separate passes over one partition: a table of 256 distances 1 - <part, centroid>
per sub-vector, one call per centroid; a scan that takes one sub-vector after the other
through the whole partition and adds its table entries to a row of sums in memory; one
pass that takes the n_sub - 1 ones too many from every sum; a bounded heap over the
finished distances. No blocking of rows, no unrolling over sub-vectors, no threshold.

Two inner loops are vector instructions in Lance's binary, because rustc knows that
its slices do not overlap. Numba cannot tell it so, hence two intrinsics: they emit the
instructions that rustc emits for the same loops, and nothing cleverer. And Lance draws
the table from a boxed iterator, so that every centroid costs a call that no compiler
removes; here a function that must not be inlined costs about the same.
docs/targets/pq-dot.md has both timings.

Cost: 2 * 256 * dim operations, 256 * n_sub calls, n * n_sub lookups and as many reads
and writes of a sum, n subtractions, n comparisons. Error: `oracle.rounding_error`.

Source: lance d2039d750, rust/lance-linalg/src/distance/dot.rs (dot_scalar,
dot_distance_batch), rust/lance-index/src/vector/pq/distance.rs (build_distance_table_dot,
compute_pq_distance), rust/lance-index/src/vector/pq/storage.rs (distance_all),
rust/lance-index/src/vector/flat/index.rs (FlatIndex::search).
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from pq_dot import N_CENTROIDS, PqShape

LANES = 16  # accumulators in Lance's dot
LOOKUPS = 8  # float32 in one AVX register, which Lance's builds assume
ZERO = np.float32(0.0)
ONE = np.float32(1.0)


class PqKernel:
    """Dot distance between a query and quantised rows, for one codebook.

    codebook  float32[n_sub, 256, sub_dim]  C order, kept and not copied
    """

    def __init__(self, shape: PqShape, codebook: np.ndarray) -> None:
        self.shape = shape
        self.codebook = codebook

    def search(self, query: np.ndarray, codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the min(k, n) rows of least distance, as (ids, distances) in any order.

        query      float32[dim]
        codes      uint8[n_sub, n]    transposed: all rows' codes of the first sub-vector, then of the next
        k          1 or more
        ids        uint32[min(k, n)]
        distances  float32[min(k, n)]
        """
        distances = scan(distance_table(self.codebook, query), codes)
        take_away(distances, np.float32(self.shape.n_sub - 1))
        return smallest(distances, min(k, codes.shape[1]))


@njit(cache=True)
def distance_table(codebook: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return float32[n_sub, 256], 1 minus the inner product of each sub-vector with each centroid."""
    n_sub, _, sub_dim = codebook.shape
    table = np.empty((n_sub, N_CENTROIDS), np.float32)
    for m in range(n_sub):
        part: Any = address(query, m * sub_dim)  # type: ignore[call-arg]
        for centroid in range(N_CENTROIDS):
            start = (m * N_CENTROIDS + centroid) * sub_dim
            table[m, centroid] = dot_distance(part, address(codebook, start), sub_dim)
    return table


@njit(cache=True)
def dot_distance(left: Any, right: Any, length: int) -> np.float32:
    """Return 1 minus the inner product of two vectors: the tail first, then 16 running sums.

    left, right  addresses of float32[length]
    """
    stays_a_call()  # type: ignore[call-arg]
    n_chunks = length // LANES
    total = ZERO
    for j in range(n_chunks * LANES, length):
        total += left[j] * right[j]
    if n_chunks > 0:
        total += chunks_dot(left, right, n_chunks)
    return ONE - total


@njit(cache=True)
def scan(table: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return float32[n], the sum over m of table[m, codes[m, i]], added in order of m."""
    n_sub, n = codes.shape
    sums = np.zeros(n, np.float32)
    n_whole = n - n % LOOKUPS
    for m in range(n_sub):
        for i in range(0, n_whole, LOOKUPS):
            add_lookups(sums, i, table, m * N_CENTROIDS, codes, m * n + i)  # type: ignore[call-arg]
        for i in range(n_whole, n):
            sums[i] += table[m, codes[m, i]]
    return sums


@njit(cache=True)
def take_away(sums: np.ndarray, offset: np.float32) -> None:
    """Subtract `offset` from every sum, in place."""
    for i in range(sums.shape[0]):
        sums[i] -= offset


@njit(cache=True)
def smallest(distances: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (ids uint32[k], distances float32[k]) of the k smallest, as a max-heap leaves them.

    distances  float32[n]  no NaN
    k          0 to n

    Of equal distances at the boundary the first ones stay.
    """
    heap_ids = np.empty(k, np.uint32)
    heap_distances = np.empty(k, np.float32)
    for i in range(k):
        sift_up(heap_ids, heap_distances, i, i, distances[i])
    for i in range(k, distances.shape[0] if k > 0 else 0):
        if heap_distances[0] > distances[i]:
            pop_and_push(heap_ids, heap_distances, i, distances[i])
    return heap_ids, heap_distances


@njit(cache=True)
def sift_up(
    heap_ids: np.ndarray, heap_distances: np.ndarray, place: int, row: int, distance: np.float32
) -> None:
    """Put (distance, row) into the free `place`, or as far above it as it must go."""
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
def pop_and_push(heap_ids: np.ndarray, heap_distances: np.ndarray, row: int, distance: np.float32) -> None:
    """Put (distance, row) into the heap in place of its root, in the two steps that Rust's heap needs.

    Pop: the gap at the root sinks to the bottom, and the last element rises from there. Push: the new element
    rises from the last place.
    """
    last = heap_ids.shape[0] - 1
    place = 0
    child = 1
    while child + 1 < last:
        if heap_distances[child] <= heap_distances[child + 1]:
            child += 1
        heap_ids[place] = heap_ids[child]
        heap_distances[place] = heap_distances[child]
        place = child
        child = 2 * place + 1
    if child + 1 == last:
        heap_ids[place] = heap_ids[child]
        heap_distances[place] = heap_distances[child]
        place = child
    if last > 0:
        sift_up(heap_ids, heap_distances, place, heap_ids[last], heap_distances[last])
    sift_up(heap_ids, heap_distances, last, row, distance)


@intrinsic
def stays_a_call(typing_context: Any) -> Any:
    """Keep the function that says this from being inlined."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def address(typing_context: Any, array: Any, position: Any) -> Any:
    """Return the address of an element of a float32 array; `position` counts in C order, unchecked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return element(context, builder, signature, arguments, 0)

    pointer = types.CPointer(types.float32)  # type: ignore[no-untyped-call]
    return pointer(array, types.intp), generate


@intrinsic
def add_lookups(
    typing_context: Any, sums: Any, i: Any, table: Any, table_start: Any, codes: Any, codes_start: Any
) -> Any:
    """Add table[table_start + codes[codes_start + lane]] to sums[i + lane], for each of 8 lanes.

    Positions count elements in C order; nothing is checked.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        int64 = ir.IntType(64)
        vector = ir.VectorType(ir.FloatType(), LOOKUPS)
        row = element(context, builder, signature, arguments, 2)
        code = element(context, builder, signature, arguments, 4)
        found = ir.Constant(vector, ir.Undefined)
        for lane in range(LOOKUPS):
            byte = builder.load(builder.gep(code, [int64(lane)]))
            value = builder.load(builder.gep(row, [builder.zext(byte, int64)]))
            found = builder.insert_element(found, value, int64(lane))
        place = builder.bitcast(element(context, builder, signature, arguments, 0), vector.as_pointer())
        builder.store(builder.fadd(builder.load(place, align=4), found), place, align=4)
        return context.get_dummy_value()

    return types.void(sums, types.intp, table, types.intp, codes, types.intp), generate


@intrinsic
def chunks_dot(typing_context: Any, left: Any, right: Any, n_chunks: Any) -> Any:
    """Return the inner product of n_chunks * 16 coordinates: 16 running sums, added up in order at the end.

    left, right  addresses of float32[n_chunks * 16]; nothing is checked
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(ir.FloatType(), LANES)
        zeros = ir.Constant(vector, [0.0] * LANES)
        sums = cgutils.alloca_once_value(builder, zeros)  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, arguments[2]) as loop:
            start = builder.mul(loop.index, loop.index.type(LANES))
            chunks = [
                builder.load(builder.bitcast(builder.gep(side, [start]), vector.as_pointer()), align=4)
                for side in arguments[:2]
            ]
            builder.store(builder.fadd(builder.load(sums), builder.fmul(*chunks)), sums)
        total = ir.FloatType()(0.0)
        lanes = builder.load(sums)
        for lane in range(LANES):
            total = builder.fadd(total, builder.extract_element(lanes, ir.IntType(32)(lane)))
        return total

    return types.float32(left, right, types.intp), generate


def element(context: Any, builder: Any, signature: Any, arguments: Any, position: int) -> Any:
    """Return the address of an element: argument `position` is its array, the next its place in C order."""
    array = context.make_array(signature.args[position])(context, builder, arguments[position])
    return builder.gep(array.data, [arguments[position + 1]])
