"""What Lance does today to find the documents of all terms of a query: the fixed yardstick.

Two or three lists are walked in windows. A window begins at a document and ends before the nearest beginning
of a next block in any list, so it lies in one block of each. These blocks are unpacked, cut to the window by
two bisections, and merged: for each document of the shortest list the next one that is not less is looked for
in the others, nine documents a step and then eight in one vector. One list, and four and more, leapfrog:
the shortest list gives a document, the others seek it in turn, and who lands behind it gives the next. The
block of a document is found by eight steps along the first documents of the blocks, then by bisection.

Lists that are not packed are walked in the same way, in stretches of 128; Lance's own lists without blocks,
of its oldest indexes, are sought by bisection from document to document and are slower.

Left out is what needs scores: frequencies, bounds of blocks, the best k, and the offsets of a match in its
blocks, which Lance notes for its frequencies. Other than in Lance, a query with an empty list
has no answer (there are no such lists there), and 0xFFFFFFFF is a document.

rustc unpacks each width by code without shifts that vary, behind a jump; an intrinsic emits the same here.

Cost: in windows, a few bisections per block of the longest list, and each block unpacked where all shorter
lists have a document in the window; in leaps, one search in a block per document sought.
docs/targets/posting-intersect.md has the times of the same loops in Rust.

Source: lance 1501eff2b, rust/lance-index/src/scalar/inverted/wand.rs (and_bulk_search, next_and_candidate,
next_doc_id, block_idx_for_doc, find_next_geq_avx2), encoding.rs; bitpacking, bitpacker4x.rs, macros.rs.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from posting_intersect import BLOCK

SHIFT = 7  # bits of a place in a block
MOST_STEPS = 8  # from block to block, before Lance bisects
IN_WINDOWS = (2, 3)  # numbers of lists
VECTOR = 8  # documents in a vector
LAST = 2**32 - 1
NOWHERE = 2**63 - 1  # behind all documents
HEADER = 8  # bytes of a block before its width
SLOTS = BLOCK // 4  # vectors of four in a block
INT8, INT32, INT64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
LANES = ir.VectorType(INT32, 4)
# What is known of a list of a query: the columns of its row.
BASE, N_DOCS, N_BLOCKS, AT_BLOCK, LOADED, LOW, HIGH, N_COLUMNS = range(8)


def intersect(docs: np.ndarray, list_start: np.ndarray, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (start, ids), the documents of all lists of each query; see program.md."""
    return answers(
        False,
        docs.view(np.uint8),
        list_start,
        docs,
        list_start,
        list_start,
        queries,
        most(np.diff(list_start), queries),
    )


