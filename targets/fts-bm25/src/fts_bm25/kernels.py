"""The k best documents by BM25: where the coding agent begins.

The same algorithm as baseline.py, which says what it does and where Lance has it: block-max MAXSCORE in
windows, with lists that are essential and others, an accumulator of 4,096 slots, and a heap of keys.

Cost: postings of essential lists are decoded and scored, those of the others decoded where asked; a window
costs one pass over its lists and their blocks.

Source: lance 1501eff2b773 (2026), rust/lance-index/src/scalar/inverted/wand.rs (Wand::maxscore_search).
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

Integer = Any  # of NumPy: Numba computes with its width and sign, which mypy need not follow

BLOCK = 128
SLOTS = BLOCK // 4
INNER_WINDOW = 4096  # documents in the accumulator
FEW_CANDIDATES = 32  # a window with fewer for each list is made larger
LINEAR_BLOCKS = 8  # so many blocks are looked at one by one before a search by halves
END: Integer = np.int64(1 << 40)  # the document behind all documents
NO_DOCUMENT = np.uint32(0xFFFFFFFF)
ZERO: Integer = np.int64(0)  # where a count begins: a bare 0 would have a type of its own in Numba
FIRST_WINDOW: Integer = np.int64(1)

K1 = np.float32(1.2)
B = np.float32(0.75)
ONE_LESS_B = np.float32(0.25)
K1_PLUS_1 = np.float32(2.2)
WIDER = 1.0 + 2.0**-19  # a score lies above its stored maximum, rescaled, by 17 roundings of 2**-24 at most
WIDER_SUM = 2.0**-22  # for each term after the first: sums in float32 lose half as much, before and after

# Columns of `cursors`, one row for each list of a query.
FIRST = 0  # the list's first block among all blocks
N_BLOCKS = 1
LENGTH = 2
INDEX = 3  # posting that comes next
SHALLOW = 4  # block of the list that bounds are taken from
DECODED = 5  # block of the list that lies decoded, or -1
DOCUMENT = 6  # of the next posting, or END
FREQUENCY = 7
N_COLUMNS = 8
DOCUMENTS, FREQUENCIES = 0, 1  # the two halves of `postings`, one pair for each list

NONE = np.uint64(0)
ONE = np.uint64(1)
LOW_HALF = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)

INT8, INT32, INT64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
FOUR = ir.VectorType(INT32, 4)
Found = tuple[np.ndarray, np.ndarray, np.ndarray]
Pointer = Any  # the address of numbers of one type, which Numba lets one index


class FtsBm25Kernel:
    """The k best documents by BM25.

    doc_length    uint32[N]  terms in each document
    stored_avgdl  the mean of them when the index was written, 1 to 2**32
    """

    def __init__(self, doc_length: np.ndarray, stored_avgdl: float) -> None:
        self.doc_length = doc_length.copy()
        self.stored_avgdl = stored_avgdl

    def search(
        self,
        blob: np.ndarray,
        block_start: np.ndarray,
        block_first_doc: np.ndarray,
        block_max_score: np.ndarray,
        blocks_of_term: np.ndarray,
        length: np.ndarray,
        stored_idf: np.ndarray,
        terms: np.ndarray,
        idf: np.ndarray,
        avgdl: float,
        k: int,
        mask: np.ndarray,
    ) -> Found:
        """Return the k best documents of each query: ids uint32[Q, k], scores float32[Q, k], count int32[Q].

        The arguments are those of program.md.
        """
        n_queries, n_slots = terms.shape
        ids = np.empty((n_queries, k), np.uint32)
        scores = np.empty((n_queries, k), np.float32)
        count = np.empty(n_queries, np.int32)
        stretch = max(1.0, avgdl / self.stored_avgdl) * WIDER
        search_all(
            (blob, block_start, block_first_doc, block_max_score, blocks_of_term, length, stored_idf),
            (terms, idf, mask, self.doc_length),
            np.float32(avgdl),
            stretch,
            (ids, scores, count),
            (np.empty((n_slots, N_COLUMNS), np.int64), np.empty(n_slots, np.int64)),
            (np.empty((n_slots, 2, BLOCK), np.uint32), np.empty(BLOCK, np.uint32)),
            (np.empty((4, n_slots), np.float32), np.empty(n_slots, np.float64)),
            (
                np.zeros(INNER_WINDOW, np.float32),
                np.zeros(INNER_WINDOW * n_slots, np.uint32),
                np.zeros(INNER_WINDOW // 64, np.uint64),
                np.empty(min(k, len(self.doc_length)), np.uint64),
            ),
        )
        return ids, scores, count


@njit(cache=True, error_model="numpy")
def search_all(
    index: tuple[np.ndarray, ...],
    query: tuple[np.ndarray, ...],
    avgdl: Any,
    stretch: float,
    outputs: tuple[np.ndarray, ...],
    clauses: tuple[np.ndarray, ...],
    blocks: tuple[np.ndarray, ...],
    numbers: tuple[np.ndarray, ...],
    window: tuple[np.ndarray, ...],
) -> None:
    """Fill `outputs`, one query after the other; the last four are scratch.

    stretch  what bounds grow by because of the mean length, and because of roundings

    From here on arrays are addresses: an array takes seven words in a call, and would be counted in and out.
    """
    n_queries, n_slots = query[0].shape
    k = outputs[0].shape[1]
    has_mask = query[2].shape[0] > 0
    blob: Pointer = address(index[0])  # type: ignore[call-arg]
    block_start, block_first_doc = address(index[1]), address(index[2])
    block_max_score, blocks_of_term = address(index[3]), address(index[4])
    length, stored_idf = address(index[5]), address(index[6])
    terms, idf, mask, doc_length = address(query[0]), address(query[1]), address(query[2]), address(query[3])
    ids, scores, count = address(outputs[0]), address(outputs[1]), address(outputs[2])
    cursors, order = address(clauses[0]), address(clauses[1])
    postings, buffer = address(blocks[0]), address(blocks[1])
    weights, prefixes = address(numbers[0]), address(numbers[1])
    scales, bounds, by_rank = address(numbers[0][1:]), address(numbers[0][2:]), address(numbers[0][3:])
    total, counted, words, heap = (
        address(window[0]),
        address(window[1]),
        address(window[2]),
        address(window[3]),
    )
    for number in range(n_queries):
        n_clauses = ZERO
        n_postings = ZERO
        for slot in range(n_slots):
            term = np.int64(terms[number * n_slots + slot])
            if term >= 0 and length[term] > 0 and k > 0:
                cursors[n_clauses * N_COLUMNS + FIRST] = blocks_of_term[term]
                cursors[n_clauses * N_COLUMNS + N_BLOCKS] = blocks_of_term[term + 1] - blocks_of_term[term]
                cursors[n_clauses * N_COLUMNS + LENGTH] = length[term]
                cursors[n_clauses * N_COLUMNS + INDEX] = 0
                cursors[n_clauses * N_COLUMNS + SHALLOW] = 0
                cursors[n_clauses * N_COLUMNS + DECODED] = -1
                weights[n_clauses] = idf[number * n_slots + slot]
                scales[n_clauses] = (
                    np.float64(idf[number * n_slots + slot]) / np.float64(stored_idf[term]) * stretch
                )
                settle(cursors, n_clauses, postings, buffer, blob, block_start)
                n_postings += length[term]
                n_clauses += 1
        room = k if k < n_postings else n_postings
        size = ZERO
        threshold = np.float32(-1)  # so that a score of 0 is above it until the heap is full
        n_live = n_clauses
        n_others = ZERO  # lists that are not essential, first in `order`
        n_compared = ZERO
        n_windows = ZERO
        least_window = FIRST_WINDOW
        factor = 1.0 + WIDER_SUM * (n_clauses - 1 if n_clauses > 2 else 0)

        window_min = END
        for clause in range(n_clauses):
            order[clause] = clause
            if cursors[clause * N_COLUMNS + DOCUMENT] < window_min:
                window_min = cursors[clause * N_COLUMNS + DOCUMENT]
        while window_min < END:
            n_left = ZERO
            for i in range(n_live):
                if cursors[order[i] * N_COLUMNS + DOCUMENT] < END:
                    order[n_left] = order[i]
                    n_left += 1
            n_live = n_left
            if n_live == 0:
                break

            # Where the window ends: with a block of a list that was essential before.
            lead = n_others if n_others < n_live else n_live - 1
            window_max = END - 1
            for i in range(n_live):
                clause = order[i]
                first, n_blocks = cursors[clause * N_COLUMNS + FIRST], cursors[clause * N_COLUMNS + N_BLOCKS]
                document = cursors[clause * N_COLUMNS + DOCUMENT]
                if document < window_min:
                    document = window_min
                block = (
                    block_with(
                        cursors[clause * N_COLUMNS + SHALLOW], n_blocks, first, document, block_first_doc
                    )
                    + 1
                )
                cursors[clause * N_COLUMNS + SHALLOW] = block - 1
                if i >= lead and block < n_blocks:
                    document = np.int64(block_first_doc[first + block]) - 1
                    if document < window_max:
                        window_max = document
            if n_live > 1:
                few = n_compared < n_windows * FEW_CANDIDATES * n_live
                least_window = 2 * least_window if few else FIRST_WINDOW
                if least_window > INNER_WINDOW:
                    least_window = INNER_WINDOW
                if window_max < window_min + least_window - 1:
                    window_max = window_min + least_window - 1

            # What each list can add in the window, and which lists are essential.
            for i in range(n_live):
                clause = order[i]
                most = np.float32(0)
                if cursors[clause * N_COLUMNS + DOCUMENT] <= window_max:
                    block = cursors[clause * N_COLUMNS + FIRST] + cursors[clause * N_COLUMNS + SHALLOW]
                    until = cursors[clause * N_COLUMNS + FIRST] + cursors[clause * N_COLUMNS + N_BLOCKS]
                    most = block_max_score[block]
                    block += 1
                    while block < until and np.int64(block_first_doc[block]) <= window_max:
                        if block_max_score[block] > most:
                            most = block_max_score[block]
                        block += 1
                bounds[clause] = scales[clause] * most
            n_others = ZERO
            in_query_order = True
            prefix = 0.0
            if threshold >= np.float32(0):
                for i in range(1, n_live):
                    clause = order[i]
                    place = i
                    while place > 0 and bounds[order[place - 1]] > bounds[clause]:
                        order[place] = order[place - 1]
                        place -= 1
                    order[place] = clause
                for i in range(1, n_live):
                    in_query_order &= order[i - 1] < order[i]
                for i in range(n_live):
                    longer = prefix + np.float64(bounds[order[i]])
                    if longer * (1.0 + WIDER_SUM * (i if i > 1 else 0)) > np.float64(threshold):
                        break
                    prefix = longer
                    prefixes[i] = prefix
                    n_others = np.int64(i + 1)
            n_windows += 1
            window_next = window_max + 1 if window_max < END - 1 else END

            if n_others == n_live:
                window_min = window_next
                if n_live == 1 and window_min < END:
                    clause = order[0]
                    first, n_blocks = (
                        cursors[clause * N_COLUMNS + FIRST],
                        cursors[clause * N_COLUMNS + N_BLOCKS],
                    )
                    block = block_with(
                        cursors[clause * N_COLUMNS + SHALLOW], n_blocks, first, window_min, block_first_doc
                    )
                    while block < n_blocks and scales[clause] * block_max_score[first + block] <= threshold:
                        block += 1
                    if block == n_blocks:
                        window_min = END
                    elif window_min < np.int64(block_first_doc[first + block]):
                        window_min = np.int64(block_first_doc[first + block])
                continue

            if n_others + 1 == n_live:
                size, threshold, n_seen = stream(
                    window_min,
                    window_max,
                    n_clauses,
                    room,
                    has_mask,
                    n_others,
                    size,
                    threshold,
                    factor,
                    prefix,
                    heap,
                    by_rank,
                    prefixes,
                    order,
                    cursors,
                    postings,
                    buffer,
                    weights,
                    doc_length,
                    avgdl,
                    mask,
                    blob,
                    block_start,
                    block_first_doc,
                )
                n_compared += n_seen
                window_min = window_next
                continue

            inner_min = window_min
            while True:
                nearest = END
                for i in range(n_others, n_live):
                    if cursors[order[i] * N_COLUMNS + DOCUMENT] < nearest:
                        nearest = cursors[order[i] * N_COLUMNS + DOCUMENT]
                if inner_min < nearest:
                    inner_min = nearest
                if inner_min == END or inner_min > window_max:
                    break
                inner_max = inner_min + INNER_WINDOW - 1
                if inner_max > window_max:
                    inner_max = window_max
                for i in range(n_others, n_live):
                    clause = order[i]
                    collect(
                        inner_min,
                        inner_max,
                        n_clauses,
                        clause,
                        weights[clause],
                        total,
                        counted,
                        words,
                        cursors,
                        postings,
                        buffer,
                        doc_length,
                        avgdl,
                        blob,
                        block_start,
                        block_first_doc,
                    )
                again = n_others != 0 or not in_query_order
                size, threshold, n_seen = drain(
                    inner_min,
                    n_live,
                    n_clauses,
                    room,
                    has_mask,
                    again,
                    total,
                    counted,
                    words,
                    n_others,
                    size,
                    threshold,
                    factor,
                    prefix,
                    heap,
                    by_rank,
                    prefixes,
                    order,
                    cursors,
                    postings,
                    buffer,
                    weights,
                    doc_length,
                    avgdl,
                    mask,
                    blob,
                    block_start,
                    block_first_doc,
                )
                n_compared += n_seen
                if inner_max >= window_max:
                    break
                inner_min = inner_max + 1
            window_min = window_next
        sort(heap, size)
        count[number] = size
        for place in range(size):
            ids[number * k + place] = np.uint32(~heap[place] & LOW_HALF)
        for place in range(size):
            scores[number * k + place] = float_of(np.uint32(heap[place] >> HALF))
        for place in range(size, k):
            ids[number * k + place] = NO_DOCUMENT
            scores[number * k + place] = np.float32(0)


@njit(cache=True, error_model="numpy")
def stream(
    window_min: Integer,
    window_max: Integer,
    n_clauses: Integer,
    room: Integer,
    has_mask: bool,
    n_others: Integer,
    size: Integer,
    threshold: Any,
    factor: float,
    prefix: float,
    heap: Pointer,
    by_rank: Pointer,
    prefixes: Pointer,
    order: Pointer,
    cursors: Pointer,
    postings: Pointer,
    buffer: Pointer,
    weights: Pointer,
    doc_length: Pointer,
    avgdl: Any,
    mask: Pointer,
    blob: Pointer,
    block_start: Pointer,
    block_first_doc: Pointer,
) -> tuple[Integer, Any, Integer]:
    """Take the postings of the only essential list in a window as they come.

    Returned are the heap's size, the k-th score, and how many postings there were.
    """
    n_compared = ZERO
    essential = order[n_others]
    if cursors[essential * N_COLUMNS + DOCUMENT] < window_min:
        seek(cursors, essential, window_min, postings, buffer, blob, block_start, block_first_doc)
    while cursors[essential * N_COLUMNS + DOCUMENT] <= window_max:
        index = cursors[essential * N_COLUMNS + INDEX]
        offset = index % BLOCK
        index -= offset
        n = cursors[essential * N_COLUMNS + LENGTH] - index
        if n > BLOCK:
            n = BLOCK
        while offset < n:
            document = np.int64(postings[(2 * essential + DOCUMENTS) * BLOCK + offset])
            if document > window_max:
                break
            frequency = postings[(2 * essential + FREQUENCIES) * BLOCK + offset]
            offset += 1
            n_compared += 1
            norm = norm_of(doc_length[np.uintp(document)], avgdl)
            score = weights[essential] * weight_of(frequency, norm)
            if threshold >= np.float32(0) and cannot_exceed(score, prefix, threshold, factor):
                continue
            if has_mask and not bit_of(mask, document):
                continue
            for rank in range(n_clauses):
                by_rank[rank] = np.float32(0)
            by_rank[essential] = score
            rejected = False
            for i in range(n_others - 1, -1, -1):
                if cannot_exceed(score, prefixes[i], threshold, factor):
                    rejected = True
                    break
                clause = order[i]
                if cursors[clause * N_COLUMNS + DOCUMENT] < document:
                    seek(cursors, clause, document, postings, buffer, blob, block_start, block_first_doc)
                if cursors[clause * N_COLUMNS + DOCUMENT] == document:
                    more = weights[clause] * weight_of(
                        np.uint32(cursors[clause * N_COLUMNS + FREQUENCY]), norm
                    )
                    score += more
                    by_rank[clause] = more
            if not rejected:
                score = np.float32(0)
                for rank in range(n_clauses):
                    score += by_rank[rank]
                if score > threshold:
                    size = insert(heap, room, size, score, document)
                    if size == room:
                        threshold = float_of(np.uint32(heap[0] >> HALF))  # type: ignore[call-arg]
        cursors[essential * N_COLUMNS + INDEX] = index + offset
        settle(cursors, essential, postings, buffer, blob, block_start)
    return size, threshold, n_compared


@njit(cache=True, error_model="numpy")
def drain(
    inner_min: Integer,
    n_live: Integer,
    n_clauses: Integer,
    room: Integer,
    has_mask: bool,
    again: bool,
    total: Pointer,
    counted: Pointer,
    words: Pointer,
    n_others: Integer,
    size: Integer,
    threshold: Any,
    factor: float,
    prefix: float,
    heap: Pointer,
    by_rank: Pointer,
    prefixes: Pointer,
    order: Pointer,
    cursors: Pointer,
    postings: Pointer,
    buffer: Pointer,
    weights: Pointer,
    doc_length: Pointer,
    avgdl: Any,
    mask: Pointer,
    blob: Pointer,
    block_start: Pointer,
    block_first_doc: Pointer,
) -> tuple[Integer, Any, Integer]:
    """Empty the accumulator in the order of documents, and leave it all zero.

    again  whether the sums are to be made anew: lists are missing in them, or they were not added in order

    Returned are the heap's size, the k-th score, and how many documents there were.
    """
    n_compared = ZERO
    for place in range(INNER_WINDOW // 64):
        word = words[place]
        words[place] = NONE
        while word != NONE:
            slot = np.int64(64 * place) + lowest_one(word)  # type: ignore[call-arg]
            word &= word - ONE
            document = inner_min + slot
            score = total[slot]
            total[slot] = np.float32(0)
            n_compared += 1
            rejected = threshold >= np.float32(0) and cannot_exceed(score, prefix, threshold, factor)
            if has_mask and not rejected:
                rejected = not bit_of(mask, document)
            if not rejected:
                if again:
                    norm = norm_of(doc_length[np.uintp(document)], avgdl)
                    for rank in range(n_clauses):
                        by_rank[rank] = np.float32(0)
                    for i in range(n_others - 1, -1, -1):
                        if cannot_exceed(score, prefixes[i], threshold, factor):
                            rejected = True
                            break
                        clause = order[i]
                        if cursors[clause * N_COLUMNS + DOCUMENT] < document:
                            seek(
                                cursors,
                                clause,
                                document,
                                postings,
                                buffer,
                                blob,
                                block_start,
                                block_first_doc,
                            )
                        if cursors[clause * N_COLUMNS + DOCUMENT] == document:
                            more = weights[clause] * weight_of(
                                np.uint32(cursors[clause * N_COLUMNS + FREQUENCY]), norm
                            )
                            score += more
                            by_rank[clause] = more
                    if not rejected:
                        for i in range(n_others, n_live):
                            frequency = counted[slot * n_clauses + order[i]]
                            if frequency > np.uint32(0):
                                by_rank[order[i]] = weights[order[i]] * weight_of(frequency, norm)
                        score = np.float32(0)
                        for rank in range(n_clauses):
                            score += by_rank[rank]
                if not rejected and score > threshold:
                    size = insert(heap, room, size, score, document)
                    if size == room:
                        threshold = float_of(np.uint32(heap[0] >> HALF))
            for rank in range(n_clauses):
                counted[slot * n_clauses + rank] = np.uint32(0)
    return size, threshold, n_compared


@njit(cache=True, error_model="numpy")
def collect(
    inner_min: Integer,
    inner_max: Integer,
    n_clauses: Integer,
    clause: Integer,
    weight: Any,
    total: Pointer,
    counted: Pointer,
    words: Pointer,
    cursors: Pointer,
    postings: Pointer,
    buffer: Pointer,
    doc_length: Pointer,
    avgdl: Any,
    blob: Pointer,
    block_start: Pointer,
    block_first_doc: Pointer,
) -> None:
    """Add the scores of one list's postings from `inner_min` to `inner_max` to the accumulator."""
    if cursors[clause * N_COLUMNS + DOCUMENT] < inner_min:
        seek(cursors, clause, inner_min, postings, buffer, blob, block_start, block_first_doc)
    while cursors[clause * N_COLUMNS + DOCUMENT] <= inner_max:
        index = cursors[clause * N_COLUMNS + INDEX]
        offset = index % BLOCK
        index -= offset
        n = cursors[clause * N_COLUMNS + LENGTH] - index
        if n > BLOCK:
            n = BLOCK
        while offset < n:
            document = np.int64(postings[(2 * clause + DOCUMENTS) * BLOCK + offset])
            if document > inner_max:
                break
            frequency = postings[(2 * clause + FREQUENCIES) * BLOCK + offset]
            norm = norm_of(doc_length[np.uintp(document)], avgdl)
            slot = np.uintp(document - inner_min)
            total[slot] += weight * weight_of(frequency, norm)
            counted[slot * np.uintp(n_clauses) + np.uintp(clause)] = frequency
            words[slot >> np.uintp(6)] |= ONE << (slot & np.uintp(63))
            offset += 1
        cursors[clause * N_COLUMNS + INDEX] = index + offset
        settle(cursors, clause, postings, buffer, blob, block_start)


