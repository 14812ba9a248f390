"""What Lance does today for a cosine query on an IVF_PQ index: the fixed yardstick.

Cosine is squared L2 between normalised vectors. Each probed partition is a search of its
own, an empty one too: divide the query by its length, subtract the partition's centroid,
compute a table of 256 distances per sub-vector, one call per codeword; scan one sub-vector
after the other through the whole partition and add its table entries to a row of sums in
memory; keep k in a bounded heap over the finished sums. At the end, of all that was kept,
the first k by distance and row. Nothing passes from one partition to the next:
the query is normalised as often as there are partitions, and no threshold is shared.

Two inner loops are vector instructions in Lance's binary, because rustc knows that
its slices do not overlap. Numba cannot tell it so, hence the two intrinsics: they
emit the instructions that rustc emits for the same loops, and nothing cleverer.
docs/targets/pq-cosine.md has both timings, and where this differs from Lance.

Cost: per partition 3 * 256 * dim operations, and per row n_sub lookups, as many reads and
writes of a sum, and a comparison. Error: sums of terms of one sign in float32, so at most
about (sub_dim + n_sub) * 2**-24 of the distance, and dim * 2**-24 from the length.

Source: lance d2039d750, rust/lance-linalg/src/kernels.rs (normalize),
rust/lance/src/index/vector/ivf/v2.rs (preprocess_query), rust/lance-linalg/src/distance/l2.rs
(l2_scalar), rust/lance-index/src/vector/pq/distance.rs (build_distance_table_l2,
compute_pq_distance), rust/lance-index/src/vector/flat/index.rs (FlatIndex::search).
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from pq_cosine import N_CODEWORDS, PqShape

LANES = 16  # accumulators in Lance's l2
LOOKUPS = 8  # float32 in one AVX register, which Lance's builds assume
ZERO = np.float32(0.0)
INFINITY = np.float32(np.inf)
NAN = np.float32(np.nan)
LOW_HALF = np.uint64(2**32 - 1)


class PqKernel:
    """Cosine search in the probed partitions of an IVF_PQ index, for one codebook and their centroids.

    codebook   float32[n_sub, 256, sub_dim]  C order, kept and not copied
    centroids  float32[n_partitions, dim]    C order, kept and not copied
    """

    def __init__(self, shape: PqShape, codebook: np.ndarray, centroids: np.ndarray) -> None:
        self.shape = shape
        self.codebook = codebook
        self.centroids = centroids

    def search(
        self, query: np.ndarray, codes: np.ndarray, offsets: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the min(k, n) rows of least squared L2 from the normalised query, as (ids, distances).

        query      float32[dim]               of any length
        codes      uint8[n * n_sub]           one partition after the other, each transposed: [n_sub, n_p]
        offsets    int64[n_partitions + 1]    the first row of each partition, then n
        k          1 or more
        ids        uint32[min(k, n)]          rows counted over all partitions, in order of distance
        distances  float32[min(k, n)]         all NaN if the query has no direction
        """
        return search(self.codebook, self.centroids, query, codes, offsets, k)


