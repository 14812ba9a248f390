"""What Lance does today to find the k nearest of many lists: the fixed yardstick.

Lance hands the lists to DataFusion's TopK, one batch each, and TopK does not ask whether they are sorted. A
bounded heap holds the k least sort keys so far. Once it is full, each batch is filtered first by the heap's
largest row, as it was after the batch before: by distance, and by row id where the distances are equal. What
is left is gathered, encoded into sort keys, and compared key by key with the largest. At the end the heap is
sorted, and the rows are fetched by their places.

A key is 14 bytes there: a byte 1 and the distance's bits, its sign turned, then a byte 1 and the row id, both
big-endian. Here it is two integers, which compare alike and faster. Left out is what surrounds these loops in
DataFusion: expression trees, allocations per batch, bookkeeping of memory. docs/targets/topk-merge.md has the
times of the same loops in Rust.

Cost: n comparisons in vector registers, n more if a batch is not wholly below; for each row that passes, two
passes through the heap, of log2(k) steps each. Rows in random order pass k + k ln(n / k) times.

Source: lance d2039d750, rust/lance/src/dataset/scanner.rs (ann, flat_knn); DataFusion 50.0.0,
datafusion/physical-plan/src/topk/mod.rs (TopK::insert_batch, TopKHeap); arrow-rs 56.1.0,
arrow-row/src/fixed.rs (encode); rustc 1.95, library/alloc/src/collections/binary_heap/mod.rs (pop, push,
into_sorted_vec).
"""

from typing import Any

import numpy as np
from numba import njit

WORD = 64  # rows whose comparisons fill one word of a mask
NONE = np.uint64(0)
ONE = np.uint64(1)
MAGNITUDE = np.int32(0x7FFFFFFF)
KEY, ROW_ID, PLACE = 0, 1, 2  # columns of a heap: the encoded distance, the row id, where the row stands

Merged = tuple[np.ndarray, np.ndarray, np.ndarray]
Integer = Any  # of NumPy: Numba computes with its width and sign, which mypy need not follow


def merge_sorted(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray, k: int) -> Merged:
    """Return the first k rows of each query by (distance, row id), as (distances, row_ids, offsets).

    distances  float32[n]  the lists of all queries, end to end, each ascending by (distance, row id)
    row_ids    uint64[n]
    offsets    int64[n_queries, n_lists + 1]  list p of query q is the rows offsets[q, p] to offsets[q, p + 1]
    k          1 or more

    Returned are float32[m], uint64[m] and int64[n_queries + 1], with the lesser of k and all rows per query.
    """
    return merge(distances, row_ids, offsets, k)


def merge_unsorted(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray, k: int) -> Merged:
    """Return the same as `merge_sorted`, of lists in any order."""
    return merge(distances, row_ids, offsets, k)