@njit(cache=True, error_model="numpy")
def norm_of(doc_length: Integer, avgdl: Any) -> Any:
    """Return float32, what a document's length adds below the line."""
    return K1 * (ONE_LESS_B + (B * np.float32(doc_length)) / avgdl)


@njit(cache=True, error_model="numpy")
def weight_of(frequency: Integer, norm: Any) -> Any:
    """Return float32, what a term is worth in a document, before its idf."""
    f = np.float32(frequency)
    return (K1_PLUS_1 * f) / (f + norm)


@njit(cache=True)
def cannot_exceed(known: Any, rest: float, threshold: Any, factor: float) -> bool:
    """Return whether what is known of a score, and all that can come, is no more than the threshold."""
    return bool((np.float64(known) + rest) * factor <= np.float64(threshold))


@njit(cache=True)
def bit_of(mask: Pointer, document: Integer) -> bool:
    """Return whether a document may be returned."""
    return bool((mask[np.uintp(document >> 3)] >> np.uint8(document & 7)) & np.uint8(1))


@njit(cache=True)
def block_with(
    block: Integer, n_blocks: Integer, first: Integer, document: Integer, block_first_doc: Pointer
) -> Integer:
    """Return the last block from `block` on whose first document is not above `document`, or `block`."""
    until = block + LINEAR_BLOCKS
    if until > n_blocks - 1:
        until = n_blocks - 1
    while block < until and np.int64(block_first_doc[first + block + 1]) <= document:
        block += 1
    if block < until or until == n_blocks - 1:
        return block
    above = n_blocks
    while block + 1 < above:
        middle = (block + above) // 2
        if np.int64(block_first_doc[first + middle]) <= document:
            block = middle
        else:
            above = middle
    return block


