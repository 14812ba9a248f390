"""Right, and faster: codes are decoded across the ends of strings, straight into the answer.

Where each code's text begins is written down as it goes, and each string's end is looked up there afterwards:
no loop ends with a string. A byte after an escape is no place where a string may begin, and is marked.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

ESCAPE = 255
TAG = 0x46535354
LIMIT = 2**31 - 1
ALL_RIGHT, BAD_TABLE = -1, -2
INT8, INT32, INT64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)


class FsstKernel:
    def decode(
        self, table: np.ndarray, codes: np.ndarray, offsets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        ends = np.empty(len(offsets), offsets.dtype)
        data = np.empty(8 * len(codes), np.uint8)
        total = decode_batch(table, codes, offsets, data, ends)
        if total < 0 or (offsets.itemsize == 4 and total > LIMIT):
            raise refusal("string", BAD_TABLE if total == BAD_TABLE else first_bad(table, codes, offsets))
        return data[:total], ends

    def decode_page(
        self, table: np.ndarray, page: np.ndarray, chunk_starts: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        n_strings, n_codes, most_codes = extents(page, chunk_starts)
        ends = np.empty(n_strings + 1, np.int32)
        data = np.empty(8 * n_codes, np.uint8)
        bad = decode_chunks(table, page, chunk_starts, most_codes, data, ends)
        if bad != ALL_RIGHT:
            raise refusal("chunk", bad)
        return data[: ends[-1]], ends


def refusal(unit: str, bad: int) -> ValueError:
    return ValueError("symbol table: wrong" if bad == BAD_TABLE else f"{unit} {bad}: wrong")


@njit(cache=True)
def extents(page: np.ndarray, chunk_starts: np.ndarray) -> tuple[int, int, int]:
    """Return how many strings and codes there are up to the first chunk whose ends are wrong, and in one."""
    n_strings, n_codes, most_codes = 0, 0, 0
    for c in range(len(chunk_starts) - 1):
        start, end = chunk_starts[c], chunk_starts[c + 1]
        if start < 0 or end < start or end > len(page) or end - start < 4:
            break
        first: int = load_four(page, start)  # type: ignore[call-arg]
        if first < 4 or first % 4 != 0 or first > end - start:
            break
        last = load_four(page, start + first - 4)
        if last < first or last > end - start:
            break
        n_strings += first // 4 - 1
        n_codes += last - first
        most_codes = max(most_codes, last - first)
    return n_strings, n_codes, most_codes


@njit(cache=True)
def decode_chunks(
    table: np.ndarray,
    page: np.ndarray,
    chunk_starts: np.ndarray,
    most_codes: int,
    data: np.ndarray,
    ends: np.ndarray,
) -> int:
    if table_switch(table) < 0:
        return BAD_TABLE
    symbols, lengths = np.empty(256, np.uint64), np.empty(256, np.uint8)
    unpack(table, symbols, lengths)
    places = np.empty(most_codes + 2, np.int64)
    total, n_strings = np.int64(0), 0
    ends[0] = 0
    for c in range(len(chunk_starts) - 1):
        start, end = chunk_starts[c], chunk_starts[c + 1]
        if start < 0 or end < start or end > len(page) or end - start < 4:
            return c
        first: int = load_four(page, start)  # type: ignore[call-arg]
        if first < 4 or first % 4 != 0 or first > end - start:
            return c
        last = load_four(page, start + first - 4)
        if last < first or last > end - start:
            return c
        total = stream(page, start + first, last - first, table[3], symbols, lengths, data, total, places)
        if total < 0 or total > LIMIT:
            return c
        wrong, before = np.int64(0), first
        for i in range(1, first // 4):
            bound = load_four(page, start + 4 * i)
            wrong |= (bound - before) | (last - bound)
            bound = min(max(bound, first), last)
            place = np.int64(load_eight(places, 8 * (bound - first)))
            wrong |= place
            ends[n_strings + i] = place
            before = bound
        if wrong < 0:
            return c
        n_strings += first // 4 - 1
    return ALL_RIGHT


@njit(cache=True)
def decode_batch(
    table: np.ndarray, codes: np.ndarray, offsets: np.ndarray, data: np.ndarray, ends: np.ndarray
) -> int:
    """Return how long the text is, or a number below 0 if something is wrong."""
    if table_switch(table) < 0:
        return BAD_TABLE
    symbols, lengths = np.empty(256, np.uint64), np.empty(256, np.uint8)
    unpack(table, symbols, lengths)
    first, last = np.int64(offsets[0]), np.int64(offsets[-1])
    ends[0] = 0
    if len(offsets) == 1:
        return 0
    if first < 0 or last < first or last > len(codes):
        return -1
    places = np.empty(last - first + 2, np.int64)
    total = stream(codes, first, last - first, table[3], symbols, lengths, data, 0, places)
    if total < 0:
        return -1
    wrong, before = np.int64(0), first
    for i in range(1, len(offsets)):
        bound = np.int64(offsets[i])
        wrong |= (bound - before) | (last - bound)
        before = bound
        bound = min(max(bound, first), last)
        place = np.int64(load_eight(places, 8 * (bound - first)))
        wrong |= place
        ends[i] = place
    return total if wrong >= 0 else -1


@njit(cache=True)
def stream(
    codes: np.ndarray,
    start: int,
    n: int,
    switch: int,
    symbols: np.ndarray,
    lengths: np.ndarray,
    data: np.ndarray,
    out_at: int,
    places: np.ndarray,
) -> int:
    """Decode n codes into `data` and write where each one's text begins, -1 for the byte after an escape.

    Return where the text ends, or -1 for a code without a symbol or an escape at the end.
    """
    unknown = np.int64(0)
    at = 0
    if switch == 0:
        for i in range(n):
            store_one(data, out_at + i, byte(codes, start + i))
            store_eight(places, 8 * i, np.uint64(out_at + i))
        at = n
        out_at += n
    while at < n:
        if at + 4 <= n:
            four: int = load_four(codes, start + at)  # type: ignore[call-arg]
            if (four & 0x80808080) & ((((~four) & 0x7F7F7F7F) + 0x7F7F7F7F) ^ 0x80808080) == 0:
                for shift in (0, 8, 16, 24):
                    code = (four >> shift) & 255
                    length = np.int64(byte(lengths, code))
                    store_eight(data, out_at, load_eight(symbols, 8 * code))
                    store_eight(places, 8 * at, np.uint64(out_at))
                    unknown |= length - 1
                    out_at += length
                    at += 1
                continue
        one = np.int64(byte(codes, start + at))
        store_eight(places, 8 * at, np.uint64(out_at))
        if one != ESCAPE:
            length = np.int64(byte(lengths, one))
            store_eight(data, out_at, load_eight(symbols, 8 * one))
            unknown |= length - 1
            out_at += length
            at += 1
            continue
        if at + 1 == n:
            return -1
        store_one(data, out_at, byte(codes, start + at + 1))
        places[at + 1] = -1
        out_at += 1
        at += 2
    places[n] = out_at
    return -1 if unknown < 0 else out_at


@njit(cache=True)
def first_bad(table: np.ndarray, codes: np.ndarray, offsets: np.ndarray) -> int:
    """Return the first string that is wrong, of strings of which one is."""
    n_symbols = np.int64(table[0])
    total = 0
    for i in range(len(offsets) - 1):
        at, end = np.int64(offsets[i]), np.int64(offsets[i + 1])
        if at < 0 or end < at or end > len(codes):
            return i
        while table[3] == 1 and at < end:
            code = np.int64(codes[at])
            if code != ESCAPE and code >= n_symbols:
                return i
            total += 1 if code == ESCAPE else np.int64(table[8 + 8 * n_symbols + code])
            at += 2 if code == ESCAPE else 1
        if at > end or total > LIMIT:
            return i
    return -1


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