@njit(cache=True)
def merge(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray, k: int) -> Merged:
    """Return the first k rows of each query, its lists sorted or not."""
    n_queries = offsets.shape[0]
    n_lists = offsets.shape[1] - 1
    result_offsets = np.zeros(n_queries + 1, np.int64)
    most = 0
    longest = 0
    for query in range(n_queries):
        n_kept = min(k, offsets[query, n_lists] - offsets[query, 0])
        most = max(most, n_kept)
        result_offsets[query + 1] = result_offsets[query] + n_kept
        for p in range(n_lists):
            longest = max(longest, offsets[query, p + 1] - offsets[query, p])
    bits = distances.view(np.int32)
    heap = np.empty((most, 3), np.uint64)
    keys = np.empty((longest, 3), np.uint64)
    masks = np.empty((2, longest // WORD + 1), np.uint64)
    result_distances = np.empty(result_offsets[n_queries], np.float32)
    result_row_ids = np.empty(result_offsets[n_queries], np.uint64)
    for query in range(n_queries):
        start = result_offsets[query]
        size = fill(heap, k, bits, row_ids, offsets[query], keys, masks)
        sort(heap, size)
        for i in range(size):
            place = np.int64(heap[i, PLACE])
            result_distances[start + i] = distances[place]
            result_row_ids[start + i] = row_ids[place]
    return result_distances, result_row_ids, result_offsets


@njit(cache=True)
def fill(
    heap: np.ndarray,
    k: int,
    bits: np.ndarray,
    row_ids: np.ndarray,
    offsets: np.ndarray,
    keys: np.ndarray,
    masks: np.ndarray,
) -> int:
    """Leave the first k rows of one query in `heap`, or all if there are fewer; return how many.

    bits     int32[n]              of the distances
    offsets  int64[n_lists + 1]
    keys     uint64[longest, 3]    scratch for one list, as is masks, uint64[2, longest // 64 + 1]
    """
    size = 0
    largest = np.int64(0)
    for p in range(offsets.shape[0] - 1):
        first = offsets[p]
        n = offsets[p + 1] - first
        n_left = n
        if size == k:
            n_left = below(bits, row_ids, first, n, largest, masks)
        if n_left == 0:
            continue
        if n_left == n:
            encode(bits, row_ids, first, n, keys)
        else:
            encode_some(bits, row_ids, first, n, masks[0], keys)
        changed = False
        for i in range(n_left):
            key, row_id, place = keys[i, KEY], keys[i, ROW_ID], keys[i, PLACE]
            if size == k:
                if not comes_before(key, row_id, heap[0, KEY], heap[0, ROW_ID]):
                    continue
                size = drop_largest(heap, size)
            rise(heap, size, key, row_id, place)
            size += 1
            changed = True
        if changed and size == k:
            largest = np.int64(heap[0, PLACE])
    return size


@njit(cache=True)
def below(
    bits: np.ndarray, row_ids: np.ndarray, first: int, n: int, largest: Integer, masks: np.ndarray
) -> int:
    """Write into masks[0] which of the n rows from `first` on come before the row `largest`; return how many.

    Row ids are looked at only where distances are equal.
    """
    limit = bits[largest]
    n_words = (n + WORD - 1) // WORD
    n_below = 0
    for word in range(n_words):
        masks[0, word] = less_mask(bits, first + word * WORD, min(WORD, n - word * WORD), limit)
        n_below += n_ones(masks[0, word])
    if n_below == n:
        return n
    n_equal = 0
    for word in range(n_words):
        masks[1, word] = equal_mask(bits, first + word * WORD, min(WORD, n - word * WORD), limit)
        n_equal += n_ones(masks[1, word])
    if n_equal == 0:
        return n_below
    for word in range(n_words):
        mask = masks[1, word]
        while mask != NONE:
            lane = lowest_one(mask)
            if row_ids[first + word * WORD + lane] < row_ids[largest]:
                masks[0, word] |= ONE << np.uint64(lane)
                n_below += 1
            mask &= mask - ONE
    return n_below


@njit(cache=True)
def less_mask(bits: np.ndarray, start: int, n: int, limit: Integer) -> Integer:
    """Return a word whose bit i says if row start + i, of 64 rows or fewer, is nearer than `limit`."""
    limit = in_total_order(limit)
    mask = NONE
    if n == WORD:  # a loop of known length becomes one over vectors
        for i in range(WORD):
            mask |= np.uint64(in_total_order(bits[np.uintp(start + i)]) < limit) << np.uint64(i)
    else:
        for i in range(n):
            mask |= np.uint64(in_total_order(bits[np.uintp(start + i)]) < limit) << np.uint64(i)
    return mask


@njit(cache=True)
def equal_mask(bits: np.ndarray, start: int, n: int, limit: Integer) -> Integer:
    """Return a word whose bit i says if row start + i, of 64 rows or fewer, is as near as `limit`."""
    mask = NONE
    if n == WORD:
        for i in range(WORD):
            mask |= np.uint64(bits[np.uintp(start + i)] == limit) << np.uint64(i)
    else:
        for i in range(n):
            mask |= np.uint64(bits[np.uintp(start + i)] == limit) << np.uint64(i)
    return mask


@njit(cache=True)
def encode(bits: np.ndarray, row_ids: np.ndarray, first: int, n: int, keys: np.ndarray) -> None:
    """Write the keys of the n rows from `first` on, and where each stands."""
    for i in range(n):
        keys[i, KEY] = np.uint32(in_total_order(bits[first + i])) ^ np.uint32(0x80000000)
        keys[i, ROW_ID] = row_ids[first + i]
        keys[i, PLACE] = first + i


@njit(cache=True)
def encode_some(
    bits: np.ndarray, row_ids: np.ndarray, first: int, n: int, masks: np.ndarray, keys: np.ndarray
) -> None:
    """Write the keys of those of the n rows from `first` on whose bit is set in `masks`."""
    i = 0
    for word in range((n + WORD - 1) // WORD):
        mask = masks[word]
        while mask != NONE:
            place = first + word * WORD + lowest_one(mask)
            keys[i, KEY] = np.uint32(in_total_order(bits[place])) ^ np.uint32(0x80000000)
            keys[i, ROW_ID] = row_ids[place]
            keys[i, PLACE] = place
            mask &= mask - ONE
            i += 1


@njit(cache=True)
def in_total_order(bits: Integer) -> Integer:
    """Return an integer that orders like the float32 with these bits: -inf, ..., -0.0, 0.0, ..., inf."""
    return np.int32(bits ^ ((bits >> 31) & MAGNITUDE))


@njit(cache=True)
def comes_before(key: Integer, row_id: Integer, other_key: Integer, other_row_id: Integer) -> bool:
    """Return whether one row is less than the other."""
    return bool(key < other_key or (key == other_key and row_id < other_row_id))


@njit(cache=True)
def drop_largest(heap: np.ndarray, size: int) -> int:
    """Take the root out of a heap of `size`, and return the size that is left.

    The last row takes the root's place by way of the bottom: it came from there and mostly ends there, so
    the way down need not compare with it.
    """
    size -= 1
    place = 0
    child = 1
    while child < size:
        if child + 1 < size and not precedes(heap, child + 1, child):
            child += 1
        move(heap, child, place)
        place = child
        child = 2 * place + 1
    last = np.uintp(size)
    rise(heap, place, heap[last, KEY], heap[last, ROW_ID], heap[last, PLACE])
    return size


@njit(cache=True)
def rise(heap: np.ndarray, place: int, key: Integer, row_id: Integer, row_place: Integer) -> None:
    """Put a row into the free place of the heap, or above, moving down what is less than it."""
    while place > 0:
        parent = (place - 1) // 2
        above = np.uintp(parent)
        if not comes_before(heap[above, KEY], heap[above, ROW_ID], key, row_id):
            break
        move(heap, parent, place)
        place = parent
    put(heap, place, key, row_id, row_place)


@njit(cache=True)
def sort(heap: np.ndarray, size: int) -> None:
    """Sort a heap of `size` in place, ascending: the root goes to the end, the end sinks from the root."""
    for end in range(size - 1, 0, -1):
        key, row_id, row_place = heap[end, KEY], heap[end, ROW_ID], heap[end, PLACE]
        place = 0
        move(heap, place, end)
        child = 1
        while child < end:
            if child + 1 < end and not precedes(heap, child + 1, child):
                child += 1
            down = np.uintp(child)
            if not comes_before(key, row_id, heap[down, KEY], heap[down, ROW_ID]):
                break
            move(heap, child, place)
            place = child
            child = 2 * place + 1
        put(heap, place, key, row_id, row_place)


# Indices are unsigned below: a signed one may count from the end, and Numba would test whether it does.


@njit(cache=True)
def precedes(heap: np.ndarray, one: int, other: int) -> bool:
    """Return whether one row of the heap is less than another."""
    i, j = np.uintp(one), np.uintp(other)
    return comes_before(heap[i, KEY], heap[i, ROW_ID], heap[j, KEY], heap[j, ROW_ID])


@njit(cache=True)
def move(heap: np.ndarray, source: int, target: int) -> None:
    """Copy a row from one place of the heap to another."""
    i = np.uintp(source)
    put(heap, target, heap[i, KEY], heap[i, ROW_ID], heap[i, PLACE])


@njit(cache=True)
def put(heap: np.ndarray, place: int, key: Integer, row_id: Integer, row_place: Integer) -> None:
    """Write a row into a place of the heap."""
    i = np.uintp(place)
    heap[i, KEY] = key
    heap[i, ROW_ID] = row_id
    heap[i, PLACE] = row_place


@njit(cache=True)
def lowest_one(mask: Integer) -> Integer:
    """Return the number of the lowest bit that is set; LLVM makes one instruction of it."""
    return n_ones(~mask & (mask - ONE))


@njit(cache=True)
def n_ones(mask: Integer) -> Integer:
    """Return how many bits are set; LLVM makes one instruction of it."""
    mask = mask - ((mask >> ONE) & np.uint64(0x5555555555555555))
    mask = (mask & np.uint64(0x3333333333333333)) + ((mask >> np.uint64(2)) & np.uint64(0x3333333333333333))
    mask = (mask + (mask >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((mask * np.uint64(0x0101010101010101)) >> np.uint64(56))