@njit(cache=True)
def seek(
    cursors: Pointer,
    clause: Integer,
    document: Integer,
    postings: Pointer,
    buffer: Pointer,
    blob: Pointer,
    block_start: Pointer,
    block_first_doc: Pointer,
) -> None:
    """Move a list to its first posting at or after `document`, by halves inside a block."""
    first, n_blocks = cursors[clause * N_COLUMNS + FIRST], cursors[clause * N_COLUMNS + N_BLOCKS]
    before = cursors[clause * N_COLUMNS + INDEX] // BLOCK
    block = block_with(before, n_blocks, first, document, block_first_doc)
    if block != before:
        cursors[clause * N_COLUMNS + INDEX] = block * BLOCK
        settle(cursors, clause, postings, buffer, blob, block_start)
    low = cursors[clause * N_COLUMNS + INDEX] % BLOCK
    high = cursors[clause * N_COLUMNS + LENGTH] - block * BLOCK
    if high > BLOCK:
        high = BLOCK
    size = high - low
    while size > 1:
        half = size >> 1
        is_below = np.int64(postings[(2 * clause + DOCUMENTS) * BLOCK + low + half]) < document
        low = choose(is_below, low + half, low)  # type: ignore[call-arg]
        size -= half
    low += np.int64(postings[(2 * clause + DOCUMENTS) * BLOCK + low]) < document
    cursors[clause * N_COLUMNS + INDEX] = block * BLOCK + low
    settle(cursors, clause, postings, buffer, blob, block_start)


