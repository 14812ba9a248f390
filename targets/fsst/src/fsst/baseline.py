"""What Lance does today with strings in FSST codes: the fixed yardstick.

A page is decoded chunk by chunk. Of each chunk the offsets are rebased and the codes copied, the table is
unpacked once more, a buffer of eight bytes for each code is filled with zeros, the strings are decoded into
it, and what came out is copied behind the strings of the chunks before. A batch is decoded into such a buffer
of its own, which is the answer. The loop over one string takes four codes at a time: a mask tells whether an
escape is among them; if none is, each symbol is stored with all its eight bytes and the next one begins where
it ends.

Lance refuses nothing of what this target calls corrupt. Here the lengths, less one, are ORed together, so
that one sign bit tells of a code without a symbol; an escape's byte must lie within its string; offsets are
compared as they are read. The timings beside Rust's, and what of Lance is left out, are in
docs/targets/fsst.md.

Cost: a step for each code and each string; a page's text is written three times, its codes twice.

Source: lance d2039d750, rust/compression/fsst/src/fsst.rs (decompress, FsstDecoder, decompress_bulk),
rust/lance-encoding/src/encodings/physical/fsst.rs (FsstMiniBlockDecompressor, FsstPerValueDecompressor),
rust/lance-encoding/src/encodings/physical/binary.rs (BinaryMiniBlockDecompressor),
rust/lance-encoding/src/data.rs (VariableWidthDataBlockBuilder).
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

ESCAPE = 255
TAG = 0x46535354  # the upper half of a table's first eight bytes
LIMIT = 2**31 - 1  # of an int32 offset
ALL_RIGHT, BAD_TABLE = -1, -2  # in place of the number of what is bad
INT8, INT32, INT64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)


class FsstKernel:
    """Strings out of one-byte codes and a table of symbols."""

    def decode(
        self, table: np.ndarray, codes: np.ndarray, offsets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the strings codes[offsets[i]:offsets[i + 1]] as (data uint8[total], offsets [n + 1] from 0).

        table    uint8[2312]
        codes    uint8[m]
        offsets  int32[n + 1] or int64[n + 1], of which the returned ones have the dtype

        Raises: ValueError naming `symbol table` or `string i`.
        """
        ends = np.empty(len(offsets), offsets.dtype)
        data = np.empty(8 * len(codes), np.uint8)
        bad = ALL_RIGHT
        if offsets.itemsize == 4 and len(data) > LIMIT:
            bad = first_string_beyond(table, codes, offsets)
        if bad == ALL_RIGHT:
            bad = decode_batch(table, codes, offsets, data, ends)
        if bad != ALL_RIGHT:
            raise refusal("string", bad)
        return data[: ends[-1]], ends

    def decode_page(
        self, table: np.ndarray, page: np.ndarray, chunk_starts: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the strings of all chunks page[chunk_starts[c]:chunk_starts[c + 1]] as (data, offsets).

        table         uint8[2312]
        page          uint8[p]
        chunk_starts  int64[n_chunks + 1]
        data          uint8[total]
        offsets       int32[n + 1], from 0

        Raises: ValueError naming `symbol table` or `chunk c`.
        """
        n_chunks, n_strings, n_codes, most_strings, most_codes = extents(table, page, chunk_starts)
        if 8 * most_codes > LIMIT and n_chunks > 0:
            n_chunks = first_chunk_beyond(table, page, chunk_starts, n_chunks)
        ends = np.empty(n_strings + 1, np.int32)
        data = np.empty(8 * n_codes, np.uint8)
        bad = decode_chunks(table, page, chunk_starts, n_chunks, most_strings, most_codes, data, ends)
        if bad != ALL_RIGHT:
            raise refusal("chunk", bad)
        return data[: ends[-1]], ends


def refusal(unit: str, bad: int) -> ValueError:
    """Return the error for a bad table, or for the string or chunk of that number."""
    if bad == BAD_TABLE:
        return ValueError("symbol table: expected its mark, a switch of 0 or 1 and lengths of 1 to 8")
    return ValueError(
        f"{unit} {bad}: expected offsets in order and in bounds, known codes, whole escapes, 2 GiB"
    )


@njit(cache=True)
def table_switch(table: np.ndarray) -> int:
    """Return the table's switch, 0 or 1, or -1 if the table is wrong."""
    header: np.uint64 = load_eight(table, 0)  # type: ignore[call-arg]
    switch = np.int64((header >> np.uint64(24)) & np.uint64(255))
    if np.int64(header >> np.uint64(32)) != TAG or switch > 1:
        return -1
    if switch == 1:
        n_symbols = np.int64(table[0])
        for code in range(n_symbols):
            if not 1 <= table[8 + 8 * n_symbols + code] <= 8:
                return -1
    return switch


@njit(cache=True)
def unpack(table: np.ndarray, symbols: np.ndarray, lengths: np.ndarray) -> None:
    """Write the table into uint64[256] and uint8[256]; codes without a symbol get the length 0."""
    n_symbols = np.int64(table[0])
    for code in range(256):
        symbols[code] = 0
        lengths[code] = 0
    for code in range(n_symbols):
        symbols[code] = load_eight(table, 8 + 8 * code)  # type: ignore[call-arg]
    for code in range(n_symbols):
        lengths[code] = table[8 + 8 * n_symbols + code]


@njit(cache=True)
def extents(table: np.ndarray, page: np.ndarray, chunk_starts: np.ndarray) -> tuple[int, int, int, int, int]:
    """Return (chunks, strings, codes, most strings in a chunk, most codes in one), up to the first bad chunk.

    A chunk is bad here if its bounds, its first offset or its last one are wrong. Lance knows these numbers
    from other parts of a file.
    """
    n_strings, n_codes, most_strings, most_codes = 0, 0, 0, 0
    if table_switch(table) < 0:
        return BAD_TABLE, n_strings, n_codes, most_strings, most_codes
    for c in range(len(chunk_starts) - 1):
        start, end = chunk_starts[c], chunk_starts[c + 1]
        if start < 0 or end < start or end > len(page) or end - start < 4:
            return c, n_strings, n_codes, most_strings, most_codes
        first: int = load_four(page, start)  # type: ignore[call-arg]
        if first < 4 or first % 4 != 0 or first > end - start:
            return c, n_strings, n_codes, most_strings, most_codes
        last: int = load_four(page, start + first - 4)
        if last < first or last > end - start:
            return c, n_strings, n_codes, most_strings, most_codes
        strings = first // 4 - 1
        n_strings += strings
        n_codes += last - first
        most_strings = max(most_strings, strings)
        most_codes = max(most_codes, last - first)
    return len(chunk_starts) - 1, n_strings, n_codes, most_strings, most_codes


@njit(cache=True)
def decode_chunks(
    table: np.ndarray,
    page: np.ndarray,
    chunk_starts: np.ndarray,
    n_chunks: int,
    most_strings: int,
    most_codes: int,
    data: np.ndarray,
    ends: np.ndarray,
) -> int:
    """Write the strings of the first n_chunks chunks into `data` and `ends`; return the first bad one or -1.

    Lance asks for its buffers chunk by chunk; here they are made once, as large as the largest chunk needs.
    """
    if n_chunks == BAD_TABLE:
        return BAD_TABLE
    symbols, lengths = np.empty(256, np.uint64), np.empty(256, np.uint8)
    bounds, own_ends = np.empty(most_strings + 1, np.int32), np.empty(most_strings + 1, np.int32)
    codes, text = np.empty(most_codes, np.uint8), np.empty(8 * most_codes, np.uint8)
    # As what a batch brings: for writable arrays the loop over strings would be compiled once more.
    own_codes: np.ndarray = sealed(codes)  # type: ignore[call-arg]
    own_bounds: np.ndarray = sealed(bounds)
    total, n_strings = 0, 0
    ends[0] = 0
    for c in range(n_chunks):
        start = chunk_starts[c]
        first: int = load_four(page, start)
        strings = first // 4 - 1
        falls = 0
        before = first
        for i in range(strings + 1):
            bound: int = load_four(page, start + 4 * i)
            falls |= bound - before
            bounds[i] = bound - first
            before = bound
        if falls < 0:
            return c
        n_codes = before - first
        copy(codes, 0, page, start + first, n_codes)
        if table[3] == 0:
            copy(text, 0, codes, 0, n_codes)
            copy(own_ends, 0, bounds, 0, 4 * (strings + 1))
        else:
            unpack(table, symbols, lengths)
            clear(text, 8 * n_codes)
            clear(own_ends, 4 * (strings + 1))
            bad = decode_strings(own_codes, own_bounds, strings, n_codes, symbols, lengths, text, own_ends)
            if bad >= 0:
                return c
        own_total = np.int64(own_ends[strings])
        if total + own_total > LIMIT:
            return c
        copy(data, total, text, 0, own_total)
        for i in range(strings):
            ends[n_strings + i + 1] = total + own_ends[i + 1]
        total += own_total
        n_strings += strings
    return ALL_RIGHT if n_chunks == len(chunk_starts) - 1 else n_chunks


@njit(cache=True)
def decode_batch(
    table: np.ndarray,
    codes: np.ndarray,
    offsets: np.ndarray,
    data: np.ndarray,
    ends: np.ndarray,
) -> int:
    """Write all strings into `data`, which has eight bytes for each code; return the first bad one or -1."""
    n = len(offsets) - 1
    switch = table_switch(table)
    if switch < 0:
        return BAD_TABLE
    if switch == 0:
        return copy_strings(codes, offsets, data, ends)
    symbols, lengths = np.empty(256, np.uint64), np.empty(256, np.uint8)
    unpack(table, symbols, lengths)
    clear(data, len(data))  # type: ignore[call-arg]
    clear(ends, ends.itemsize * (n + 1))
    return decode_strings(codes, offsets, n, len(codes), symbols, lengths, data, ends)


@njit(cache=True)
def copy_strings(codes: np.ndarray, offsets: np.ndarray, data: np.ndarray, ends: np.ndarray) -> int:
    """Write strings that are stored as they are into `data` and `ends`; return the first bad one or -1."""
    n = len(offsets) - 1
    before = np.int64(offsets[0])
    ends[0] = 0
    for i in range(n):
        end = np.int64(offsets[i + 1])
        if before < 0 or end < before or end > len(codes):
            return i
        ends[i + 1] = end - np.int64(offsets[0])
        before = end
    copy(data, 0, codes, np.int64(offsets[0]), before - np.int64(offsets[0]) if n > 0 else 0)  # type: ignore[call-arg]
    return -1


@njit(cache=True)
def first_string_beyond(table: np.ndarray, codes: np.ndarray, offsets: np.ndarray) -> int:
    """Return BAD_TABLE, the first string that is wrong or ends beyond 32 bits of text, or -1.

    Only called where eight bytes for each code would be too many, so that no other batch compiles it.
    """
    switch = table_switch(table)
    if switch < 0:
        return BAD_TABLE
    total = np.int64(0)
    for i in range(len(offsets) - 1):
        at, end = np.int64(offsets[i]), np.int64(offsets[i + 1])
        if at < 0 or end < at or end > len(codes):
            return i
        total += text_bytes(table, switch, codes, at, end)  # type: ignore[arg-type]
        if total > LIMIT:
            return i
    return ALL_RIGHT


@njit(cache=True)
def first_chunk_beyond(table: np.ndarray, page: np.ndarray, chunk_starts: np.ndarray, n_chunks: int) -> int:
    """Return the first of n_chunks chunks whose codes are wrong or stand for more than LIMIT, or n_chunks.

    Only called as `first_string_beyond` is. Where an escape ends a string within a chunk the count is wrong
    behind it; such a chunk is bad in any case, and nothing is written behind that string.
    """
    switch = table_switch(table)
    for c in range(n_chunks):
        start = chunk_starts[c]
        first: int = load_four(page, start)  # type: ignore[call-arg]
        last: int = load_four(page, start + first - 4)
        if text_bytes(table, switch, page, start + first, start + last) > LIMIT:
            return c
    return n_chunks


@njit(cache=True)
def text_bytes(table: np.ndarray, switch: int, codes: np.ndarray, at: int, end: int) -> int:
    """Return how long the text of codes[at:end] is, or more than LIMIT if the codes are wrong."""
    if switch == 0:
        return end - at
    n_symbols = np.int64(table[0])
    total: int = 0
    while at < end:
        code = np.int64(codes[at])
        if code == ESCAPE:
            total += 1
            at += 1
        elif code < n_symbols:
            total += table[8 + 8 * n_symbols + code]
        else:
            return LIMIT + 1
        at += 1
    return total if at == end else LIMIT + 1


@njit(cache=True)
def decode_strings(
    codes: np.ndarray,
    offsets: np.ndarray,
    n: int,
    n_codes: int,
    symbols: np.ndarray,
    lengths: np.ndarray,
    out: np.ndarray,
    ends: np.ndarray,
) -> int:
    """Write n strings into `out`, which has eight bytes for each of n_codes, and `ends`.

    Return the first string that is bad, or -1.
    """
    out_at = 0
    at = np.int64(offsets[0])
    ends[0] = 0
    for i in range(n):
        end = np.int64(offsets[i + 1])
        if at < 0 or end < at or end > n_codes:
            return i
        unknown = np.int64(0)  # below 0 after a length of 0
        while at + 4 <= end:
            four: int = load_four(codes, at)  # type: ignore[call-arg]
            mask = (four & 0x80808080) & ((((~four) & 0x7F7F7F7F) + 0x7F7F7F7F) ^ 0x80808080)
            first = trailing_zeros(mask) >> 3 if mask != 0 else 4
            if first >= 1:
                code = byte(codes, at)
                length = np.int64(lengths[code])
                store_eight(out, out_at, symbols[code])
                unknown |= length - 1
                out_at += length
            if first >= 2:
                code = byte(codes, at + 1)
                length = np.int64(lengths[code])
                store_eight(out, out_at, symbols[code])
                unknown |= length - 1
                out_at += length
            if first >= 3:
                code = byte(codes, at + 2)
                length = np.int64(lengths[code])
                store_eight(out, out_at, symbols[code])
                unknown |= length - 1
                out_at += length
            if first == 4:
                code = byte(codes, at + 3)
                length = np.int64(lengths[code])
                store_eight(out, out_at, symbols[code])
                unknown |= length - 1
                out_at += length
                at += 4
            else:
                at += first + 2
                if at > end:
                    return i
                store_one(out, out_at, byte(codes, at - 1))
                out_at += 1
        while at < end:
            last: np.uint8 = byte(codes, at)  # type: ignore[call-arg]
            at += 1
            if last == ESCAPE:
                if at == end:
                    return i
                store_one(out, out_at, byte(codes, at))
                at += 1
                out_at += 1
            else:
                length = np.int64(lengths[last])
                store_eight(out, out_at, symbols[last])
                unknown |= length - 1
                out_at += length
        if unknown < 0:
            return i
        ends[i + 1] = out_at
    return -1


def address(context: Any, builder: Any, signature: Any, arguments: Any, place: int, kind: Any) -> Any:
    """Return a pointer of `kind` into argument `place`, an array, at the byte that the next argument says."""
    view = context.make_array(signature.args[place])(context, builder, arguments[place])
    start = builder.bitcast(view.data, INT8.as_pointer())
    return builder.bitcast(builder.gep(start, [arguments[place + 1]]), kind.as_pointer())


@intrinsic
def load_four(typing_context: Any, array: Any, at: Any) -> Any:
    """Return the four bytes from a place on, as an int64 from 0 to 2**32 - 1; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loaded = builder.load(address(context, builder, signature, arguments, 0, INT32), align=1)
        return builder.zext(loaded, INT64)

    return types.int64(array, types.intp), generate


@intrinsic
def load_eight(typing_context: Any, array: Any, at: Any) -> Any:
    """Return the eight bytes from a place on, as a uint64; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(address(context, builder, signature, arguments, 0, INT64), align=1)

    return types.uint64(array, types.intp), generate


@intrinsic
def byte(typing_context: Any, array: Any, at: Any) -> Any:
    """Return the byte at a place; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(address(context, builder, signature, arguments, 0, INT8))

    return types.uint8(array, types.intp), generate


@intrinsic
def store_eight(typing_context: Any, array: Any, at: Any, value: Any) -> Any:
    """Write eight bytes at a place; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], address(context, builder, signature, arguments, 0, INT64), align=1)

    return types.void(array, types.intp, types.uint64), generate


