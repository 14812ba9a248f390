"""Right, and faster: whole rows at once, a hash of addresses, one search per offset."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

ALL = -1
ONE = np.uint64(1)
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: spreads neighbours over a table
MOST_BYTES = 2**31 - 1


class TakeKernel:
    def take_fixed(
        self, values: np.ndarray, validity: np.ndarray, indices: np.ndarray, index_validity: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        if indices.dtype == np.uint64:  # read-only again, so that nothing is compiled for this type
            narrow = np.minimum(indices, np.uint64(2**32 - 1)).astype(np.uint32)
            indices = np.frombuffer(narrow.tobytes(), np.uint32)
        m = indices.shape[0]
        taken = np.empty(m, values.dtype)
        wrong = take_values(values, indices, index_validity, taken)
        require_rows(wrong, indices, values.shape[0])
        has_bitmap = validity.shape[0] + index_validity.shape[0] > 0
        valid = np.empty((m + 7) // 8 if has_bitmap else 0, np.uint8)
        n_nulls = take_bits(validity, indices, index_validity, valid) if has_bitmap else 0
        return taken, valid if n_nulls > 0 else np.empty(0, np.uint8)

    def take_rows(self, vectors: np.ndarray, indices: np.ndarray) -> np.ndarray:
        taken = np.empty((indices.shape[0], vectors.shape[1]), np.float32)
        require_rows(take_rows(vectors, indices, taken), indices, vectors.shape[0])
        return taken

    def take_strings(
        self, offsets: np.ndarray, data: np.ndarray, indices: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        ends = np.empty(indices.shape[0] + 1, np.int32)
        wrong, total = add_up(offsets, data.shape[0], indices, ends)
        if wrong != ALL:
            raise ValueError(f"row {wrong}: expected a string inside the data, of 2**31 - 1 bytes in all")
        taken = np.empty(total, np.uint8)
        copy_strings(offsets, data, indices, ends, taken)
        return ends, taken

    def remap(self, returned: np.ndarray, requested: np.ndarray) -> np.ndarray:
        n_bits = max(4, int(2 * returned.shape[0]).bit_length())
        table = np.zeros((1 << n_bits, 2), np.uint64)
        positions = np.empty(requested.shape[0], np.uint32)
        return positions[: find(returned, requested, table, 64 - n_bits, positions)]

    def map_offsets(
        self,
        offsets: np.ndarray,
        fragment_ids: np.ndarray,
        n_rows: np.ndarray,
        deleted_starts: np.ndarray,
        deleted: np.ndarray,
    ) -> np.ndarray:
        firsts = np.empty(n_rows.shape[0] + 1, np.uint64)
        wrong = check_fragments(n_rows, deleted_starts, deleted, firsts)
        if wrong != ALL:
            raise ValueError(f"fragment {wrong}: expected up to 2**32 rows, the deleted ones ascending")
        addresses = np.empty(offsets.shape[0], np.uint64)
        locate(offsets, fragment_ids, firsts, deleted_starts, deleted, addresses)
        return addresses


def require_rows(wrong: int, indices: np.ndarray, n: int) -> None:
    if wrong != ALL:
        raise ValueError(f"row {wrong}: expected an index below {n}, got {indices[wrong]}")


@njit(cache=True)
def take_values(
    values: np.ndarray, indices: np.ndarray, index_validity: np.ndarray, taken: np.ndarray
) -> int:
    """Write values[indices] into `taken`, 0 under a null; return the first wrong row or ALL."""
    n = np.uint64(values.shape[0])
    zero = values.dtype.type(0)  # a plain 0 is an int64: of it and a uint64 Numba would choose a float64
    if index_validity.shape[0] == 0:
        for i in range(indices.shape[0]):
            index = np.uint64(indices[i])
            if index >= n:
                return i
            taken[i] = values[np.uintp(index)]
        return ALL
    for i in range(indices.shape[0]):
        index = np.uint64(indices[i])
        valid = is_set(index_validity, i)
        if index < n:
            taken[i] = values[np.uintp(index)] if valid else zero
        elif valid:
            return i
        else:
            taken[i] = zero
    return ALL


@njit(cache=True)
def take_bits(
    validity: np.ndarray, indices: np.ndarray, index_validity: np.ndarray, valid: np.ndarray
) -> int:
    """Write the bitmap of the rows taken into `valid`; return how many are null."""
    m = indices.shape[0]
    for byte in range(valid.shape[0]):
        valid[byte] = 0
    if validity.shape[0] == 0:
        for byte in range(valid.shape[0]):
            valid[byte] = index_validity[byte]
        if m % 8 > 0:
            valid[m // 8] &= (1 << m % 8) - 1
    else:
        for byte in range(valid.shape[0]):
            left = np.uint64(index_validity[byte] if index_validity.shape[0] > 0 else 255)
            if 8 * byte + 8 > m:
                left &= (ONE << np.uint64(m % 8)) - ONE
            while left != 0:
                bit = left & (~left + ONE)
                if is_set(validity, indices[8 * byte + n_ones(bit - ONE)]):  # type: ignore[call-arg]
                    valid[byte] |= bit
                left ^= bit
    n_valid = 0
    for byte in range(valid.shape[0]):
        n_valid += n_ones(np.uint64(valid[byte]))  # type: ignore[call-arg]
    return int(m - n_valid)


@njit(cache=True)
def is_set(bitmap: np.ndarray, row: Any) -> bool:
    """Return the bit of one row."""
    place = np.uintp(row)
    return bool((bitmap[place >> np.uintp(3)] >> (place & np.uintp(7))) & 1)


@njit(cache=True)
def take_rows(vectors: np.ndarray, indices: np.ndarray, taken: np.ndarray) -> int:
    """Whole rows, in one call of memcpy each."""
    n, dim = vectors.shape
    for i in range(indices.shape[0]):
        index = np.int64(indices[i])
        if index >= n:
            return i
        copy_bytes(taken, 4 * dim * i, vectors, 4 * dim * index, 4 * dim)  # type: ignore[call-arg]
    return ALL


@njit(cache=True)
def add_up(offsets: np.ndarray, n_bytes: int, indices: np.ndarray, ends: np.ndarray) -> tuple[int, int]:
    n = offsets.shape[0] - 1
    total = 0
    ends[0] = 0
    for i in range(indices.shape[0]):
        index = np.int64(indices[i])
        if index >= n:
            return i, 0
        start, end = np.int64(offsets[np.uintp(index)]), np.int64(offsets[np.uintp(index + 1)])
        total += end - start
        if start < 0 or start > end or end > n_bytes or total > MOST_BYTES:
            return i, 0
        ends[i + 1] = total
    return ALL, total


@njit(cache=True)
def copy_strings(
    offsets: np.ndarray, data: np.ndarray, indices: np.ndarray, ends: np.ndarray, taken: np.ndarray
) -> None:
    for i in range(indices.shape[0]):
        at = np.int64(ends[np.uintp(i)])
        length = np.int64(ends[np.uintp(i + 1)]) - at
        copy_bytes(taken, at, data, np.int64(offsets[np.uintp(indices[i])]), length)  # type: ignore[call-arg]


@njit(cache=True)
def find(
    returned: np.ndarray, requested: np.ndarray, table: np.ndarray, shift: int, positions: np.ndarray
) -> int:
    """A table of (address, place + 1), at most half full; of equal addresses the first goes in."""
    last = np.uint64(table.shape[0] - 1)
    for j in range(returned.shape[0]):
        address = returned[j]
        slot = address * SPREAD >> np.uint64(shift)
        while table[slot, 1] != 0 and table[slot, 0] != address:
            slot = (slot + ONE) & last
        if table[slot, 1] == 0:
            table[slot, 0], table[slot, 1] = address, np.uint64(j + 1)
    n_found = np.uintp(0)
    for i in range(requested.shape[0]):
        address = requested[i]
        slot = address * SPREAD >> np.uint64(shift)
        while table[slot, 1] != 0 and table[slot, 0] != address:
            slot = (slot + ONE) & last
        positions[n_found] = table[slot, 1] - ONE  # overwritten if it is missing
        n_found += np.uintp(table[slot, 1] != 0)
    return np.int64(n_found)


@njit(cache=True)
def check_fragments(
    n_rows: np.ndarray, deleted_starts: np.ndarray, deleted: np.ndarray, firsts: np.ndarray
) -> int:
    """Return the first wrong fragment or ALL, and leave in `firsts` how many rows live before each."""
    firsts[0] = 0
    for f in range(n_rows.shape[0]):
        start, end = deleted_starts[f], deleted_starts[f + 1]
        if n_rows[f] < 0 or n_rows[f] > 2**32 or start < 0 or start > end or end > deleted.shape[0]:
            return f
        n_falls = 0
        for i in range(start + 1, end):
            n_falls += deleted[np.uintp(i - 1)] >= deleted[np.uintp(i)]
        if n_falls > 0 or (start < end and np.int64(deleted[np.uintp(end - 1)]) >= n_rows[f]):
            return f
        firsts[f + 1] = firsts[f] + np.uint64(n_rows[f] - (end - start))
    return ALL


@njit(cache=True)
def locate(
    offsets: np.ndarray,
    fragment_ids: np.ndarray,
    firsts: np.ndarray,
    deleted_starts: np.ndarray,
    deleted: np.ndarray,
    addresses: np.ndarray,
) -> None:
    """A search by deleted[j] - j, which never falls: as many j have it up to k as rows are gone before k."""
    n_fragments = fragment_ids.shape[0]
    for i in range(offsets.shape[0]):
        offset = offsets[i]
        if offset >= firsts[n_fragments]:
            addresses[i] = ~np.uint64(0)
            continue
        f = 0
        while offset >= firsts[f + 1]:
            f += 1
        live = np.int64(offset - firsts[f])
        start, n = deleted_starts[f], deleted_starts[f + 1] - deleted_starts[f]
        low, left = 0, n
        while left > 0:
            half = left >> 1
            is_before = np.int64(deleted[np.uintp(start + low + half)]) - (low + half) <= live
            low = choose(is_before, low + half + 1, low)  # type: ignore[call-arg]
            left = choose(is_before, left - half - 1, half)  # type: ignore[call-arg]
        addresses[i] = np.uint64(fragment_ids[f]) << np.uint64(32) | np.uint64(live + low)


@intrinsic
def n_ones(typing_context: Any, value: Any) -> Any:
    """Return how many bits are set, as int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


@intrinsic
def choose(typing_context: Any, condition: Any, one: Any, other: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chosen = builder.select(*arguments)
        chosen.set_metadata("unpredictable", builder.module.add_metadata([]))
        return chosen

    return types.int64(types.boolean, types.int64, types.int64), generate


@intrinsic
def copy_bytes(typing_context: Any, target: Any, at: Any, source: Any, start: Any, length: Any) -> Any:
    """Copy bytes from one array to another, places counted in bytes; memcpy unless the length is constant."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        places = []
        for i in (0, 2):
            view = context.make_array(signature.args[i])(context, builder, arguments[i])
            first = builder.bitcast(view.data, ir.IntType(8).as_pointer())
            places.append(builder.gep(first, [arguments[i + 1]]))
        cgutils.raw_memcpy(builder, *places, arguments[4], 1)  # type: ignore[call-arg, no-untyped-call]
        return context.get_dummy_value()

    return types.void(target, types.intp, source, types.intp, types.intp), generate