@njit(cache=True)
def settle(
    cursors: Pointer, clause: Integer, postings: Pointer, buffer: Pointer, blob: Pointer, block_start: Pointer
) -> None:
    """Bring document and frequency of a list up to its index, decoding the block unless it lies decoded."""
    compact()  # type: ignore[call-arg]
    index = cursors[clause * N_COLUMNS + INDEX]
    if index >= cursors[clause * N_COLUMNS + LENGTH]:
        cursors[clause * N_COLUMNS + DOCUMENT] = END
        return
    block = index // BLOCK
    if cursors[clause * N_COLUMNS + DECODED] != block:
        cursors[clause * N_COLUMNS + DECODED] = block
        if cursors[clause * N_COLUMNS + SHALLOW] < block:
            cursors[clause * N_COLUMNS + SHALLOW] = block
        n = cursors[clause * N_COLUMNS + LENGTH] - block * BLOCK
        at = block_start[cursors[clause * N_COLUMNS + FIRST] + block] + 4
        decode(blob, at, n, postings, 2 * clause * BLOCK, buffer)
    cursors[clause * N_COLUMNS + DOCUMENT] = postings[(2 * clause + DOCUMENTS) * BLOCK + index % BLOCK]
    cursors[clause * N_COLUMNS + FREQUENCY] = postings[(2 * clause + FREQUENCIES) * BLOCK + index % BLOCK]


