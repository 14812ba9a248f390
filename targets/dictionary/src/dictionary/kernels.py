"""Dictionary codes replaced by the values that they stand for.

The first version does what Lance does, as baseline.py has it: row after row, one call that
appends a range of one entry and copies as many bytes as it has with memcpy. Packed codes are
unpacked into an array first, 1,024 at a time. program.md says what may change.

Cost: n calls, n copies, the dictionary's offsets once; packed, every code is written three times.

Source: lance d2039d750, rust/lance-encoding/src/data.rs (DictionaryDataBlock::decode) and
rust/lance-encoding/src/encodings/physical/bitpacking.rs (InlineBitpacking::unchunk).
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

CHUNK_ROWS = 1024  # codes that are packed together
LANES = 32  # codes in a row of a chunk, and rows in a chunk
BLOCKS = (0, 4, 2, 6, 1, 5, 3, 7)  # where eight rows of a chunk begin, in sixteens of codes
MOST_BYTES = 2**31 - 1  # of all strings together: an offset is an int32
DONE, FULL, BAD = 0, 1, 2
LENGTH, CAPACITY, WIDTH, ROW = 0, 1, 2, 3  # what a builder keeps in memory from call to call


class DictionaryKernel:
    """Replaces codes by the values that they stand for; null rows have the value 0 or the empty string."""

    def decode_fixed(self, values: np.ndarray, codes: np.ndarray, validity: np.ndarray) -> np.ndarray:
        """Return dtype[n] or uint64[n, 2], the value of each row.

        values    uint8|16|32|64[card] or uint64[card, 2]
        codes     uint8|16|32[n]
        validity  uint8[ceil(n / 8)], the least significant bit first, or uint8[0] where no row is null

        Raises: ValueError that names the row and the chunk of the first code that no entry has.
        """
        found = np.empty((len(codes), *values.shape[1:]), values.dtype)
        width = found.itemsize * found[:1].size if len(codes) > 0 else 1
        state, (source, target) = np.empty(4, np.int64), (in_bytes(values), in_bytes(found))
        row = append_fixed(source, width, len(values), codes, validity, target, state)
        if row < len(codes):
            raise ValueError(bad_code(row, codes[row], len(values)))
        return found

    def decode_strings(
        self, offsets: np.ndarray, data: np.ndarray, codes: np.ndarray, validity: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return (int32[n + 1], uint8[total]): where each row's string begins, and all of them end to end.

        offsets   int32[card + 1]  entry e is data[offsets[e]:offsets[e + 1]]
        data      uint8[B]
        codes     uint8|16|32[n]
        validity  uint8[ceil(n / 8)] or uint8[0]

        Raises: ValueError that names the first wrong entry, else the row and the chunk of the first code that
            no entry has, or the chunk in which there are too many bytes.
        """
        n, card = len(codes), len(offsets) - 1
        entry, longest = check_entries(offsets, len(data))
        if entry < card:
            extent = f"{offsets[entry]}..{offsets[entry + 1]}"
            raise ValueError(f"entry {entry}: expected a part of 0..{len(data)}, got {extent}")
        if n * longest > MOST_BYTES:
            check_total(offsets, codes, validity)
        ends = np.empty(n + 1, np.int32)
        ends[0] = 0
        estimate = (data.nbytes + offsets.nbytes) * (n + card - 1) // card if card > 0 else 0
        joined = np.empty(max(1, min(estimate, MOST_BYTES)), np.uint8)
        state = np.empty(4, np.int64)
        row, outcome = 0, FULL
        while outcome == FULL:
            row, outcome = append_strings(offsets, data, codes, validity, row, ends, joined, state)
            if outcome == FULL:
                more = np.empty(2 * len(joined) + longest, np.uint8)
                more[: ends[row]] = joined[: ends[row]]
                joined = more
        if outcome == BAD:
            raise ValueError(bad_code(row, codes[row], card))
        return ends, joined[: ends[n]]

    def decode_packed_fixed(
        self,
        values: np.ndarray,
        words: np.ndarray,
        chunk_starts: np.ndarray,
        n_values: int,
        validity: np.ndarray,
    ) -> np.ndarray:
        """Return what `decode_fixed` does, from packed codes.

        words         uint32[N]     of each chunk of 1,024 codes its width in bits, then 32 words per bit
        chunk_starts  int64[C + 1]  chunk c is words[chunk_starts[c]:chunk_starts[c + 1]]
        n_values      int           rows; C must be ceil(n_values / 1024)

        Raises: ValueError as `decode_fixed` does, or one that names a chunk that is packed wrongly, or the
            last one if C is another number.
        """
        codes = self.unpack(words, chunk_starts, n_values)
        found = self.decode_fixed(values, codes, validity)  # an earlier fault is raised here
        if len(codes) < n_values:
            raise ValueError(bad_chunk(len(codes) // CHUNK_ROWS, words, chunk_starts))
        return found

    def decode_packed_strings(
        self,
        offsets: np.ndarray,
        data: np.ndarray,
        words: np.ndarray,
        chunk_starts: np.ndarray,
        n_values: int,
        validity: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what `decode_strings` does, from packed codes as `decode_packed_fixed` takes them.

        Raises: ValueError as `decode_strings` and `decode_packed_fixed` do.
        """
        codes = self.unpack(words, chunk_starts, n_values)
        found = self.decode_strings(offsets, data, codes, validity)
        if len(codes) < n_values:
            raise ValueError(bad_chunk(len(codes) // CHUNK_ROWS, words, chunk_starts))
        return found

    def unpack(self, words: np.ndarray, chunk_starts: np.ndarray, n_values: int) -> np.ndarray:
        """Return uint32[n], read-only: the codes of all chunks before the first that is packed wrongly.

        Raises: ValueError that names the last chunk, or chunk 0, if C is not ceil(n_values / 1024).
        """
        n_chunks = len(chunk_starts) - 1
        if n_values < 0 or n_chunks != -(-n_values // CHUNK_ROWS):
            last = max(n_chunks - 1, 0)
            raise ValueError(f"chunk {last}: {n_values} rows do not need {n_chunks} chunks")
        codes = np.empty(n_values, np.uint32)
        n = unpack(words, chunk_starts, np.empty(CHUNK_ROWS, np.uint32), codes)
        return np.broadcast_to(
            codes[:n], n
        )  # as read-only as codes that come from outside: one type for Numba


def in_bytes(array: np.ndarray) -> np.ndarray:
    """Return uint8[nbytes], a view of the same memory: one type for Numba in place of many."""
    return array.reshape(-1).view(np.uint8)


def bad_code(row: int, code: int, card: int) -> str:
    """Return what is wrong with a code."""
    return f"row {row} in chunk {row // CHUNK_ROWS}: expected a code below {card}, got {code}"


def bad_chunk(chunk: int, words: np.ndarray, chunk_starts: np.ndarray) -> str:
    """Return what is wrong with a chunk."""
    extent = f"{chunk_starts[chunk]}..{chunk_starts[chunk + 1]}"
    return f"chunk {chunk}: expected at most 32 bits in a part of 0..{len(words)}, got the part {extent}"


def check_total(offsets: np.ndarray, codes: np.ndarray, validity: np.ndarray) -> None:
    """Raise ValueError for the first chunk where a code is bad or the strings become too long for an offset.

    Seldom called: only where all rows together could be too long.
    """
    valid = np.ones(len(codes), bool)
    if len(validity) > 0:
        valid = np.unpackbits(validity, bitorder="little")[: len(codes)] == 1
    bad = valid & (codes >= len(offsets) - 1)
    lengths = np.append(np.diff(offsets.astype(np.int64)), 0)
    ends = np.cumsum(lengths[np.where(valid & ~bad, codes.astype(np.int64), -1)])
    beyond = int(np.searchsorted(ends, MOST_BYTES, side="right"))
    row = int(bad.argmax()) if bad.any() else len(codes)
    if row < len(codes) and row // CHUNK_ROWS <= beyond // CHUNK_ROWS:
        raise ValueError(bad_code(row, codes[row], len(offsets) - 1))
    if beyond < len(codes):
        raise ValueError(f"chunk {beyond // CHUNK_ROWS}: expected at most {MOST_BYTES} bytes, got more")


@njit(cache=True)
def check_entries(offsets: np.ndarray, n_bytes: int) -> tuple[int, int]:
    """Return (the first entry that is no part of 0..n_bytes, or card; the length of the longest one)."""
    longest = np.int64(0)
    wrong = np.int64(0)
    for e in range(offsets.shape[0] - 1):
        start, end = np.int64(offsets[e]), np.int64(offsets[e + 1])
        wrong |= start | (end - start) | (n_bytes - end)  # below 0 if one of them is
        longest = np.int64(max(longest, end - start))
    if wrong >= 0:
        return offsets.shape[0] - 1, int(longest)
    e = 0
    while 0 <= offsets[e] <= offsets[e + 1] <= n_bytes:
        e += 1
    return e, int(longest)


@njit(cache=True)
def append_fixed(
    values: np.ndarray,
    width: int,
    card: int,
    codes: np.ndarray,
    validity: np.ndarray,
    found: np.ndarray,
    state: np.ndarray,
) -> int:
    """Write the value of each row into `found`; return the row of the first bad code, or the number of rows.

    values, found  uint8[...]  the bytes of values of `width` bytes
    state          int64[4]    overwritten
    """
    n: int = codes.shape[0]
    state[LENGTH], state[CAPACITY], state[WIDTH] = 0, found.shape[0], width
    for row in range(n):
        if is_valid(validity, row):
            code = np.int64(codes[row])
            if code >= card:
                return row
            append_one_value(address(state), address(found), address(values), code)  # type: ignore[call-arg]
        else:
            for i in range(row * width, (row + 1) * width):
                found[i] = 0
            state[LENGTH] += width
    return n


@njit(cache=True)
def append_strings(
    offsets: np.ndarray,
    data: np.ndarray,
    codes: np.ndarray,
    validity: np.ndarray,
    start_row: int,
    ends: np.ndarray,
    joined: np.ndarray,
    state: np.ndarray,
) -> tuple[int, int]:
    """Append strings from `start_row` on while they fit; return the row after them, and DONE, FULL or BAD.

    ends    int32[n + 1]     in which ends[start_row] is where the next string begins
    joined  uint8[capacity]
    state   int64[4]         overwritten
    """
    n = ends.shape[0] - 1
    card = offsets.shape[0] - 1
    state[LENGTH], state[CAPACITY], state[ROW] = ends[start_row], joined.shape[0], start_row
    for row in range(start_row, n):
        if is_valid(validity, row):
            code = np.int64(codes[row])
            if code >= card:
                return row, BAD
            to = address(state), address(ends), address(joined)  # type: ignore[call-arg]
            dictionary = address(offsets), address(data)
            if not append_one_string(*to, *dictionary, code):
                return row, FULL
        else:
            state[ROW] += 1
            ends[state[ROW]] = state[LENGTH]
    return n, DONE


def append_values(state: Any, found: Any, values: Any, start: int, end: int) -> bool:
    """Append entries start..end of the dictionary; return whether there was room."""
    width = state[WIDTH]
    length, n_bytes = state[LENGTH], (end - start) * width
    if length + n_bytes > state[CAPACITY]:
        return False
    copy(found, length, values, start * width, n_bytes)  # type: ignore[call-arg]
    state[LENGTH] = length + n_bytes
    return True


def append_entries(state: Any, ends: Any, joined: Any, offsets: Any, data: Any, start: int, end: int) -> bool:
    """Append entries start..end of the dictionary, and where each ends; return whether there was room."""
    length = state[LENGTH]
    n_bytes = offsets[end] - offsets[start]
    if length + n_bytes > state[CAPACITY]:
        return False
    copy(joined, length, data, offsets[start], n_bytes)  # type: ignore[call-arg]
    state[LENGTH] = length + n_bytes
    row = state[ROW]
    for entry in range(start, end):
        length += offsets[entry + 1] - offsets[entry]
        row += 1
        ends[row] = length
    state[ROW] = row
    return True


@njit(cache=True)
def is_valid(validity: np.ndarray, row: int) -> bool:
    """Return whether a row is not null."""
    return bool(validity.shape[0] == 0 or validity[row >> 3] >> (row & 7) & 1 == 1)


@njit(cache=True)
def unpack(words: np.ndarray, chunk_starts: np.ndarray, block: np.ndarray, codes: np.ndarray) -> int:
    """Write all codes up to the first chunk that is packed wrongly; return how many rows that are.

    block  uint32[1024]  overwritten
    codes  uint32[n_values]
    """
    n: int = codes.shape[0]
    for chunk in range(chunk_starts.shape[0] - 1):
        start, end = chunk_starts[chunk], chunk_starts[chunk + 1]
        if not 0 <= start < end <= words.shape[0]:
            return chunk * CHUNK_ROWS
        width = words[start]
        if width > LANES or end - start != 1 + LANES * np.int64(width):
            return chunk * CHUNK_ROWS
        for i in range(CHUNK_ROWS):
            block[i] = 0
        if width > 0:
            unpack_chunk(words[start + 1 : end], width, block)
        start_row = chunk * CHUNK_ROWS
        for i in range(min(CHUNK_ROWS, n - start_row)):
            codes[start_row + i] = block[i]
    return n


@njit(cache=True)
def unpack_chunk(payload: np.ndarray, width: np.uint32, block: np.ndarray) -> None:
    """Write the 1,024 codes of a payload of 32 words per bit, row by row of 32 codes.

    width  1 to 32
    """
    mask = np.uint32(0xFFFFFFFF) >> np.uint32(LANES - width)
    for row in range(LANES):
        bit = row * np.int64(width)
        low = payload[bit // 32 * LANES :]
        shift = np.uint32(bit % 32)
        to = block[BLOCKS[row // 8] * 16 + row % 8 * 128 :]
        if bit % 32 + width <= 32:
            for lane in range(LANES):
                to[lane] = low[lane] >> shift & mask
        else:
            for lane in range(LANES):
                to[lane] = (low[lane] >> shift | low[LANES + lane] << np.uint32(32 - shift)) & mask


@intrinsic
def append_one_value(typing_context: Any, state: Any, found: Any, values: Any, code: Any) -> Any:
    """Call `append_values` for one entry, not inlined."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return called(context, builder, append_values, signature, arguments)

    return types.boolean(state, found, values, types.int64), generate


@intrinsic
def append_one_string(
    typing_context: Any, state: Any, ends: Any, joined: Any, offsets: Any, data: Any, code: Any
) -> Any:
    """Call `append_entries` for one entry, not inlined."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return called(context, builder, append_entries, signature, arguments)

    return types.boolean(state, ends, joined, offsets, data, types.int64), generate


def called(context: Any, builder: Any, append: Any, signature: Any, arguments: Any) -> Any:
    """Return what `append` returns for the range of one entry, which is the last of `arguments`.

    A range, because Lance's builder takes one and cannot know that it has one entry.
    """
    of_range = types.boolean(*signature.args, types.int64)
    compiled = context.compile_subroutine(builder, append, of_range)
    function = context.declare_function(builder.module, compiled.fndesc)
    after = builder.add(arguments[-1], ir.Constant(ir.IntType(64), 1))
    _, appended = context.call_conv.call_function(
        builder, function, of_range.return_type, of_range.args, [*arguments, after], attrs=("noinline",)
    )
    return appended


@intrinsic
def address(typing_context: Any, array: Any) -> Any:
    """Return the address of the first element of an array."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), generate  # type: ignore[no-untyped-call]


@intrinsic
def copy(typing_context: Any, to: Any, to_at: Any, source: Any, source_at: Any, n_bytes: Any) -> Any:
    """Copy n_bytes from one address into another, by a call of memcpy; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        target, source = builder.gep(arguments[0], [arguments[1]]), builder.gep(arguments[2], [arguments[3]])
        cgutils.raw_memcpy(builder, target, source, arguments[4], 1)  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    return types.void(to, types.intp, source, types.intp, types.intp), generate
