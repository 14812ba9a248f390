"""What Lance's unpacking of bit-packed pages does today: the fixed yardstick.

A chunk with a header is decoded on its own: memory for 1,024 values is allocated and
zeroed, the chunk is copied to aligned memory, unpacked into the first, and what came
out is appended to the page. Out of line, the chunks of a column are unpacked straight
into the page; those of a buffer of levels into memory of the buffer's own, which is
then appended.

rustc compiles one function for each width, with every shift a constant, and picks it
by a jump: here an intrinsic emits the same vectors of 32 bytes behind one jump, for all
widths of 8, 16 and 32 bits and for those of 64 bits that are timed. All 64 of them would
take Numba four seconds more; the others of 64 bits take a loop over rows with the same
result, which is slower and never timed. docs/targets/bitpack.md has the times beside
those of rustc.

Lance panics on corrupt input, after the same tests; here they raise. What it does not
test, whether a buffer out of line has the length of one of its two layouts, is one
comparison a buffer.

Cost: each packed word is read once, each value written once; with a header, each byte is
copied once more on its way in and on its way out.

Source: lance d2039d750, rust/compression/bitpacking/src/lib.rs (unchecked_unpack),
rust/lance-encoding/src/encodings/physical/bitpacking.rs (unchunk, unpack_out_of_line),
rust/lance-encoding/src/data.rs (FixedWidthDataBlockBuilder::append),
rust/lance-encoding/src/encodings/logical/primitive.rs (decode_levels, extend_levels).
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from bitpack import CHUNK, INLINE, LEVELS, MOST_LEVELS, MOST_VALUES, ORDER, OUT_OF_LINE

PACKED_ROW = 128  # bytes of one row of a chunk, packed or not: each lane's word, or each lane's value
VECTOR = 32  # bytes; a row is four
N_VECTORS = PACKED_ROW // VECTOR
# The widths that have code of their own, by bits of a word.
SPECIALISED = {8: range(9), 16: range(17), 32: range(33), 64: (0, 23, 64)}
ORDER_NIBBLES = sum(place << 4 * block for block, place in enumerate(ORDER))

BYTES = types.CPointer(types.uint8)  # type: ignore[no-untyped-call]
INT64 = ir.IntType(64)


class BitpackKernel:
    """Bit-packed pages to plain values; there is nothing to prepare."""

    def unpack_inline(self, words: np.ndarray, chunk_starts: np.ndarray, n_values: int) -> np.ndarray:
        """Return uint{T}[n_values] from chunks that begin with a word that says their width.

        words         uint{T}[N]
        chunk_starts  int64[C + 1]  in words

        Raises: ValueError that names the bad chunk.
        """
        n_chunks = chunk_starts.size - 1
        if n_values < 0 or n_chunks != -(-n_values // CHUNK):
            last = max(n_chunks - 1, 0)
            raise ValueError(f"chunk {last}: {n_values} values do not need {n_chunks} chunks")
        page = np.empty(n_values, words.dtype)
        bits = 8 * words.itemsize
        counts = np.array([n_values])
        wrong = unpack(
            words.view(np.uint8), chunk_starts, counts, bits, 0, page.view(np.uint8), METHODS[INLINE]
        )
        if wrong >= 0:
            raise ValueError(f"chunk {wrong}: expected a header of 0 to {bits} and as many words as it says")
        return page

    def unpack_out_of_line(self, words: np.ndarray, width: int, n_values: int) -> np.ndarray:
        """Return uint{T}[n_values] from chunks of one width without headers, and a packed or raw tail.

        words  uint{T}[N]

        Raises: ValueError that names the bad chunk.
        """
        bits = 8 * words.itemsize
        if not 0 <= width <= bits:
            raise ValueError(f"chunk 0: expected a width of 0 to {bits}, got {width}")
        if n_values > MOST_VALUES or not fits(words.size, CHUNK // bits * width, n_values):
            last = max(-(-n_values // CHUNK) - 1, 0)
            raise ValueError(f"chunk {last}: {words.size} words are no {n_values} values of width {width}")
        page = np.empty(n_values + CHUNK, words.dtype)  # the tail is unpacked whole, then cut off
        starts = np.frombuffer(np.array([0, words.size]).tobytes(), np.int64)  # read-only, as the others are
        counts = np.array([n_values])
        unpack(words.view(np.uint8), starts, counts, bits, width, page.view(np.uint8), METHODS[OUT_OF_LINE])
        return page[:n_values]

    def unpack_levels(
        self, words: np.ndarray, buffer_starts: np.ndarray, width: int, n_values: np.ndarray
    ) -> np.ndarray:
        """Return uint16[sum of n_values] from buffers like those out of line, one after another.

        words          uint16[N]
        buffer_starts  int64[B + 1]  in words
        n_values       int32[B]  0 to 4,096 each

        Raises: ValueError that names the bad buffer.
        """
        if not 0 <= width <= 16:
            raise ValueError(f"buffer 0: expected a width of 0 to 16, got {width}")
        counts = n_values.astype(np.int64)
        wrong = first_bad_buffer(buffer_starts, counts, CHUNK // 16 * width, words.size)
        if wrong >= 0:
            raise ValueError(f"buffer {wrong}: its words are no {n_values[wrong]} values of width {width}")
        page = np.empty(counts.sum(), np.uint16)
        unpack(words.view(np.uint8), buffer_starts, counts, 16, width, page.view(np.uint8), METHODS[LEVELS])
        return page


METHODS = {INLINE: 0, OUT_OF_LINE: 1, LEVELS: 2}


@njit(cache=True)
def fits(n_words: int, step: int, n_values: int) -> bool:
    """Return whether so many words are so many values, `step` words a chunk, with either kind of tail."""
    if n_values < 0:
        return False
    n_whole, n_tail = n_values // CHUNK, n_values % CHUNK
    rest = n_words - n_whole * step
    return rest == n_tail or (rest == step and n_tail > 0)


@njit(cache=True)
def first_bad_buffer(starts: np.ndarray, counts: np.ndarray, step: int, n_words: int) -> int:
    """Return the number of the first buffer whose place or length is wrong, or -1."""
    for b in range(counts.size):
        begin, end = starts[b], starts[b + 1]
        if begin < 0 or begin > end or end > n_words or counts[b] > MOST_LEVELS:
            return b
        if not fits(end - begin, step, counts[b]):
            return b
    return -1


@njit(cache=True)
def unpack(
    words: np.ndarray,
    starts: np.ndarray,
    counts: np.ndarray,
    bits: int,
    width: int,
    page: np.ndarray,
    method: int,
) -> int:
    """Write the values of every chunk or buffer into `page`; return the number of the first bad chunk, or -1.

    words   uint8[bits / 8 * N]
    starts  int64[C + 1]  in words, of chunks with headers, or of buffers without
    counts  int64[1], all values of chunks with headers; or int64[B], those of each buffer, which fit
    width   of all buffers; chunks with headers have their own
    page    uint8[bits / 8 * n_values], for OUT_OF_LINE 1,024 values more
    method  0 inline, 1 out of line, 2 levels

    One function for all three, so that Numba compiles the widths once.
    """
    word_bytes = bits // 8
    value_bytes = CHUNK * word_bytes
    lanes = CHUNK // bits
    done = 0  # values
    for item in range(starts.size - 1):
        begin, end = starts[item], starts[item + 1]
        source = at(words, begin * word_bytes)  # type: ignore[call-arg, var-annotated]
        target = at(page, done * word_bytes)
        if method == 0:
            if begin < 0 or begin >= end or end > words.size // word_bytes:
                return item
            header = np.uint64(0)
            for place in range(word_bytes):
                header |= np.uint64(source[place]) << np.uint64(8 * place)
            if header > np.uint64(bits):
                return item
            width = np.int64(header)
            if end - begin != 1 + lanes * width:
                return item
            n, n_packed, n_raw = min(CHUNK, counts[0] - done), 1, 0
            memory = allocate(value_bytes + VECTOR)
            own = aligned(memory)
            fill_with_zeros(own, value_bytes)
            copied = allocate((end - begin) * word_bytes)
            copy_bytes(source, copied, (end - begin) * word_bytes)
            source = after(copied, word_bytes)
        else:
            n = counts[item]
            n_packed, n_raw = n // CHUNK, n % CHUNK
            if end - begin != n_packed * lanes * width + n_raw:
                n_packed, n_raw = n_packed + 1, 0
            memory = target if method == 1 else allocate((n + CHUNK) * word_bytes + VECTOR)
            own = target if method == 1 else aligned(memory)
            copied = memory
        for c in range(n_packed):
            unpack_chunk(bits, width, after(source, c * PACKED_ROW * width), after(own, c * value_bytes))
        if n_raw > 0:
            tail = after(source, n_packed * PACKED_ROW * width)
            copy_bytes(tail, after(own, n_packed * value_bytes), n_raw * word_bytes)
        if method != 1:
            copy_bytes(own, target, n * word_bytes)
            free(memory)
        if method == 0:
            free(copied)
        done += n
    return -1


@intrinsic
def at(typing_context: Any, array: Any, position: Any) -> Any:
    """Return the address of the byte at `position`; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.gep(view.data, [arguments[1]])

    return BYTES(array, types.intp), generate