@njit(cache=True)
def decode(
    blob: Pointer, at: Integer, n: Integer, postings: Pointer, documents: Integer, buffer: Pointer
) -> None:
    """Write the documents of a block to `documents` in `postings`, the frequencies to the half behind.

    blob, at  where the block has its first document
    n         postings from there to the end of the list

    Lance adds the differences up on their way into the buffer and copies the documents; here they are added
    up on their way from there, which takes as long, and one function unpacks both halves.
    """
    frequencies = documents + BLOCK
    if n >= BLOCK:
        unpack(blob, at + 4, buffer)
        add_up(word_at(blob, at), buffer, postings, documents)  # type: ignore[call-arg]
        at += 16 * np.int64(blob[np.uintp(at + 4)]) + 5
        unpack(blob, at, buffer)
        for i in range(BLOCK):
            postings[frequencies + i] = buffer[i]
    else:
        for i in range(n):
            postings[documents + i] = word_at(blob, at + 4 * i)  # type: ignore[call-arg]
        for i in range(n):
            postings[frequencies + i] = word_at(blob, at + 4 * (n + i))  # type: ignore[call-arg]


@njit(cache=True)
def unpack(blob: Pointer, at: Integer, buffer: Pointer) -> None:
    """Write the 128 numbers whose width is in byte `at`, and which follow it, to `buffer`."""
    unpack_any(blob, at, buffer)  # type: ignore[call-arg]