@njit(cache=True)
def search(
    codebook: np.ndarray,
    centroids: np.ndarray,
    query: np.ndarray,
    codes: np.ndarray,
    offsets: np.ndarray,
    k: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return (ids, distances) as `PqKernel.search` does: one partition after the other, then the merge."""
    n_sub, _, sub_dim = codebook.shape
    n_partitions = centroids.shape[0]
    n_rows = min(k, int(offsets[n_partitions]))
    keys = np.empty(n_rows * n_partitions, np.uint64)
    n_keys = 0
    for p in range(n_partitions):
        first_row = offsets[p]
        n = offsets[p + 1] - first_row
        near = residual(normalised(query), centroids, p)
        if sub_dim < LANES:
            table = distance_table_short(codebook, near)
        else:
            table = distance_table_long(codebook, near)
        distances = scan(table, codes, n_sub * first_row, n)
        rows, kept = smallest(distances, min(k, n))
        bits = kept.view(np.uint32)
        for i in range(rows.shape[0]):
            keys[n_keys] = (np.uint64(bits[i]) << np.uint64(32)) | np.uint64(first_row + rows[i])
            n_keys += 1
    return merged(keys[:n_keys], n_rows)


@njit(cache=True, error_model="numpy")
def normalised(query: np.ndarray) -> np.ndarray:
    """Return float32[dim], `query` divided by its length; all NaN if that is 0, infinite or NaN."""
    total = ZERO
    for j in range(query.shape[0]):
        total += query[j] * query[j]
    length = np.sqrt(total)
    if not ZERO < length < INFINITY:
        length = NAN
    unit = np.empty_like(query)
    for j in range(query.shape[0]):
        unit[j] = query[j] / length
    return unit


@njit(cache=True)
def residual(unit: np.ndarray, centroids: np.ndarray, partition: int) -> np.ndarray:
    """Return float32[dim], `unit` as seen from a partition's centroid."""
    difference = np.empty_like(unit)
    for j in range(unit.shape[0]):
        difference[j] = unit[j] - centroids[partition, j]
    return difference


@njit(cache=True)
def distance_table_short(codebook: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return float32[n_sub, 256], the distance of each sub-vector of `query` to each codeword.

    For sub_dim below 16: one running sum per codeword.
    """
    n_sub, _, sub_dim = codebook.shape
    table = np.empty((n_sub, N_CODEWORDS), np.float32)
    for m in range(n_sub):
        for codeword in range(N_CODEWORDS):
            total = ZERO
            for j in range(sub_dim):
                difference = query[m * sub_dim + j] - codebook[m, codeword, j]
                total += difference * difference
            table[m, codeword] = total
    return table


@njit(cache=True)
def distance_table_long(codebook: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return float32[n_sub, 256] as above for sub_dim of 16 or more: the tail first, then 16 running sums."""
    n_sub, _, sub_dim = codebook.shape
    n_chunks = sub_dim // LANES
    table = np.empty((n_sub, N_CODEWORDS), np.float32)
    for m in range(n_sub):
        for codeword in range(N_CODEWORDS):
            total = ZERO
            for j in range(n_chunks * LANES, sub_dim):
                difference = query[m * sub_dim + j] - codebook[m, codeword, j]
                total += difference * difference
            start = (m * N_CODEWORDS + codeword) * sub_dim
            table[m, codeword] = total + chunks_l2(query, m * sub_dim, codebook, start, n_chunks)  # type: ignore[call-arg]
    return table


@njit(cache=True)
def scan(table: np.ndarray, codes: np.ndarray, start: int, n: int) -> np.ndarray:
    """Return float32[n], for each row the sum of its table entries, added in order of the sub-vectors.

    table  float32[n_sub, 256]
    codes  uint8[...]           those of the partition are [n_sub, n] from position `start` on
    """
    distances = np.zeros(n, np.float32)
    n_whole = n - n % LOOKUPS
    for m in range(table.shape[0]):
        row = start + m * n
        for i in range(0, n_whole, LOOKUPS):
            add_lookups(distances, i, table, m * N_CODEWORDS, codes, row + i)  # type: ignore[call-arg]
        for i in range(n_whole, n):
            distances[i] += table[m, codes[row + i]]
    return distances


@njit(cache=True)
def smallest(distances: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (rows uint32[k], distances float32[k]) of the k smallest, as a max-heap leaves them.

    distances  float32[n]  all NaN, or none
    k          0 to n

    Of equal distances at the boundary, and of NaN, the first ones stay.
    """
    heap_rows = np.empty(k, np.uint32)
    heap_distances = np.empty(k, np.float32)
    for i in range(k):
        sift_up(heap_rows, heap_distances, i, i, distances[i])
    for i in range(k, distances.shape[0] if k > 0 else 0):
        if heap_distances[0] > distances[i]:
            sift_down(heap_rows, heap_distances, i, distances[i])
    return heap_rows, heap_distances


@njit(cache=True)
def sift_up(
    heap_rows: np.ndarray, heap_distances: np.ndarray, place: int, row: int, distance: np.float32
) -> None:
    """Put (distance, row) into the free place at the end of the heap."""
    while place > 0:
        parent = (place - 1) // 2
        if heap_distances[parent] >= distance:
            break
        heap_rows[place] = heap_rows[parent]
        heap_distances[place] = heap_distances[parent]
        place = parent
    heap_rows[place] = row
    heap_distances[place] = distance


@njit(cache=True)
def sift_down(heap_rows: np.ndarray, heap_distances: np.ndarray, row: int, distance: np.float32) -> None:
    """Put (distance, row) into the heap in place of its root."""
    size = heap_rows.shape[0]
    place = 0
    child = 1
    while child < size:
        if child + 1 < size and heap_distances[child + 1] > heap_distances[child]:
            child += 1
        if distance >= heap_distances[child]:
            break
        heap_rows[place] = heap_rows[child]
        heap_distances[place] = heap_distances[child]
        place = child
        child = 2 * place + 1
    heap_rows[place] = row
    heap_distances[place] = distance


@njit(cache=True)
def merged(keys: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (ids uint32[k], distances float32[k]) of the k least keys, in order.

    keys  uint64[p]  p at least k; the bits of a distance, which order like the distance, then the row

    Cost: at most p * k moves, and as good as none from a partition whose rows are all too far.
    """
    kept = np.empty(k, np.uint64)
    size = 0
    for key in keys:
        if size == k and key >= kept[k - 1]:
            continue
        size = min(size + 1, k)
        place = size - 1
        while place > 0 and kept[place - 1] > key:
            kept[place] = kept[place - 1]
            place -= 1
        kept[place] = key
    ids = np.empty(k, np.uint32)
    bits = np.empty(k, np.uint32)
    for i in range(k):
        ids[i] = np.uint32(kept[i] & LOW_HALF)
        bits[i] = np.uint32(kept[i] >> np.uint64(32))
    return ids, bits.view(np.float32)


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