@intrinsic
def after(typing_context: Any, address: Any, n_bytes: Any) -> Any:
    """Return the address so many bytes after another."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.gep(arguments[0], [arguments[1]])

    return BYTES(BYTES, types.intp), generate


@intrinsic
def allocate(typing_context: Any, n_bytes: Any) -> Any:
    """Return the address of fresh memory by `malloc`, as Rust makes a vector; `free` must follow."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.nrt.allocate(builder, arguments[0])

    return BYTES(types.intp), generate


@intrinsic
def aligned(typing_context: Any, address: Any) -> Any:
    """Return the first multiple of 32 from an address on: `malloc` gives one by chance only."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        past = builder.neg(builder.ptrtoint(arguments[0], INT64))
        return builder.gep(arguments[0], [builder.and_(past, INT64(VECTOR - 1))])

    return BYTES(BYTES), generate


@intrinsic
def free(typing_context: Any, address: Any) -> Any:
    """Give back what `allocate` gave."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        context.nrt.free(builder, arguments[0])
        return context.get_dummy_value()

    return types.none(BYTES), generate


@intrinsic
def fill_with_zeros(typing_context: Any, target: Any, n_bytes: Any) -> Any:
    """Write zeros to so many bytes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        cgutils.memset(builder, arguments[0], arguments[1], 0)  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    return types.none(BYTES, types.intp), generate


@intrinsic
def copy_bytes(typing_context: Any, source: Any, target: Any, n_bytes: Any) -> Any:
    """Copy bytes between places that do not overlap, as Rust copies a slice."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        cgutils.raw_memcpy(builder, arguments[1], arguments[0], arguments[2], 1)  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    return types.none(BYTES, BYTES, types.intp), generate