@njit(cache=True)
def insert(heap: Pointer, room: Integer, size: Integer, score: Any, document: Integer) -> Integer:
    """Put a document into the heap of the best so far, for the worst if there is no room; return its size.

    A key is the bits of the score, which order as scores of 0 and more do, before the document, its bits
    turned; the root is the least key, the worst document. As in Rust, the worst is taken out before the other
    is put in.
    """
    if size == room:
        size -= 1
        key = heap[size]
        place = ZERO
        child: Integer = 1
        while child + 1 < size:
            child += np.int64(heap[child + 1] < heap[child])
            heap[place] = heap[child]
            place = child
            child = 2 * place + 1
        if child < size:
            heap[place] = heap[child]
            place = child
        rise(heap, place, key)
    upper = np.uint64(bits_of(score)) << HALF  # type: ignore[call-arg]
    rise(heap, size, upper | (~np.uint64(document) & LOW_HALF))
    return size + 1


@njit(cache=True)
def rise(heap: Pointer, place: Integer, key: Integer) -> None:
    """Put a key into the free place of the heap, or above."""
    while place > 0:
        parent = (place - 1) // 2
        if heap[parent] <= key:
            break
        heap[place] = heap[parent]
        place = parent
    heap[place] = key


@njit(cache=True)
def sort(heap: Pointer, size: Integer) -> None:
    """Sort a heap in place, the largest key first: the root goes to the end, the end sinks from the root."""
    for end in range(size - 1, 0, -1):
        key = heap[end]
        heap[end] = heap[0]
        place = ZERO
        child: Integer = 1
        while child < end:
            if child + 1 < end:
                child += np.int64(heap[child + 1] < heap[child])
            if key <= heap[child]:
                break
            heap[place] = heap[child]
            place = child
            child = 2 * place + 1
        heap[place] = key