def intersect_blocks(
    blob: np.ndarray,
    block_start: np.ndarray,
    block_first_doc: np.ndarray,
    blocks_of_list: np.ndarray,
    length: np.ndarray,
    queries: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return (start, ids) of lists in packed blocks."""
    return answers(
        True,
        blob,
        block_start,
        block_first_doc,
        blocks_of_list,
        length,
        queries,
        most(length, queries),
    )


def most(length: np.ndarray, queries: np.ndarray) -> int:
    """Return how many documents the queries can have: those of the shortest list of each.

    A missing term, -1, counts as the last list, which is more than enough.
    """
    return int(length[queries].min(axis=1).sum()) if queries.shape[1] > 0 and length.size > 0 else 0


def answers(
    is_packed: bool,
    data: np.ndarray,
    block_start: np.ndarray,
    firsts: np.ndarray,
    first_of_list: np.ndarray,
    length: np.ndarray,
    queries: np.ndarray,
    room: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return (start, ids), in arrays of their own."""
    n_queries, m = queries.shape
    start, ids = np.empty(n_queries + 1, np.int64), np.empty(room, np.uint32)
    state, unpacked = np.empty((m, N_COLUMNS), np.int64), np.empty(BLOCK * (m + 1), np.uint32)
    walk = windows if m in IN_WINDOWS else leapfrog
    n = walk(
        is_packed,
        data,
        block_start,
        firsts,
        first_of_list,
        length,
        queries,
        state,
        unpacked,
        start,
        ids,
    )
    return start, ids[:n]


@njit(cache=True)
def begun(
    is_packed: bool,
    firsts: np.ndarray,
    first_of_list: np.ndarray,
    length: np.ndarray,
    query: np.ndarray,
    state: np.ndarray,
) -> int:
    """Note the lists of a query, the shortest first; return where its answer begins, or NOWHERE.

    That is the largest of the lists' first documents.
    """
    m = query.shape[0]
    target: Any = NOWHERE if m == 0 else 0
    for j in range(m):
        v = query[j]
        if v < 0:
            return NOWHERE
        n_docs = length[v] if is_packed else first_of_list[v + 1] - first_of_list[v]
        if n_docs == 0:
            return NOWHERE
        target = max(target, np.int64(firsts[np.uintp(first_of_list[v])]))
        place = j
        while place > 0 and state[place - 1, N_DOCS] > n_docs:
            for column in range(N_COLUMNS):
                state[place, column] = state[place - 1, column]
            place -= 1
        state[place, BASE] = first_of_list[v]
        state[place, N_DOCS] = n_docs
        state[place, N_BLOCKS] = (n_docs + BLOCK - 1) >> SHIFT
        state[place, AT_BLOCK] = 0
        state[place, LOADED] = -1
        state[place, LOW] = 0
        state[place, HIGH] = -1
    return target  # type: ignore[no-any-return]


@njit(cache=True)
def windows(
    is_packed: bool,
    data: np.ndarray,
    block_start: np.ndarray,
    firsts: np.ndarray,
    first_of_list: np.ndarray,
    length: np.ndarray,
    queries: np.ndarray,
    state: np.ndarray,
    unpacked: np.ndarray,
    start: np.ndarray,
    ids: np.ndarray,
) -> int:
    """Write the answers to queries of two or three lists; return how many documents they have.

    data           uint8    the blocks, or the documents
    block_start    int64    of blocks only
    firsts         uint32   the first document of each block, or all documents
    first_of_list  int64    where a list begins in `firsts`
    length         int64    of packed lists only
    state          int64[m, N_COLUMNS], unpacked  uint32[128 * (m + 1)]: anything
    """
    n_queries, m = queries.shape
    shift = 0 if is_packed else SHIFT
    # Addresses, because Numba counts references to arrays that are handed on, at every step.
    bytes_at: Any = at(data, 0)  # type: ignore[call-arg]
    begins: Any = at(block_start, 0)
    own_firsts: Any = at(firsts, 0)
    rows: Any = at(state, 0)
    buffers: Any = at(unpacked, 0)
    found_ids: Any = at(ids, 0)
    n = 0
    for q in range(n_queries):
        start[q] = n
        target = begun(is_packed, firsts, first_of_list, length, queries[q], state)
        while target != NOWHERE:
            end = NOWHERE
            for j in range(m):
                one = after(rows, N_COLUMNS * j)
                own = after(own_firsts, one[BASE])
                block = block_of(own, shift, one[AT_BLOCK], one[N_BLOCKS], np.uint32(target))
                one[AT_BLOCK] = block
                if block + 1 < one[N_BLOCKS]:
                    end = min(end, np.int64(own[(block + 1) << shift]) - 1)
            is_empty = False
            for j in range(m):
                one = after(rows, N_COLUMNS * j)
                n_docs = load(is_packed, bytes_at, begins, one, buffers, j)
                docs = block_docs(is_packed, own_firsts, one, buffers, j)
                low = n_below(docs, 0, n_docs, np.uint32(target))
                high = n_docs if end == NOWHERE else n_below(docs, low, n_docs, np.uint32(end + 1))
                one[LOW] = low
                one[HIGH] = high
                if low == high:
                    is_empty = True
                    if low == n_docs and one[AT_BLOCK] + 1 == one[N_BLOCKS]:
                        end = NOWHERE
                    break
            if not is_empty:
                one, other = rows, after(rows, N_COLUMNS)
                first = block_docs(is_packed, own_firsts, one, buffers, 0)
                second = block_docs(is_packed, own_firsts, other, buffers, 1)
                if m == 2:
                    n = merge_two(first, second, one, other, found_ids, n)
                else:
                    last = after(rows, 2 * N_COLUMNS)
                    third = block_docs(is_packed, own_firsts, last, buffers, 2)
                    n = merge_three(first, second, third, one, other, last, found_ids, n)
            target = NOWHERE if end == NOWHERE else end + 1
    start[n_queries] = n
    return n


@njit(cache=True)
def merge_two(first: Any, second: Any, one: Any, other: Any, ids: Any, n: int) -> int:
    """Write what two blocks share in their windows behind the first n of `ids`; return how many are there."""
    i, i_end = one[LOW], one[HIGH]
    j, j_end = other[LOW], other[HIGH]
    while i < i_end:
        doc = first[i]
        j = next_from(second, j, j_end, doc)
        if j >= j_end:
            return n
        if second[j] > doc:
            i = next_from(first, i + 1, i_end, second[j])
            continue
        ids[n] = doc
        n += 1
        i += 1
    return n


@njit(cache=True)
def merge_three(
    first: Any, second: Any, third: Any, one: Any, other: Any, last: Any, ids: Any, n: int
) -> int:
    """Write what three blocks share in their windows; as `merge_two`."""
    i, i_end = one[LOW], one[HIGH]
    j, j_end = other[LOW], other[HIGH]
    k, k_end = last[LOW], last[HIGH]
    while i < i_end:
        doc = first[i]
        j = next_from(second, j, j_end, doc)
        if j >= j_end:
            return n
        if second[j] > doc:
            i = next_from(first, i + 1, i_end, second[j])
            continue
        k = next_from(third, k, k_end, doc)
        if k >= k_end:
            return n
        if third[k] > doc:
            i = next_from(first, i + 1, i_end, third[k])
            continue
        ids[n] = doc
        n += 1
        i += 1
    return n


@njit(cache=True)
def leapfrog(
    is_packed: bool,
    data: np.ndarray,
    block_start: np.ndarray,
    firsts: np.ndarray,
    first_of_list: np.ndarray,
    length: np.ndarray,
    queries: np.ndarray,
    state: np.ndarray,
    unpacked: np.ndarray,
    start: np.ndarray,
    ids: np.ndarray,
) -> int:
    """Write the answers to queries of one list, or of four and more; arguments as for `windows`.

    Here LOW is a list's place in all of its documents, HIGH the document there.
    """
    n_queries, m = queries.shape
    shift = 0 if is_packed else SHIFT
    by_vector = m == 4 or m == 5
    # Addresses, because Numba counts references to arrays that are handed on, at every step.
    bytes_at: Any = at(data, 0)  # type: ignore[call-arg]
    begins: Any = at(block_start, 0)
    own_firsts: Any = at(firsts, 0)
    rows: Any = at(state, 0)
    buffers: Any = at(unpacked, 0)
    found_ids: Any = at(ids, 0)
    n = 0
    for q in range(n_queries):
        start[q] = n
        target = begun(is_packed, firsts, first_of_list, length, queries[q], state)
        if target != NOWHERE:
            target = 0  # the shortest list's first document is the first to be sought
        doc, j = np.int64(-1), 0
        while target != NOWHERE:
            one = after(rows, N_COLUMNS * j)
            if one[HIGH] < target:
                least = np.uint32(target)
                own = after(own_firsts, one[BASE])
                block = block_of(own, shift, one[LOW] >> SHIFT, one[N_BLOCKS], least)
                place = max(one[LOW], block << SHIFT)
                one[HIGH] = NOWHERE
                while place < one[N_DOCS]:
                    block = place >> SHIFT
                    one[AT_BLOCK] = block
                    n_docs = load(is_packed, bytes_at, begins, one, buffers, j)
                    docs = block_docs(is_packed, own_firsts, one, buffers, j)
                    offset = place & (BLOCK - 1)
                    if by_vector:
                        offset = next_from(docs, offset, n_docs, least)
                    else:
                        offset = n_below(docs, offset, n_docs, least)
                    place = (block << SHIFT) + offset
                    if offset < n_docs:
                        one[HIGH] = docs[offset]
                        break
                one[LOW] = place
            found = one[HIGH]
            if j == 0:
                doc = found
            if found == NOWHERE:
                target = NOWHERE
            elif found > doc:
                target, j = found, 0
            elif j + 1 < m:
                target, j = doc, j + 1
            else:
                found_ids[n] = doc
                n += 1
                target, j = NOWHERE if doc == LAST else doc + 1, 0
    start[n_queries] = n
    return n


@njit(cache=True, inline="always")
def block_of(firsts: Any, shift: int, block: int, n_blocks: int, doc: np.uint32) -> int:
    """Return the last block from `block` on that begins at `doc` or before: eight steps, then a bisection."""
    for _ in range(MOST_STEPS):
        if block + 1 >= n_blocks or firsts[(block + 1) << shift] > doc:
            return block
        block += 1
    low, high = block + 1, n_blocks
    while low < high:
        middle = low + ((high - low) >> 1)
        if firsts[middle << shift] <= doc:
            low = middle + 1
        else:
            high = middle
    return low - 1


@njit(cache=True, inline="always")  # or all widths would be compiled for each function in between
def load(is_packed: bool, data: Any, block_start: Any, one: Any, unpacked: Any, j: int) -> int:
    """Have the block where list j is unpacked, and return how many documents it has."""
    block = one[AT_BLOCK]
    n_docs = min(one[N_DOCS] - (block << SHIFT), BLOCK)
    if is_packed and one[LOADED] != block:
        one[LOADED] = block
        begin = block_start[one[BASE] + block]
        if n_docs == BLOCK:
            unpack(after(data, begin + HEADER), unpacked, after(unpacked, (j + 1) * BLOCK))  # type: ignore[call-arg]
        else:
            copy_docs(after(data, begin + 4), after(unpacked, (j + 1) * BLOCK), n_docs)  # type: ignore[call-arg]
    return n_docs  # type: ignore[no-any-return]


@njit(cache=True)
def block_docs(is_packed: bool, firsts: Any, one: Any, unpacked: Any, j: int) -> Any:
    """Return the address of the documents of the block where list j is."""
    if is_packed:
        return after(unpacked, (j + 1) * BLOCK)  # type: ignore[call-arg]
    return after(firsts, one[BASE] + (one[AT_BLOCK] << SHIFT))  # type: ignore[call-arg]


@njit(cache=True, inline="always")
def n_below(docs: Any, low: int, high: int, target: np.uint32) -> int:
    """Return the first place from `low` to `high` whose document is not below `target`, by halves."""
    size = high - low
    if size == 0:
        return low
    while size > 1:
        half = size >> 1
        low = choose(docs[low + half] < target, low + half, low)  # type: ignore[call-arg]
        size -= half
    return low + (docs[low] < target)  # type: ignore[no-any-return]


@njit(cache=True)
def next_from(docs: Any, place: int, end: int, target: np.uint32) -> int:
    """Return the first place from `place` to `end` whose document is not below `target`, by nines."""
    while place + VECTOR < end:
        if docs[place + VECTOR] < target:
            place += VECTOR + 1
            continue
        return place + n_first_below(docs, place, target)  # type: ignore[call-arg]
    while place < end and docs[place] < target:
        place += 1
    return place


@intrinsic
def at(typing_context: Any, array: Any, position: Any) -> Any:
    """Return the address of an element; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.gep(view.data, [arguments[1]])

    return types.CPointer(array.dtype)(array, types.intp), generate  # type: ignore[no-untyped-call]


@intrinsic
def after(typing_context: Any, address: Any, n: Any) -> Any:
    """Return the address of the n-th element after another."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.gep(arguments[0], [arguments[1]])

    return address(address, types.intp), generate


@intrinsic
def choose(typing_context: Any, condition: Any, one: Any, other: Any) -> Any:
    """Return `one` or `other` without a branch: what Rust's binary search asks of LLVM, and Numba cannot."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chosen = builder.select(*arguments)
        chosen.set_metadata("unpredictable", builder.module.add_metadata([]))
        return chosen

    return types.int64(types.boolean, types.int64, types.int64), generate


@intrinsic
def n_first_below(typing_context: Any, docs: Any, place: Any, target: Any) -> Any:
    """Return how many of the eight documents from `place` on, before the first that is not, are below."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(INT32, VECTOR)
        first = builder.gep(arguments[0], [arguments[1]])
        eight = builder.load(builder.bitcast(first, vector.as_pointer()), align=4)
        targets = splat(builder, arguments[2], vector)
        reached = builder.bitcast(builder.icmp_unsigned(">=", eight, targets), INT8)
        # A ninth bit, so that none of the eight gives 8.
        bits = builder.or_(builder.zext(reached, INT64), INT64(1 << VECTOR))
        return builder.cttz(bits, ir.IntType(1)(1))

    return types.int64(docs, types.intp, types.uint32), generate


@intrinsic
def copy_docs(typing_context: Any, source: Any, target: Any, n_docs: Any) -> Any:
    """Copy documents from bytes that lie anywhere."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        n_bytes = builder.shl(arguments[2], INT64(2))
        cgutils.raw_memcpy(
            builder, arguments[1], builder.bitcast(arguments[0], arguments[1].type), n_bytes, 1
        )  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    return types.void(source, target, types.intp), generate


@intrinsic
def unpack(typing_context: Any, source: Any, buffer: Any, target: Any) -> Any:
    """Write the 128 documents of the block whose width is at `source` to `target`.

    The differences go to the buffer first. Lance adds them up on their way there and copies the documents;
    here they are added up on their way from there, which takes as long, and compiles in a third of the time.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, buffer, target = arguments
        packed = builder.bitcast(builder.gep(source, [INT64(1)]), LANES.as_pointer())
        differences = builder.bitcast(buffer, LANES.as_pointer())
        done = builder.append_basic_block("done")
        jump = builder.switch(builder.load(source), done)
        for width in range(33):
            block = builder.append_basic_block(f"unpack_{width}")
            jump.add_case(INT8(width), block)
            builder.position_at_end(block)
            unpack_width(builder, width, packed, differences)
            builder.branch(done)
        builder.position_at_end(done)
        first = builder.load(builder.bitcast(builder.gep(source, [INT64(-4)]), INT32.as_pointer()), align=1)
        add_up(builder, first, differences, builder.bitcast(target, LANES.as_pointer()))
        return context.get_dummy_value()

    return types.void(source, buffer, target), generate


def splat(builder: Any, number: Any, vector: Any) -> Any:
    """Return a vector of one number."""
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), number, INT32(0))
    zeros = ir.Constant(ir.VectorType(INT32, vector.count), [0] * vector.count)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), zeros)


