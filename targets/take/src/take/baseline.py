"""What Lance does today to take rows and to find where they are: the fixed yardstick.

Values are taken by arrow's `take`, one by one with a test of each index; the bitmap in a second pass. Of
vectors it first writes the numbers of all elements, then takes element by element. Of strings it adds up the
lengths, then calls memcpy row by row. Addresses that come back from a read are found by a scan of all of
them for each request, so `remap` is quadratic. Offsets are sorted and carried through the fragments, and in
each one a live row is found by bisection, with a count of the deleted rows up to each probe.

Other than in Lance: an index out of range panics there and is reported here; under a null index is 0 here;
that strings lie in the data and deleted rows ascend, Lance checks when it reads a file, and here each call
does. Lance keeps deleted rows in a roaring bitmap, which counts by a binary search or by the ones of some
words; here they are sorted numbers. The sort is NumPy's.

Cost: a test per element; u comparisons per request, half of it where it is found; a sort, and log2(D)**2
steps per offset for D deleted rows. docs/targets/take.md has the times of the same loops in Rust.

Source: lance d2039d750, rust/lance/src/dataset/take.rs (do_take_rows, row_offsets_to_row_addresses),
rust/lance-core/src/utils/deletion.rs (OffsetMapper); arrow-rs 56.2, arrow-select/src/take.rs.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

ALL = -1  # what is returned in place of the first wrong row where none is wrong
MOST_BYTES = 2**31 - 1
MOST_ROWS = 2**32
ONE = np.uint64(1)
NOWHERE = np.uint64(2**64 - 1)  # the address of a row that does not exist
INT64 = ir.IntType(64)

Integer = Any  # of NumPy: Numba computes with its width and sign, which mypy need not follow


class TakeKernel:
    """Rows by number: values with nulls, vectors, strings; addresses of rows."""

    def take_fixed(
        self, values: np.ndarray, validity: np.ndarray, indices: np.ndarray, index_validity: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return (values, validity) of the rows at `indices`; see program.md for types and errors."""
        m = indices.shape[0]
        taken = np.empty(m, values.dtype)
        wrong = take_values(values, indices, index_validity, taken)
        require_rows(wrong, indices, values.shape[0])
        has_bitmap = validity.shape[0] + index_validity.shape[0] > 0
        valid = np.empty((m + 7) // 8 if has_bitmap else 0, np.uint8)
        n_nulls = take_bits(validity, indices, index_validity, valid) if has_bitmap else 0
        return taken, valid if n_nulls > 0 else np.empty(0, np.uint8)

    def take_rows(self, vectors: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """Return float32[m, dim], the vectors at `indices`."""
        n, dim = vectors.shape
        m = indices.shape[0]
        children = np.empty(m * dim, np.uint32)
        require_rows(expand(indices, n, dim, children), indices, n)
        taken = np.empty((m, dim), np.float32)
        wrong = take_elements(
            vectors.reshape(-1).view(np.uint32), children, taken.reshape(-1).view(np.uint32)
        )
        require_rows(wrong // dim if wrong >= 0 else ALL, indices, n)
        return taken

    def take_strings(
        self, offsets: np.ndarray, data: np.ndarray, indices: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return (offsets, data) of the strings at `indices`."""
        ends = np.empty(indices.shape[0] + 1, np.int32)
        wrong, total = add_up(offsets, data.shape[0], indices, ends)
        if wrong != ALL:
            raise ValueError(
                f"row {wrong}: expected a string inside the data, of at most 2**31 - 1 bytes in all"
            )
        taken = np.empty(total, np.uint8)
        copy_strings(offsets, data, indices, taken)
        return ends, taken

    def remap(self, returned: np.ndarray, requested: np.ndarray) -> np.ndarray:
        """Return uint32[k], the positions in `returned` of those of `requested` that are there."""
        positions = np.empty(requested.shape[0], np.uint32)
        return positions[: find(returned, requested, positions)]

    def map_offsets(
        self,
        offsets: np.ndarray,
        fragment_ids: np.ndarray,
        n_rows: np.ndarray,
        deleted_starts: np.ndarray,
        deleted: np.ndarray,
    ) -> np.ndarray:
        """Return uint64[m], the address of each offset."""
        wrong = check_fragments(n_rows, deleted_starts, deleted)
        if wrong != ALL:
            raise ValueError(
                f"fragment {wrong}: expected 0 to 2**32 rows, the deleted ones ascending and below"
            )
        order, addresses = np.argsort(offsets, kind="stable"), np.empty(offsets.shape[0], np.uint64)
        walk(offsets, order, fragment_ids, n_rows, deleted_starts, deleted, addresses)
        return addresses


def require_rows(wrong: int, indices: np.ndarray, n: int) -> None:
    """Do nothing if `wrong` is ALL; ValueError that names the row otherwise."""
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
def is_set(bitmap: np.ndarray, row: Integer) -> bool:
    """Return the bit of one row."""
    place = np.uintp(row)
    return bool((bitmap[place >> np.uintp(3)] >> (place & np.uintp(7))) & 1)


@njit(cache=True)
def expand(indices: np.ndarray, n: int, dim: int, children: np.ndarray) -> int:
    """Write the numbers of all elements of the vectors at `indices`; return the first wrong row or ALL."""
    at = np.uintp(0)
    for i in range(indices.shape[0]):
        index = np.int64(indices[i])
        if index >= n:
            return i
        first = np.uint32(index * dim)
        for j in range(dim):
            children[at + np.uintp(j)] = first + np.uint32(j)
        at += np.uintp(dim)
    return ALL


@njit(cache=True)
def take_elements(elements: np.ndarray, children: np.ndarray, taken: np.ndarray) -> int:
    """Write elements[children] into `taken`; return the first wrong place or ALL."""
    n = np.uint64(elements.shape[0])
    for i in range(children.shape[0]):
        child = np.uint64(children[i])
        if child >= n:
            return i
        taken[i] = elements[np.uintp(child)]
    return ALL


@njit(cache=True)
def add_up(offsets: np.ndarray, n_bytes: int, indices: np.ndarray, ends: np.ndarray) -> tuple[int, Integer]:
    """Write where each string ends; return the first wrong row or ALL, and how many bytes there are."""
    n = offsets.shape[0] - 1
    total = np.int64(0)
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
def copy_strings(offsets: np.ndarray, data: np.ndarray, indices: np.ndarray, taken: np.ndarray) -> None:
    """Write the strings at `indices` into `taken`, a call of memcpy each."""
    at = 0
    for i in range(indices.shape[0]):
        index = np.uintp(indices[i])
        start = np.int64(offsets[index])
        length = np.int64(offsets[index + np.uintp(1)]) - start
        copy_bytes(taken, at, data, start, length)  # type: ignore[call-arg]
        at += length


@njit(cache=True)
def find(returned: np.ndarray, requested: np.ndarray, positions: np.ndarray) -> int:
    """Write the position of each request that is among the returned ones; return how many there are."""
    n_found = 0
    for i in range(requested.shape[0]):
        place: Integer = position(returned, requested[i])  # type: ignore[call-arg]
        if place >= 0:
            positions[np.uintp(n_found)] = place
            n_found += 1
    return n_found


@njit(cache=True)
def check_fragments(n_rows: np.ndarray, deleted_starts: np.ndarray, deleted: np.ndarray) -> int:
    """Return the first fragment whose rows or deleted rows cannot be, or ALL."""
    for f in range(n_rows.shape[0]):
        start, end = deleted_starts[f], deleted_starts[f + 1]
        if n_rows[f] < 0 or n_rows[f] > MOST_ROWS or start < 0 or start > end or end > deleted.shape[0]:
            return f
        n_falls = 0
        for i in range(start + 1, end):
            n_falls += deleted[np.uintp(i - 1)] >= deleted[np.uintp(i)]
        if n_falls > 0 or (start < end and np.int64(deleted[np.uintp(end - 1)]) >= n_rows[f]):
            return f
    return ALL


@njit(cache=True)
def walk(
    offsets: np.ndarray,
    order: np.ndarray,
    fragment_ids: np.ndarray,
    n_rows: np.ndarray,
    deleted_starts: np.ndarray,
    deleted: np.ndarray,
    addresses: np.ndarray,
) -> None:
    """Write the address of each offset, the offsets in ascending order, fragment after fragment.

    The first guess is the offset and the deleted rows before the last one found; `left` never goes back.
    """
    f, first = 0, np.uint64(0)
    left, last_difference = np.int64(0), np.int64(0)
    for i in range(offsets.shape[0]):
        offset = offsets[np.uintp(order[i])]
        while f < n_rows.shape[0]:
            n_live = np.uint64(n_rows[f] - (deleted_starts[f + 1] - deleted_starts[f]))
            if offset < first + n_live:
                break
            first += n_live
            f += 1
            left, last_difference = np.int64(0), np.int64(0)
        if f == n_rows.shape[0]:
            addresses[np.uintp(order[i])] = NOWHERE
            continue
        live = np.int64(offset - first)
        row = live
        start, end = deleted_starts[f], deleted_starts[f + 1]
        if start < end:
            row = live + last_difference
            right = live + (end - start)
            while True:
                n_before = rank(deleted, start, end, row + 1)
                if row == live + n_before and not contains(deleted, start, end, row):
                    break
                if guessed(row < live + n_before):  # type: ignore[call-arg]
                    left = row + 1
                else:
                    right = row
                row = left + (right - left) // 2
            last_difference = row - live
        addresses[np.uintp(order[i])] = np.uint64(fragment_ids[f]) << np.uint64(32) | np.uint64(row)


@njit(cache=True)
def rank(deleted: np.ndarray, start: int, end: int, row: Integer) -> int:
    """Return how many of deleted[start:end] are below `row`."""
    low, n = start, end - start
    while n > 1:
        half = n >> 1
        is_below = np.int64(deleted[np.uintp(low + half)]) < row
        low = choose(is_below, low + half, low)  # type: ignore[call-arg]
        n -= half
    return int(low - start + (np.int64(deleted[np.uintp(low)]) < row))


@njit(cache=True)
def contains(deleted: np.ndarray, start: int, end: int, row: Integer) -> bool:
    """Return whether `row` is among deleted[start:end]."""
    place = start + rank(deleted, start, end, row)
    return bool(place < end and np.int64(deleted[np.uintp(place)]) == row)


@intrinsic
def n_ones(typing_context: Any, value: Any) -> Any:
    """Return how many bits are set, as int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


@intrinsic
def copy_bytes(typing_context: Any, target: Any, at: Any, source: Any, start: Any, length: Any) -> Any:
    """Call memcpy: source[start:start + length] to target[at:at + length]; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        views = [context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 2)]
        places = [builder.gep(view.data, [arguments[i]]) for view, i in zip(views, (1, 3), strict=True)]
        cgutils.raw_memcpy(builder, *places, arguments[4], 1)  # type: ignore[call-arg, no-untyped-call]
        return context.get_dummy_value()

    return types.void(target, types.intp, source, types.intp, types.intp), generate


@intrinsic
def choose(typing_context: Any, condition: Any, one: Any, other: Any) -> Any:
    """Return `one` or `other` without a branch: what Rust's binary search asks of LLVM, and Numba cannot."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chosen = builder.select(*arguments)
        chosen.set_metadata("unpredictable", builder.module.add_metadata([]))
        return chosen

    return types.int64(types.boolean, types.int64, types.int64), generate


@intrinsic
def guessed(typing_context: Any, condition: Any) -> Any:
    """Return `condition`, and let LLVM make a branch of it, as rustc does: the next probe need not wait."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bit = ir.IntType(1)
        expect = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, ir.FunctionType(bit, [bit, bit]), "llvm.expect.i1"
        )
        return builder.call(expect, [arguments[0], bit(1)])

    return types.boolean(types.boolean), generate


@intrinsic
def position(typing_context: Any, values: Any, wanted: Any) -> Any:
    """Return where `wanted` first stands in uint64[n], or -1: a loop of one exit less than Numba's own."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        n = builder.extract_value(view.shape, 0)
        first = builder.block
        body, again, done = (builder.append_basic_block(name) for name in ("body", "again", "done"))
        builder.cbranch(builder.icmp_signed(">", n, INT64(0)), body, done)
        builder.position_at_end(body)
        place = builder.phi(INT64)
        place.add_incoming(INT64(0), first)
        value = builder.load(builder.gep(view.data, [place]))
        builder.cbranch(builder.icmp_unsigned("==", value, arguments[1]), done, again)
        builder.position_at_end(again)
        next_place = builder.add(place, INT64(1))
        place.add_incoming(next_place, again)
        builder.cbranch(builder.icmp_signed("==", next_place, n), done, body)
        builder.position_at_end(done)
        found = builder.phi(INT64)
        for value, block in ((INT64(-1), first), (place, body), (INT64(-1), again)):
            found.add_incoming(value, block)
        return found

    return types.int64(values, types.uint64), generate