@intrinsic
def compact(typing_context: Any) -> Any:
    """Have the function that says this compiled once and not unrolled, which takes the compiler less time."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.function.attributes.add("noinline")
        builder.function.attributes.add("optsize")
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def bits_of(typing_context: Any, value: Any) -> Any:
    """Return the bits of a float32 as a uint32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], INT32)

    return types.uint32(types.float32), generate


@intrinsic
def float_of(typing_context: Any, bits: Any) -> Any:
    """Return the float32 with these bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.uint32), generate


@intrinsic
def lowest_one(typing_context: Any, word: Any) -> Any:
    """Return the number of the lowest bit that is set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


@intrinsic
def choose(typing_context: Any, condition: Any, one: Any, other: Any) -> Any:
    """Return `one` or `other` without a branch: what Rust's binary search asks of LLVM, and Numba cannot."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chosen = builder.select(*arguments)
        chosen.set_metadata("unpredictable", builder.module.add_metadata([]))
        return chosen

    return types.int64(types.boolean, types.int64, types.int64), generate


@intrinsic
def address(typing_context: Any, array: Any) -> Any:
    """Return the address of an array's first element; whoever holds the array must keep it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), generate  # type: ignore[no-untyped-call]


@intrinsic
def word_at(typing_context: Any, blob: Any, at: Any) -> Any:
    """Return the uint32 that begins at a byte, at any alignment."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.gep(arguments[0], [arguments[1]])
        return builder.load(builder.bitcast(place, INT32.as_pointer()), align=1)

    return types.uint32(blob, types.int64), generate


@intrinsic
def unpack_any(typing_context: Any, blob: Any, at: Any, buffer: Any) -> Any:
    """Write 128 numbers to `buffer`: behind a jump for the width, code with shifts that do not vary."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = builder.gep(arguments[0], [arguments[1]])
        packed = builder.bitcast(builder.gep(source, [INT64(1)]), FOUR.as_pointer())
        target = builder.bitcast(arguments[2], FOUR.as_pointer())
        done = builder.append_basic_block("done")
        jump = builder.switch(builder.load(source), done)
        for width in range(33):
            block = builder.append_basic_block(f"unpack_{width}")
            jump.add_case(INT8(width), block)
            builder.position_at_end(block)
            unpack_width(builder, width, packed, target)
            builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.void(blob, types.int64, buffer), generate


