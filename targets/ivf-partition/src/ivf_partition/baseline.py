"""What Lance does today to find the partitions nearest to a query: the fixed yardstick.

One distance call per centroid, row after row, 16 running sums each; all distances are written
to memory. Then the sort of Arrow: pairs of (place, distance), all of them sorted if all are asked
for, else the nearest set apart by quickselect and only those sorted; at last the distances are
taken again by place. No pass has two centroids, nothing is derived from them beforehand.

rustc makes vector instructions of the distance loops, because it knows that its slices do not
overlap. Numba cannot be told so, hence the two intrinsics: they emit the instructions that rustc
emits for the same loops, and nothing cleverer. The sort is that of Rust's standard library:
partition without branches, short stretches by networks and a merge from both ends. Left out are the
search for a sorted run at the start, and the way out of bad pivots, chosen among nine at most.
docs/targets/ivf-partition.md has both timings.

Cost: 3 * n * dim operations for l2, 2 * n * dim for dot; about 2 * n comparisons to set apart, or
n * log2(n) to sort. Error: at most about (dim / 16 + 20) * 2**-24 of the distance, for dot of the sum
of the magnitudes.

Source: lance d2039d750, rust/lance-linalg/src/distance/l2.rs (l2_scalar), dot.rs (dot_scalar),
rust/lance-index/src/vector/kmeans.rs (kmeans_find_partitions); arrow-ord 56.1, sort.rs
(sort_to_indices, partial_sort). Sorting networks: Knuth, The Art of Computer Programming 3, 5.3.4.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from ivf_partition import Metric

LANES = 16  # accumulators in Lance's l2 and dot
ZERO = np.float32(0.0)
ONE = np.float32(1.0)
SELECTED_BY_INSERTION = 16  # pairs: a shorter stretch is sorted instead of partitioned further
SMALL = 32  # pairs: a stretch no longer is sorted by networks
MERGED = 18  # pairs: from here on a small stretch is sorted in halves
MANY_SAMPLES = 64  # pairs: from here on the pivot is chosen among nine instead of three
DEPTH = 64  # stretches that may wait: each is at least half of what was left, of at most 2**32 pairs
NONE = -(1 << 40)  # below the order of every pair

# Places to put in order, one after the other; checked with all sequences of zeros and ones.
NETWORK_9 = np.array(
    [
        *((0, 3), (1, 7), (2, 5), (4, 8), (0, 7), (2, 4), (3, 8), (5, 6), (0, 2), (1, 3), (4, 5), (7, 8)),
        *((1, 4), (3, 6), (5, 7), (0, 1), (2, 4), (3, 5), (6, 8), (2, 3), (4, 5), (6, 7), (1, 2), (3, 4)),
        (5, 6),
    ],
    np.uint64,
)
NETWORK_13 = np.array(
    [
        *((0, 12), (1, 10), (2, 9), (3, 7), (5, 11), (6, 8), (1, 6), (2, 3), (4, 11), (7, 9), (8, 10)),
        *((0, 4), (1, 2), (3, 6), (7, 8), (9, 10), (11, 12), (4, 6), (5, 9), (8, 11), (10, 12), (0, 5)),
        *((3, 8), (4, 7), (6, 11), (9, 10), (0, 1), (2, 5), (6, 9), (7, 8), (10, 11), (1, 3), (2, 4)),
        *((5, 6), (9, 10), (1, 2), (3, 4), (5, 7), (6, 8), (2, 3), (4, 5), (6, 7), (8, 9), (3, 4), (5, 6)),
    ],
    np.uint64,
)


class IvfKernel:
    """The partitions nearest to a query, for one set of centroids.

    centroids  float32[n, dim]  C order, kept and not copied
    """

    def __init__(self, centroids: np.ndarray, metric: Metric) -> None:
        self.centroids = centroids
        self.is_l2 = metric == "l2"

    def find_partitions(self, query: np.ndarray, n_probes: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the min(n_probes, n) partitions of least distance, as (ids, distances), ascending.

        query      float32[dim]
        n_probes   0 or more
        ids        uint32[min(n_probes, n)]
        distances  float32[min(n_probes, n)]
        """
        return find(self.centroids, query, self.is_l2, n_probes)


