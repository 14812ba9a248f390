"""Product-quantised squared L2, the version under evolution: this is the file that the agent edits.

Today it is the baseline's algorithm: one distance call per centroid for the table; one
pass over all rows per sub-vector for the scan; a bounded heap over the finished sums.
The two intrinsics show how to write vector instructions; LLVM turns them into what the
CPU has, so they run everywhere. program.md has the API contract and what to try.

Cost: 3 * 256 * dim operations, n * n_sub lookups and as many reads and writes of
a sum, n comparisons. Error: sums of terms of one sign in float32, so at most about
(sub_dim + n_sub) * 2**-24 of the distance.

Source: lance d2039d750, rust/lance-linalg/src/distance/l2.rs,
rust/lance-index/src/vector/pq/distance.rs, rust/lance-index/src/vector/flat/index.rs.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from pq_l2 import N_CENTROIDS, PqShape

LANES = 16  # accumulators in Lance's l2
LOOKUPS = 8  # float32 in one AVX register, which Lance's builds assume
ZERO = np.float32(0.0)


class PqKernel:
    """Squared L2 between a query and quantised rows, for one codebook.

    codebook  float32[n_sub, 256, sub_dim]  C order, kept and not copied
    """

    def __init__(self, shape: PqShape, codebook: np.ndarray) -> None:
        self.shape = shape
        self.codebook = codebook

    def distance_table(self, query: np.ndarray) -> np.ndarray:
        """Return float32[n_sub, 256], the distance from each sub-vector of `query` to each centroid.

        query  float32[dim]
        """
        if self.shape.sub_dim < LANES:
            return distance_table_short(self.codebook, query)
        return distance_table_long(self.codebook, query)

    def probe_top_k(self, table: np.ndarray, codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the min(k, n) rows of least distance, as (ids, distances) in any order.

        table      float32[n_sub, 256]
        codes      uint8[n_sub, n]    transposed: all rows' codes of the first sub-vector, then of the next
        k          1 or more
        ids        uint32[min(k, n)]
        distances  float32[min(k, n)]
        """
        return smallest(scan(table, codes), min(k, codes.shape[1]))


@njit(cache=True)
def distance_table_short(codebook: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return float32[n_sub, 256] for sub_dim below 16: one running sum per centroid."""
    n_sub, _, sub_dim = codebook.shape
    table = np.empty((n_sub, N_CENTROIDS), np.float32)
    for m in range(n_sub):
        for centroid in range(N_CENTROIDS):
            total = ZERO
            for j in range(sub_dim):
                difference = query[m * sub_dim + j] - codebook[m, centroid, j]
                total += difference * difference
            table[m, centroid] = total
    return table


@njit(cache=True)
def distance_table_long(codebook: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return float32[n_sub, 256] for sub_dim of 16 or more: the tail first, then 16 running sums."""
    n_sub, _, sub_dim = codebook.shape
    n_chunks = sub_dim // LANES
    table = np.empty((n_sub, N_CENTROIDS), np.float32)
    for m in range(n_sub):
        for centroid in range(N_CENTROIDS):
            total = ZERO
            for j in range(n_chunks * LANES, sub_dim):
                difference = query[m * sub_dim + j] - codebook[m, centroid, j]
                total += difference * difference
            start = (m * N_CENTROIDS + centroid) * sub_dim
            table[m, centroid] = total + chunks_l2(query, m * sub_dim, codebook, start, n_chunks)  # type: ignore[call-arg]
    return table


@njit(cache=True)
def scan(table: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return float32[n], the sum over m of table[m, codes[m, i]], added in order of m."""
    n_sub, n = codes.shape
    distances = np.zeros(n, np.float32)
    n_whole = n - n % LOOKUPS
    for m in range(n_sub):
        for i in range(0, n_whole, LOOKUPS):
            add_lookups(distances, i, table, m * N_CENTROIDS, codes, m * n + i)  # type: ignore[call-arg]
        for i in range(n_whole, n):
            distances[i] += table[m, codes[m, i]]
    return distances


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
def chunks_l2(
    typing_context: Any, query: Any, query_start: Any, codebook: Any, codebook_start: Any, n_chunks: Any
) -> Any:
    """Return the squared L2 of n_chunks * 16 coordinates: 16 running sums, added up in order at the end.

    Positions count elements in C order; nothing is checked.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(ir.FloatType(), LANES)
        left = element(context, builder, signature, arguments, 0)
        right = element(context, builder, signature, arguments, 2)
        zeros = ir.Constant(vector, [0.0] * LANES)
        sums = cgutils.alloca_once_value(builder, zeros)  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, arguments[4]) as loop:
            start = builder.mul(loop.index, loop.index.type(LANES))
            chunks = [
                builder.load(builder.bitcast(builder.gep(side, [start]), vector.as_pointer()), align=4)
                for side in (left, right)
            ]
            difference = builder.fsub(*chunks)
            square = builder.fmul(difference, difference)
            builder.store(builder.fadd(builder.load(sums), square), sums)
        total = ir.FloatType()(0.0)
        lanes = builder.load(sums)
        for lane in range(LANES):
            total = builder.fadd(total, builder.extract_element(lanes, ir.IntType(32)(lane)))
        return total

    return types.float32(query, types.intp, codebook, types.intp, types.intp), generate


def element(context: Any, builder: Any, signature: Any, arguments: Any, position: int) -> Any:
    """Return the address of an element: argument `position` is its array, the next its place in C order."""
    array = context.make_array(signature.args[position])(context, builder, arguments[position])
    return builder.gep(array.data, [arguments[position + 1]])
