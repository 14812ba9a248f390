"""Right, and faster: sorted lists are merged from the front, of unsorted ones whole stretches are skipped.

merge_sorted keeps the next row of each list in a heap and takes the least k times, so it reads little more
than it returns. merge_unsorted asks the heap only if the least of 64 distances has a chance.
"""

import numpy as np
from numba import njit

STRETCH = 64
MAGNITUDE = np.int32(0x7FFFFFFF)
KEY, ROW_ID, ROW, END = 0, 1, 2, 3


def merge_sorted(
    distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    places, result_offsets = from_the_front(distances.view(np.int32), row_ids, offsets, k)
    return distances[places], row_ids[places], result_offsets


def merge_unsorted(
    distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    places, result_offsets = by_stretches(distances.view(np.int32), row_ids, offsets, k)
    return distances[places], row_ids[places], result_offsets


@njit(cache=True)
def result_bounds(offsets: np.ndarray, k: int) -> np.ndarray:
    bounds = np.zeros(offsets.shape[0] + 1, np.int64)
    for query in range(offsets.shape[0]):
        bounds[query + 1] = bounds[query] + min(k, offsets[query, -1] - offsets[query, 0])
    return bounds


@njit(cache=True)
def from_the_front(
    bits: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows in order, and where each query's begin; of each list the heap holds the next row."""
    n_queries, n_bounds = offsets.shape
    result_offsets = result_bounds(offsets, k)
    places = np.empty(result_offsets[n_queries], np.int64)
    heap = np.empty((n_bounds, 4), np.uint64)
    for query in range(n_queries):
        size = 0
        for p in range(n_bounds - 1):
            row, end = offsets[query, p], offsets[query, p + 1]
            if row < end:
                put(heap, size, ordered(bits[row]), row_ids[row], row, end)
                size += 1
        for place in range(size // 2 - 1, -1, -1):
            sink_least(heap, size, place)
        for i in range(result_offsets[query], result_offsets[query + 1]):
            row = np.int64(heap[0, ROW])
            places[i] = row
            row += 1
            if row < np.int64(heap[0, END]):
                put(heap, 0, ordered(bits[row]), row_ids[row], row, np.int64(heap[0, END]))
            else:
                size -= 1
                move(heap, size, 0)
            sink_least(heap, size, 0)
    return places, result_offsets


@njit(cache=True)
def by_stretches(
    bits: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the same; the heap holds the first k so far, turned round."""
    n_queries = offsets.shape[0]
    result_offsets = result_bounds(offsets, k)
    places = np.empty(result_offsets[n_queries], np.int64)
    for query in range(n_queries):
        start, end = offsets[query, 0], offsets[query, -1]
        size = result_offsets[query + 1] - result_offsets[query]
        heap = np.empty((size, 4), np.uint64)
        for i in range(size):  # all bits turned, the least of the heap is the last row
            put(heap, i, ~ordered(bits[start + i]), ~row_ids[start + i], start + i, 0)
        for place in range(size // 2 - 1, -1, -1):
            sink_least(heap, size, place)
        largest = bits[np.int64(heap[0, ROW])] if size > 0 else bits[0]
        for begin in range(start + size, end, STRETCH):
            stop = min(begin + STRETCH, end)
            if stop - begin == STRETCH and not any_up_to(bits, begin, largest):
                continue
            for row in range(begin, stop):
                key, row_id = ~ordered(bits[row]), ~row_ids[row]
                if key > heap[0, KEY] or (key == heap[0, KEY] and row_id > heap[0, ROW_ID]):
                    put(heap, 0, key, row_id, row, 0)
                    sink_least(heap, size, 0)
            largest = bits[np.int64(heap[0, ROW])]
        for i in range(size - 1, -1, -1):
            places[result_offsets[query] + i] = np.int64(heap[0, ROW])
            move(heap, i, 0)
            sink_least(heap, i, 0)
    return places, result_offsets


@njit(cache=True)
def any_up_to(bits: np.ndarray, begin: int, largest: int) -> bool:
    """Return whether a distance is not above the largest; a loop without a branch, for vectors."""
    limit = total_order(largest)
    found = False
    for i in range(STRETCH):
        found |= total_order(bits[np.uintp(begin + i)]) <= limit
    return found


@njit(cache=True)
def total_order(bits: int) -> np.int32:
    return np.int32(bits ^ ((bits >> 31) & MAGNITUDE))


@njit(cache=True)
def ordered(bits: int) -> np.uint64:
    """Return an unsigned integer that orders like the float32 with these bits."""
    return np.uint64(np.uint32(total_order(bits)) ^ np.uint32(0x80000000))


@njit(cache=True)
def sink_least(heap: np.ndarray, size: int, place: int) -> None:
    """Let the row at `place` sink until none below it comes before it."""
    if place >= size:
        return
    key, row_id, row, end = heap[place, KEY], heap[place, ROW_ID], heap[place, ROW], heap[place, END]
    child = 2 * place + 1
    while child < size:
        if child + 1 < size and before(heap, child + 1, heap[child, KEY], heap[child, ROW_ID]):
            child += 1
        if not before(heap, child, key, row_id):
            break
        move(heap, child, place)
        place = child
        child = 2 * place + 1
    put(heap, place, key, row_id, np.int64(row), np.int64(end))


@njit(cache=True)
def before(heap: np.ndarray, i: int, key: int, row_id: int) -> bool:
    return heap[i, KEY] < key or (heap[i, KEY] == key and heap[i, ROW_ID] < row_id)


@njit(cache=True)
def move(heap: np.ndarray, source: int, target: int) -> None:
    for column in range(4):
        heap[target, column] = heap[source, column]


@njit(cache=True)
def put(heap: np.ndarray, place: int, key: int, row_id: int, row: int, end: int) -> None:
    heap[place, KEY] = key
    heap[place, ROW_ID] = row_id
    heap[place, ROW] = np.uint64(row)
    heap[place, END] = np.uint64(end)