@njit(cache=True)
def find(
    centroids: np.ndarray, query: np.ndarray, is_l2: bool, n_probes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Do the work of `find_partitions` in one call from Python: each array that crosses costs 0.5 us."""
    distances = l2_distances(centroids, query) if is_l2 else dot_distances(centroids, query)
    n = distances.shape[0]
    count = min(n_probes, n)
    places = np.empty(n, np.uint32)
    for i in range(n):
        places[i] = i
    bits = distances.view(np.int32)
    pairs = np.empty(n, np.int64)
    for i in range(n):
        place = places[i]
        pairs[i] = (np.int64(bits[place]) << 32) | np.int64(place)
    if count == n:
        sort(pairs)
    elif count > 0:
        set_apart(pairs, count - 1)
        sort(pairs[: count - 1])
    ids = np.empty(count, np.uint32)
    taken = np.empty(count, np.float32)
    for i in range(count):
        ids[i] = pairs[i] & 0xFFFFFFFF
        taken[i] = distances[ids[i]]
    return ids, taken


@njit(cache=True)
def l2_distances(centroids: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return float32[n], the squared L2 distances: the tail first, then 16 running sums."""
    n, dim = centroids.shape
    n_chunks = dim // LANES
    distances = np.empty(n, np.float32)
    for i in range(n):
        total = ZERO
        for j in range(n_chunks * LANES, dim):
            difference = query[j] - centroids[i, j]
            total += difference * difference
        distances[i] = total + chunks_l2(query, centroids, i * dim, n_chunks)  # type: ignore[call-arg]
    return distances


@njit(cache=True)
def dot_distances(centroids: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return float32[n], 1 - the products: the tail first, then 16 running sums."""
    n, dim = centroids.shape
    n_chunks = dim // LANES
    distances = np.empty(n, np.float32)
    for i in range(n):
        total = ZERO
        for j in range(n_chunks * LANES, dim):
            total += query[j] * centroids[i, j]
        distances[i] = ONE - (total + chunks_dot(query, centroids, i * dim, n_chunks))  # type: ignore[call-arg]
    return distances


@njit(cache=True)
def order(pair: int) -> int:
    """Return an integer that stands for the distance in a pair, in the total order of IEEE 754."""
    bits = pair >> 32
    return bits ^ ((bits >> 63) & 0x7FFFFFFF)


@njit(cache=True)
def set_apart(pairs: np.ndarray, place: int) -> None:
    """Put the pair that belongs at `place` there, none greater before it and none smaller behind it."""
    if place == 0:
        least = 0
        least_order = order(pairs[0])
        for i in range(1, pairs.shape[0]):
            this_order = order(pairs[i])
            if this_order < least_order:
                least, least_order = i, this_order
        pairs[0], pairs[least] = pairs[least], pairs[0]
        return
    start, stop, left = 0, pairs.shape[0], NONE
    while stop - start > SELECTED_BY_INSERTION:
        stretch = pairs[start:stop]
        chosen = pivot_place(stretch)
        pivot = order(stretch[chosen])
        if left >= pivot:  # no pair is smaller: set the equal ones apart
            middle = start + partition(stretch, chosen, 1)
            if middle >= place:
                return
            start, left = middle + 1, NONE
            continue
        middle = start + partition(stretch, chosen, 0)
        if middle == place:
            return
        if middle < place:
            start, left = middle + 1, pivot
        else:
            stop = middle
    sort_by_insertion(pairs[start:stop], 1)


@njit(cache=True)
def sort(pairs: np.ndarray) -> None:
    """Sort `pairs` by distance; a stack of its own, because Numba's cache does not survive recursion."""
    waiting = np.empty((3, DEPTH), np.int64)  # start, stop, and the order of the pair just before them
    n_waiting = 0
    scratch = np.empty(SMALL, np.int64)
    start, stop, left = 0, pairs.shape[0], NONE
    while True:
        stretch = pairs[start:stop]
        if stop - start <= SMALL:
            sort_small(stretch, scratch)
            if n_waiting == 0:
                return
            n_waiting -= 1
            start, stop, left = waiting[0, n_waiting], waiting[1, n_waiting], waiting[2, n_waiting]
            continue
        chosen = pivot_place(stretch)
        pivot = order(stretch[chosen])
        if left >= pivot:  # no pair is smaller: the equal ones are in their place
            start += partition(stretch, chosen, 1) + 1
            left = NONE
            continue
        middle = start + partition(stretch, chosen, 0)
        is_left = middle - start > stop - middle  # the longer part waits, so that few do
        waiting[0, n_waiting] = start if is_left else middle + 1
        waiting[1, n_waiting] = middle if is_left else stop
        waiting[2, n_waiting] = left if is_left else pivot
        start, stop, left = (middle + 1, stop, pivot) if is_left else (start, middle, left)
        n_waiting += 1


@njit(cache=True)
def pivot_place(pairs: np.ndarray) -> int:
    """Return the place of the median of three pairs, or of the medians of three threes."""
    eighth = pairs.shape[0] // 8
    a, b, c = 0, 4 * eighth, 7 * eighth
    if pairs.shape[0] >= MANY_SAMPLES:
        step = eighth // 8
        a = median_place(pairs, a, a + 4 * step, a + 7 * step)
        b = median_place(pairs, b, b + 4 * step, b + 7 * step)
        c = median_place(pairs, c, c + 4 * step, c + 7 * step)
    return median_place(pairs, a, b, c)


@njit(cache=True)
def median_place(pairs: np.ndarray, a: int, b: int, c: int) -> int:
    """Return which of three places has the pair that is neither first nor last."""
    x, y, z = order(pairs[a]), order(pairs[b]), order(pairs[c])
    if (x < y) != (x < z):
        return a
    return c if (y < z) != (x < y) else b


@njit(cache=True)
def partition(pairs: np.ndarray, chosen: int, equal_left: int) -> Any:
    """Move what is below the pair at `chosen` before it, the rest behind it, and return its new place.

    equal_left  1 to move what is equal before it, too

    No branch depends on a distance: every pair is moved to the end of the left part, which grows or does not.
    """
    pivot = pairs[chosen]
    pairs[chosen] = pairs[0]
    bound = order(pivot) + equal_left
    rest = pairs[1:]
    n = np.uint64(rest.shape[0])
    n_left = np.uint64(0)
    if n > 0:
        moved = rest[0]
        gap = np.uint64(0)
        for i in range(np.uint64(1), n):
            pair = rest[i]
            rest[gap] = rest[n_left]
            rest[n_left] = pair
            gap = np.uint64(i)
            n_left += np.uint64(order(pair) < bound)
        rest[gap] = rest[n_left]
        rest[n_left] = moved
        n_left += np.uint64(order(moved) < bound)
    place = np.int64(n_left)
    pairs[0] = pairs[place]
    pairs[place] = pivot
    return place


@njit(cache=True)
def sort_small(pairs: np.ndarray, scratch: np.ndarray) -> None:
    """Sort at most 32 pairs; scratch is int64[32]."""
    n = pairs.shape[0]
    if n < MERGED:
        sort_short(pairs)
        return
    sort_short(pairs[: n // 2])
    sort_short(pairs[n // 2 :])
    merge_halves(pairs, scratch)
    for i in range(n):
        pairs[i] = scratch[i]


@njit(cache=True)
def sort_short(pairs: np.ndarray) -> None:
    """Sort at most 17 pairs: the first 13 or 9 by a network, the others by insertion."""
    n = pairs.shape[0]
    n_sorted = 1
    if n >= 9:
        network, n_sorted = (NETWORK_13, 13) if n >= 13 else (NETWORK_9, 9)
        for step in range(network.shape[0]):
            a, b = network[step, 0], network[step, 1]
            first, second = pairs[a], pairs[b]
            swapped = order(second) < order(first)
            pairs[a] = second if swapped else first
            pairs[b] = first if swapped else second
    sort_by_insertion(pairs, n_sorted)


@njit(cache=True)
def sort_by_insertion(pairs: np.ndarray, n_sorted: int) -> None:
    """Sort `pairs`, of which the first `n_sorted` are sorted."""
    for i in range(n_sorted, pairs.shape[0]):
        pair = pairs[i]
        place = i
        while place > 0 and order(pairs[place - 1]) > order(pair):
            pairs[place] = pairs[place - 1]
            place -= 1
        pairs[place] = pair


@njit(cache=True)
def merge_halves(pairs: np.ndarray, out: np.ndarray) -> None:
    """Write both sorted halves of `pairs` into `out`: each step the least and the greatest that are left."""
    one = np.uint64(1)
    n = np.uint64(pairs.shape[0])
    half = n // np.uint64(2)
    left, right = np.uint64(0), half
    left_end, right_end = half - one, n - one
    for i in range(half):
        first, second = pairs[left], pairs[right]
        is_second = order(second) < order(first)
        out[i] = second if is_second else first
        right += np.uint64(is_second)
        left += np.uint64(not is_second)
        first, second = pairs[left_end], pairs[right_end]
        is_first = order(second) < order(first)
        out[n - one - i] = first if is_first else second
        left_end -= np.uint64(is_first)
        right_end -= np.uint64(not is_first)
    if n > half + half:
        out[half] = pairs[left] if left < left_end + one else pairs[right]


@intrinsic
def chunks_l2(typing_context: Any, query: Any, centroids: Any, start: Any, n_chunks: Any) -> Any:
    """Return the squared L2 of n_chunks * 16 coordinates: 16 running sums, added up in order at the end.

    start  place in C order of the centroid's first coordinate; nothing is checked
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def square(left: Any, right: Any) -> Any:
            difference = builder.fsub(left, right)
            return builder.fmul(difference, difference)

        return chunk_sums(context, builder, signature, arguments, square)

    return types.float32(query, centroids, types.intp, types.intp), generate


@intrinsic
def chunks_dot(typing_context: Any, query: Any, centroids: Any, start: Any, n_chunks: Any) -> Any:
    """Return the product of n_chunks * 16 coordinates: 16 running sums, added up in order at the end.

    start  place in C order of the centroid's first coordinate; nothing is checked
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return chunk_sums(context, builder, signature, arguments, builder.fmul)

    return types.float32(query, centroids, types.intp, types.intp), generate


def chunk_sums(context: Any, builder: Any, signature: Any, arguments: Any, term: Any) -> Any:
    """Emit the loop over chunks of 16, adding term(query chunk, centroid chunk), and the sum of the lanes."""
    vector = ir.VectorType(ir.FloatType(), LANES)
    query, centroids = (
        context.make_array(kind)(context, builder, array).data
        for kind, array in zip(signature.args[:2], arguments[:2], strict=True)
    )
    row = builder.gep(centroids, [arguments[2]])
    zeros = ir.Constant(vector, [0.0] * LANES)
    sums = cgutils.alloca_once_value(builder, zeros)  # type: ignore[no-untyped-call]
    with cgutils.for_range(builder, arguments[3]) as loop:
        begin = builder.mul(loop.index, loop.index.type(LANES))
        chunks = [
            builder.load(builder.bitcast(builder.gep(side, [begin]), vector.as_pointer()), align=4)
            for side in (query, row)
        ]
        builder.store(builder.fadd(builder.load(sums), term(*chunks)), sums)
    total, lanes = ir.FloatType()(0.0), builder.load(sums)
    for lane in range(LANES):
        total = builder.fadd(total, builder.extract_element(lanes, ir.IntType(32)(lane)))
    return total
