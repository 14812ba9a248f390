"""Right, and faster: codes are checked first, strings sized, then all is moved in registers, not by calls."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

CHUNK_ROWS = 1024
LANES = 32
BLOCKS = (0, 4, 2, 6, 1, 5, 3, 7)
MOST_BYTES = 2**31 - 1


class DictionaryKernel:
    def decode_fixed(self, values: np.ndarray, codes: np.ndarray, validity: np.ndarray) -> np.ndarray:
        n, card = len(codes), len(values)
        found = np.empty((n, *values.shape[1:]), values.dtype)
        width = found.itemsize * found[:1].size if n > 0 else 1
        row = gather(
            values.reshape(-1).view(np.uint8), width, card, codes, validity, found.reshape(-1).view(np.uint8)
        )
        if row < n:
            raise ValueError(bad_code(row, codes[row], card))
        return found

    def decode_strings(
        self, offsets: np.ndarray, data: np.ndarray, codes: np.ndarray, validity: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        n, card = len(codes), len(offsets) - 1
        entry = first_wrong(offsets, len(data))
        if entry < card:
            raise ValueError(f"entry {entry}: expected a part of 0..{len(data)}, got {offsets[entry]}..")
        ends = np.empty(n + 1, np.int32)
        row, total = sizes(offsets, codes, validity, ends)
        if total > MOST_BYTES:
            raise ValueError(f"chunk {row // CHUNK_ROWS}: expected at most {MOST_BYTES} bytes, got more")
        if row < n:
            raise ValueError(bad_code(row, codes[row], card))
        joined = np.empty(total, np.uint8)
        move(offsets, data, codes, ends, joined)
        return ends, joined

    def decode_packed_fixed(
        self,
        values: np.ndarray,
        words: np.ndarray,
        chunk_starts: np.ndarray,
        n_values: int,
        validity: np.ndarray,
    ) -> np.ndarray:
        codes = unpacked(words, chunk_starts, n_values)
        found = self.decode_fixed(values, codes, validity)
        if len(codes) < n_values:
            raise ValueError(f"chunk {len(codes) // CHUNK_ROWS}: expected another width or extent")
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
        codes = unpacked(words, chunk_starts, n_values)
        found = self.decode_strings(offsets, data, codes, validity)
        if len(codes) < n_values:
            raise ValueError(f"chunk {len(codes) // CHUNK_ROWS}: expected another width or extent")
        return found


def bad_code(row: int, code: int, card: int) -> str:
    return f"row {row} in chunk {row // CHUNK_ROWS}: expected a code below {card}, got {code}"


def unpacked(words: np.ndarray, chunk_starts: np.ndarray, n_values: int) -> np.ndarray:
    """Return all codes up to the first wrong chunk, read-only, as those are that come from outside."""
    n_chunks = len(chunk_starts) - 1
    if n_values < 0 or n_chunks != -(-n_values // CHUNK_ROWS):
        raise ValueError(f"chunk {max(n_chunks - 1, 0)}: {n_values} rows do not need {n_chunks} chunks")
    codes = np.empty(-(-n_values // CHUNK_ROWS) * CHUNK_ROWS, np.uint32)
    n = min(unpack(words, chunk_starts, codes) * CHUNK_ROWS, n_values)
    return np.broadcast_to(codes[:n], n)


@njit(cache=True)
def gather(
    values: np.ndarray, width: int, card: int, codes: np.ndarray, validity: np.ndarray, found: np.ndarray
) -> int:
    n = codes.shape[0]
    if validity.shape[0] > 0:
        for row in range(n):
            if validity[row >> 3] >> (row & 7) & 1 == 0:
                for i in range(row * width, (row + 1) * width):
                    found[i] = 0
                continue
            code = np.int64(codes[row])
            if code >= card:
                return row
            move_value(found, row * width, values, code * width, width)
        return n
    largest = np.uint32(0)
    for row in range(n):
        largest = max(largest, np.uint32(codes[row]))
    if n > 0 and largest >= card:
        row = 0
        while codes[row] < card:
            row += 1
        return row
    if width == 1:
        for row in range(n):
            found[np.uintp(row)] = values[np.uintp(codes[row])]
    elif width == 16:
        for row in range(n):
            move_16(found, row * 16, values, np.int64(codes[row]) * 16)  # type: ignore[call-arg]
    else:
        for row in range(n):
            move_value(found, row * width, values, np.int64(codes[row]) * width, width)
    return n


@njit(cache=True, inline="always")
def move_value(found: np.ndarray, to: int, values: np.ndarray, start: int, width: int) -> None:
    if width == 16:
        move_16(found, to, values, start)  # type: ignore[call-arg]
    elif width == 8:
        move_8(found, to, values, start)  # type: ignore[call-arg]
    elif width == 4:
        move_4(found, to, values, start)  # type: ignore[call-arg]
    else:
        for i in range(width):
            found[to + i] = values[start + i]


@njit(cache=True)
def first_wrong(offsets: np.ndarray, n_bytes: int) -> int:
    wrong = np.int64(0)
    for e in range(offsets.shape[0] - 1):
        start, end = np.int64(offsets[e]), np.int64(offsets[e + 1])
        wrong |= start | (end - start) | (n_bytes - end)  # below 0 if one of them is
    if wrong >= 0:
        return offsets.shape[0] - 1
    e = 0
    while 0 <= offsets[e] <= offsets[e + 1] <= n_bytes:
        e += 1
    return e


@njit(cache=True)
def sizes(offsets: np.ndarray, codes: np.ndarray, validity: np.ndarray, ends: np.ndarray) -> tuple[int, int]:
    """Write where each string ends; return (rows, total), or a bad row, or one of too long a chunk."""
    n = codes.shape[0]
    card = offsets.shape[0] - 1
    total = np.int64(0)
    ends[0] = 0
    for start_row in range(0, n, CHUNK_ROWS):
        for row in range(start_row, min(start_row + CHUNK_ROWS, n)):
            if validity.shape[0] == 0 or validity[row >> 3] >> (row & 7) & 1 == 1:
                code = np.int64(codes[row])
                if code >= card:
                    return row, 0
                total += np.int64(offsets[np.uintp(code + 1)]) - np.int64(offsets[np.uintp(code)])
            ends[row + 1] = total
        if total > MOST_BYTES:
            return start_row, total
    return n, total


@njit(cache=True)
def move(
    offsets: np.ndarray, data: np.ndarray, codes: np.ndarray, ends: np.ndarray, joined: np.ndarray
) -> None:
    """Write all strings, 16 bytes at a time; the next string overwrites what was too much."""
    n = codes.shape[0]
    last_to, last_start = joined.shape[0] - 64, data.shape[0] - 64
    for row in range(n):
        to = np.int64(ends[row])
        length = np.int64(ends[row + 1]) - to
        if length == 0:  # a null, whatever its code, or empty
            continue
        start = np.int64(offsets[np.uintp(codes[row])])
        if to <= last_to and start <= last_start and length <= 64:
            move_16(joined, to, data, start)  # type: ignore[call-arg]
            if length > 16:
                move_16(joined, to + 16, data, start + 16)  # type: ignore[call-arg]
                if length > 32:
                    move_16(joined, to + 32, data, start + 32)  # type: ignore[call-arg]
                    move_16(joined, to + 48, data, start + 48)  # type: ignore[call-arg]
        else:
            for i in range(length):
                joined[to + i] = data[start + i]


@njit(cache=True)
def unpack(words: np.ndarray, chunk_starts: np.ndarray, codes: np.ndarray) -> int:
    """Write the codes of all chunks before the first wrong one; return its number."""
    for chunk in range(chunk_starts.shape[0] - 1):
        start, end = chunk_starts[chunk], chunk_starts[chunk + 1]
        if not 0 <= start < end <= words.shape[0]:
            return chunk
        width = words[start]
        if width > LANES or end - start != 1 + LANES * np.int64(width):
            return chunk
        block = codes[chunk * CHUNK_ROWS : (chunk + 1) * CHUNK_ROWS]
        if width == 0:
            for i in range(CHUNK_ROWS):
                block[i] = 0
        else:
            unpack_chunk(words[start + 1 : end], width, block)
    return chunk_starts.shape[0] - 1


@njit(cache=True)
def unpack_chunk(payload: np.ndarray, width: np.uint32, block: np.ndarray) -> None:
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
def move_4(typing_context: Any, to: Any, to_at: Any, source: Any, source_at: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return moved(context, builder, signature, arguments, ir.IntType(32))

    return types.void(to, types.intp, source, types.intp), generate


@intrinsic
def move_8(typing_context: Any, to: Any, to_at: Any, source: Any, source_at: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return moved(context, builder, signature, arguments, ir.IntType(64))

    return types.void(to, types.intp, source, types.intp), generate


@intrinsic
def move_16(typing_context: Any, to: Any, to_at: Any, source: Any, source_at: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return moved(context, builder, signature, arguments, ir.VectorType(ir.IntType(8), 16))

    return types.void(to, types.intp, source, types.intp), generate


def moved(context: Any, builder: Any, signature: Any, arguments: Any, kind: Any) -> Any:
    """Load and store one `kind`, at any alignment."""
    places = []
    for position in (0, 2):
        view = context.make_array(signature.args[position])(context, builder, arguments[position])
        place = builder.gep(view.data, [arguments[position + 1]])
        places.append(builder.bitcast(place, kind.as_pointer()))
    builder.store(builder.load(places[1], align=1), places[0], align=1)
    return context.get_dummy_value()
