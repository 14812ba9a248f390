"""The shortest list gives its documents a block at a time, each other list takes away what it does not have.

Where a block of another list meets more than eight of them, the two are merged without a branch, else each is
looked for by halves. The block of a document is found by galloping. Packed blocks that no document falls into
stay packed.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from posting_intersect import BLOCK

SHIFT = 7  # bits of a place in a block
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
    state, unpacked = np.empty((m, N_COLUMNS), np.int64), np.empty(BLOCK * (m + 2), np.uint32)
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
    return target


@njit(cache=True)
def walk(
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
    n_queries, m = queries.shape
    shift = 0 if is_packed else SHIFT
    data_at = at(data, 0)
    begins = at(block_start, 0)
    own_firsts = at(firsts, 0)
    rows = at(state, 0)
    buffers = at(unpacked, 0)
    left = after(buffers, (m + 1) * BLOCK)
    found_ids = at(ids, 0)
    n = 0
    for q in range(n_queries):
        start[q] = n
        if begun(is_packed, firsts, first_of_list, length, queries[q], state) == NOWHERE:
            continue
        for lead in range(rows[N_BLOCKS]):
            n_left = 0
            for j in range(m):
                one = after(rows, N_COLUMNS * j)
                own = after(own_firsts, one[BASE])
                if j == 0:
                    one[AT_BLOCK] = lead
                n_given, n_left, i = (1 if j == 0 else n_left), 0, 0
                while i < n_given:
                    end = n_given
                    if j > 0:
                        block = gallop(own, shift, one[AT_BLOCK], one[N_BLOCKS], left[i])
                        one[AT_BLOCK] = block
                        if block + 1 < one[N_BLOCKS]:
                            end = n_below(left, i, n_given, own[(block + 1) << shift])
                    n_docs = load(is_packed, data_at, begins, one, buffers, j)
                    docs = block_docs(is_packed, own_firsts, one, buffers, j)
                    if j == 0:
                        for k in range(n_docs):
                            left[k] = docs[k]
                        n_left = n_docs
                    elif end - i > 8:
                        k = n_below(docs, 0, n_docs, left[i])
                        while i < end and k < n_docs:
                            doc, other = left[i], docs[k]
                            left[n_left] = doc
                            n_left += np.int64(doc == other)
                            i += np.int64(doc <= other)
                            k += np.int64(other <= doc)
                    else:
                        k = 0
                        while i < end:
                            doc = left[i]
                            k = n_below(docs, k, n_docs, doc)
                            left[n_left] = doc
                            n_left += np.int64(k < n_docs and docs[min(k, n_docs - 1)] == doc)
                            i += 1
                    i = end
                if n_left == 0:
                    break
            for k in range(n_left):
                found_ids[n + k] = left[k]
            n += n_left
    start[n_queries] = n
    return n


@njit(cache=True)
def gallop(firsts: Any, shift: int, block: int, n_blocks: int, doc: np.uint32) -> int:
    step = 1
    while block + step < n_blocks and firsts[(block + step) << shift] <= doc:
        block += step
        step *= 2
    low, high = block + 1, min(block + step, n_blocks)
    while low < high:
        middle = (low + high) >> 1
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
            unpack(after(data, begin + HEADER), unpacked, after(unpacked, (j + 1) * BLOCK))
        else:
            copy_docs(after(data, begin + 4), after(unpacked, (j + 1) * BLOCK), n_docs)
    return n_docs


@njit(cache=True)
def block_docs(is_packed: bool, firsts: Any, one: Any, unpacked: Any, j: int) -> Any:
    """Return the address of the documents of the block where list j is."""
    if is_packed:
        return after(unpacked, (j + 1) * BLOCK)
    return after(firsts, one[BASE] + (one[AT_BLOCK] << SHIFT))


@njit(cache=True, inline="always")
def n_below(docs: Any, low: int, high: int, target: np.uint32) -> int:
    """Return the first place from `low` to `high` whose document is not below `target`, by halves."""
    size = high - low
    if size == 0:
        return low
    while size > 1:
        half = size >> 1
        low = choose(docs[low + half] < target, low + half, low)
        size -= half
    return low + (docs[low] < target)


@intrinsic
def at(typing_context: Any, array: Any, position: Any) -> Any:
    """Return the address of an element; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.gep(view.data, [arguments[1]])

    return types.CPointer(array.dtype)(array, types.intp), generate


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
def copy_docs(typing_context: Any, source: Any, target: Any, n_docs: Any) -> Any:
    """Copy documents from bytes that lie anywhere."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        n_bytes = builder.shl(arguments[2], INT64(2))
        cgutils.raw_memcpy(
            builder, arguments[1], builder.bitcast(arguments[0], arguments[1].type), n_bytes, 1
        )
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

    last = cgutils.alloca_once_value(builder, splat(builder, first, LANES))
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