def unpack_width(builder: Any, width: int, packed: Any, target: Any) -> None:
    """Emit the code for one width: 32 vectors of four numbers, all shifts constant, as rustc does."""

    def constant(number: int) -> Any:
        return ir.Constant(FOUR, [number] * 4)

    def load(number: int) -> Any:
        return builder.load(builder.gep(packed, [INT64(number)]), align=1)

    word = load(0) if width > 0 else constant(0)
    for slot in range(SLOTS):
        shift = slot * width % 32
        four = builder.lshr(word, constant(shift)) if shift > 0 else word
        if shift + width >= 32 and slot + 1 < SLOTS:
            word = load(slot * width // 32 + 1)
            if shift + width > 32:
                four = builder.or_(four, builder.shl(word, constant(32 - shift)))
        if shift + width != 32:
            four = builder.and_(four, constant((1 << width) - 1))
        builder.store(four, builder.gep(target, [INT64(slot)]), align=4)


@intrinsic
def add_up(typing_context: Any, first: Any, buffer: Any, postings: Any, start: Any) -> Any:
    """Write the sums of the 128 numbers up to each, and of `first`, to `postings` from `start` on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = builder.bitcast(arguments[1], FOUR.as_pointer())
        target = builder.bitcast(builder.gep(arguments[2], [arguments[3]]), FOUR.as_pointer())
        zeros = ir.Constant(FOUR, [0] * 4)
        last = cgutils.alloca_once_value(builder, splat(builder, arguments[0]))  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, INT64(SLOTS // 4)) as loop:
            sums = builder.load(last)
            for k in range(4):
                slot = builder.add(builder.mul(loop.index, INT64(4)), INT64(k))
                four = builder.load(builder.gep(source, [slot]), align=4)
                for lanes in ((4, 0, 1, 2), (4, 5, 0, 1)):
                    four = builder.add(four, shuffled(builder, four, zeros, lanes))
                sums = builder.add(four, shuffled(builder, sums, zeros, (3, 3, 3, 3)))
                builder.store(sums, builder.gep(target, [slot]), align=4)
            builder.store(sums, last)
        return context.get_dummy_value()

    return types.void(types.uint32, buffer, postings, types.int64), generate


def splat(builder: Any, value: Any) -> Any:
    """Return a vector of four of the same."""
    vector = builder.insert_element(ir.Constant(FOUR, ir.Undefined), value, INT32(0))
    return builder.shuffle_vector(vector, ir.Constant(FOUR, ir.Undefined), ir.Constant(FOUR, [0] * 4))


def shuffled(builder: Any, one: Any, other: Any, lanes: tuple[int, ...]) -> Any:
    """Return a vector with these lanes of two: 0 to 3 are the one's, 4 to 7 the other's."""
    return builder.shuffle_vector(one, other, ir.Constant(FOUR, lanes))