def unpack_width(builder: Any, width: int, packed: Any, buffer: Any) -> None:
    """Emit the code for one width: 32 vectors of four differences, all shifts constant, as rustc does."""

    def constant(number: int) -> Any:
        return ir.Constant(LANES, [number] * 4)

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
        builder.store(four, builder.gep(buffer, [INT64(slot)]), align=4)


def add_up(builder: Any, first: Any, buffer: Any, documents: Any) -> None:
    """Emit the sums of 32 vectors of four differences, from document `first` on: in a vector, then across."""
    zeros = ir.Constant(LANES, [0] * 4)

    def shuffled(one: Any, other: Any, order: list[int]) -> Any:
        return builder.shuffle_vector(one, other, ir.Constant(LANES, order))

    last = cgutils.alloca_once_value(builder, splat(builder, first, LANES))  # type: ignore[no-untyped-call]
    with cgutils.for_range(builder, INT64(SLOTS // 4)) as loop:
        sums = builder.load(last)
        for k in range(4):
            slot = builder.add(builder.mul(loop.index, INT64(4)), INT64(k))
            four = builder.load(builder.gep(buffer, [slot]), align=4)
            four = builder.add(four, shuffled(zeros, four, [0, 1, 4, 5]))
            four = builder.add(four, shuffled(zeros, four, [0, 4, 5, 6]))
            sums = builder.add(four, shuffled(sums, sums, [3] * 4))
            builder.store(sums, builder.gep(documents, [slot]), align=4)
        builder.store(sums, last)