@intrinsic
def unpack_chunk(typing_context: Any, bits: Any, width: Any, source: Any, target: Any) -> Any:
    """Write 1,024 values of `bits` bits to `target`, from 128 * width packed bytes at `source`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        places = arguments[2:]
        done = builder.append_basic_block("done")
        other = builder.append_basic_block("other")
        key = builder.add(builder.shl(arguments[0], INT64(8)), arguments[1])
        jump = builder.switch(key, other)
        for word_bits, widths in SPECIALISED.items():
            for packed_bits in widths:
                block = builder.append_basic_block(f"unpack_{word_bits}_{packed_bits}")
                jump.add_case(INT64(word_bits << 8 | packed_bits), block)
                builder.position_at_end(block)
                with cgutils.for_range(builder, INT64(N_VECTORS)) as loop:
                    unpack_lanes(builder, word_bits, packed_bits, places, loop.index)
                builder.branch(done)
        builder.position_at_end(other)
        unpack_rows(builder, arguments[1], places)
        builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.none(types.intp, types.intp, BYTES, BYTES), generate


def unpack_lanes(builder: Any, bits: int, width: int, places: Any, lane: Any) -> None:
    """Emit all rows of one vector of lanes, all shifts constant: as rustc does."""
    vector = ir.VectorType(ir.IntType(bits), 8 * VECTOR // bits)
    source, target = (
        builder.gep(builder.bitcast(place, vector.as_pointer()), [lane], inbounds=True) for place in places
    )

    def splat(number: int) -> Any:
        return ir.Constant(vector, [number] * vector.count)

    def load(word: int) -> Any:
        place = builder.gep(source, [INT64(N_VECTORS * word)], inbounds=True)
        return builder.load(place, align=1)

    word = load(0) if width > 0 else splat(0)
    for row in range(bits):
        first, shift = divmod(row * width, bits)
        after_row = (row + 1) * width // bits
        value = builder.lshr(word, splat(shift)) if shift > 0 else word
        if after_row > first and after_row < width:
            word = load(after_row)
            if shift + width > bits:
                value = builder.or_(value, builder.shl(word, splat(bits - shift)))
        if 0 < width < bits and shift + width != bits:
            value = builder.and_(value, splat(2**width - 1))
        row_at = (ORDER[row // 8] * 16 + row % 8 * 128) * bits // 8 // VECTOR
        builder.store(value, builder.gep(target, [INT64(row_at)], inbounds=True), align=1)


def unpack_rows(builder: Any, width: Any, places: Any) -> None:
    """Emit a loop over the rows of a chunk of 64 bits, for widths from 1 to 63 that are not constant."""
    bits = 64
    vector = ir.VectorType(INT64, 8 * VECTOR // bits)
    source, target = (builder.bitcast(place, vector.as_pointer()) for place in places)

    def splat(number: Any) -> Any:
        nothing = ir.Constant(vector, ir.Undefined)
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
        return builder.shuffle_vector(
            builder.insert_element(nothing, number, ir.IntType(32)(0)), nothing, zeros
        )

    mask = splat(builder.lshr(INT64(-1), builder.sub(INT64(bits), width)))
    with cgutils.for_range(builder, INT64(bits)) as loop:
        bit = builder.mul(loop.index, width)
        shift = builder.and_(bit, INT64(bits - 1))
        block = builder.shl(builder.lshr(loop.index, INT64(3)), INT64(2))
        order = builder.and_(builder.lshr(INT64(ORDER_NIBBLES), block), INT64(7))
        row_at = builder.add(
            builder.mul(order, INT64(16 * bits // 8 // VECTOR)),
            builder.mul(builder.and_(loop.index, INT64(7)), INT64(128 * bits // 8 // VECTOR)),
        )
        to = builder.gep(target, [row_at])
        low = builder.gep(source, [builder.mul(builder.lshr(bit, INT64(6)), INT64(N_VECTORS))])
        crosses = builder.icmp_unsigned(">", builder.add(shift, width), INT64(bits))
        down, up = splat(shift), splat(builder.sub(INT64(bits), shift))
        with builder.if_else(crosses) as (then, otherwise):
            for branch, n_words in ((then, 2), (otherwise, 1)):
                with branch:
                    for place in range(N_VECTORS):
                        value = builder.lshr(load_at(builder, low, place), down)
                        if n_words == 2:
                            high = load_at(builder, low, N_VECTORS + place)
                            value = builder.or_(value, builder.shl(high, up))
                        value = builder.and_(value, mask)
                        builder.store(value, builder.gep(to, [INT64(place)]), align=1)


def load_at(builder: Any, address: Any, place: int) -> Any:
    """Return the vector that lies `place` vectors after an address of any alignment."""
    return builder.load(builder.gep(address, [INT64(place)]), align=1)