@intrinsic
def store_one(typing_context: Any, array: Any, at: Any, value: Any) -> Any:
    """Write one byte at a place; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], address(context, builder, signature, arguments, 0, INT8))

    return types.void(array, types.intp, types.uint8), generate


@intrinsic
def sealed(typing_context: Any, array: Any) -> Any:
    """Return the same array, read-only."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        context.nrt.incref(builder, signature.args[0], arguments[0])
        return arguments[0]

    return array.copy(readonly=True)(array), generate


@intrinsic
def trailing_zeros(typing_context: Any, value: Any) -> Any:
    """Return how many bits below the lowest one that is set there are; not for 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@intrinsic
def copy(typing_context: Any, to: Any, to_at: Any, source: Any, source_at: Any, n_bytes: Any) -> Any:
    """Copy n_bytes bytes between two arrays that do not overlap, places counted in bytes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        there, here = (address(context, builder, signature, arguments, i, INT8) for i in (0, 2))
        cgutils.raw_memcpy(builder, there, here, arguments[4], 1)  # type: ignore[no-untyped-call]

    return types.void(to, types.intp, source, types.intp, types.intp), generate


@intrinsic
def clear(typing_context: Any, array: Any, n_bytes: Any) -> Any:
    """Write zeros into the first n_bytes bytes of an array."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        cgutils.memset(builder, view.data, arguments[1], 0)  # type: ignore[no-untyped-call]

    return types.void(array, types.intp), generate
