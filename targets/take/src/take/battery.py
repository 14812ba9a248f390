"""What a trial checks before it times anything: awkward rows, extents, addresses, and every timed shape."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from harness_common.prng import SplitMix64
from referee.workload import Case, Edit, OpInputs
from take import MAP_OFFSETS, REMAP, TAKE_FIXED, TAKE_ROWS, TAKE_STRINGS, inputs
from take.addresses import offsets_ops, remap_ops
from take.corrupt import corrupt_cases
from take.corrupt_many import corrupt_ops

EXTENTS = (0, 1, 7, 8, 9, 63, 64, 65, 130, 1_001)  # around the words of a bitmap
DIMS = (1, 2, 3, 7, 16, 33, 130, 1_536)
NO_BITMAP = np.zeros(0, np.uint8)
NO_ROWS = (2**32 - 1, 7, 7, 0)  # of no fragment: neither in order nor below its end


def correctness_battery(seed: int) -> list[Case]:
    """Return the cases, with fresh rows, and some fresh extents, for every seed."""
    streams = SplitMix64(seed)
    parts = (
        warm_up_case,
        fixed_cases,
        rows_cases,
        strings_cases,
        remap_cases,
        offsets_cases,
        random_cases,
        corrupt_cases,
        timed_cases,
    )
    return [case for i, part in enumerate(parts) for case in part(streams.fork(i))]


def warm_up_case(stream: SplitMix64) -> Iterator[Case]:
    """Yield a plain case that calls every method with every type."""
    ops = [*every_fixed_op(stream.fork(0), 40, 90), rows_op(stream.fork(1), 20, 5, 30)]
    lengths = stream.fork(2).integers(0, 9, 50)
    ops += [strings_op(stream.fork(3), lengths, stream.fork(4).integers(0, 50, 70))]
    ops += remap_ops(stream.fork(5), "ascending", 64, 100, 2)
    ops += offsets_ops(stream.fork(6), "many", 300, 80, 2)
    yield Case("every method", {}, ops)


def fixed_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every extent, and orders of indices, with and without bitmaps, in every type."""
    for k, m in enumerate(EXTENTS):
        n = EXTENTS[-1 - k] + 1
        yield Case(f"{m} of {n} values", {}, every_fixed_op(stream.fork(k), n, m))
    for name, indices in orders(stream.fork(98), 300).items():
        some = every_fixed_op(stream.fork(99), 300, len(indices), indices)
        yield Case(f"values, indices {name}", {}, some)
    sound = some[-3]  # all indices are of rows
    none = {**sound, "validity": np.zeros(38, np.uint8)}
    every = {**sound, "validity": np.full(38, 255, np.uint8), "index_validity": np.full(38, 255, np.uint8)}
    yield Case("all values null, then none of bitmaps that are there", {}, [none, every])
    gone = {
        **some[-1],
        "index_validity": np.zeros(38, np.uint8),
        "indices": np.full(300, 2**64 - 1, np.uint64),
    }
    yield Case(
        "all indices null and beyond the values", {}, [gone, {**gone, "values": np.zeros(0, np.uint64)}]
    )
    yield from many_values_cases(stream.fork(97))


def many_values_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield some 10,000 rows of every type, with none, one and two bitmaps and ones in which nothing is null.

    Then corrupt ones: closes a path for many rows that is right only for what is timed.
    """
    n, m = (int(extent) for extent in stream.fork(0).integers(10_000, 12_000, 2))
    ops = every_fixed_op(stream.fork(1), n, m)
    full = [np.full(-(-extent // 8), 255, np.uint8) for extent in (n, m)]
    whole = [
        {**ops[k], "validity": validity, "index_validity": index_validity}
        for k in (0, 4, 8, 12)  # without bitmaps: all indices are of rows
        for validity, index_validity in ((full[0], NO_BITMAP), (NO_BITMAP, full[1]), full)
    ]
    yield Case(f"many values of every type: {m} of {n}", {}, [*ops, *whole])
    wrong = [each for k, op in enumerate(ops) for each in (op, *corrupt_ops(stream.fork(2 + k), [op]))]
    yield Case(f"corrupt: many values of every type, {m} of {n}", {}, wrong)


def every_fixed_op(stream: SplitMix64, n: int, m: int, indices: np.ndarray | None = None) -> list[OpInputs]:
    """Return ops of both types of values and of indices, with none, one and two bitmaps; padding is random.

    Under two of three null indices is any number, mostly beyond the values.
    """
    if indices is None:
        indices = stream.fork(0).integers(0, n, m)
    valid = [
        stream.fork(1).uint64(-(-n // 8)).astype(np.uint8),
        stream.fork(2).uint64(-(-m // 8)).astype(np.uint8),
    ]
    rows_valid = np.unpackbits(valid[1], count=m, bitorder="little").astype(np.bool_)
    ops: list[OpInputs] = []
    for value_type in (np.uint32, np.uint64):
        values = (stream.fork(3).uint64(n) >> (64 - 8 * np.dtype(value_type).itemsize)).astype(value_type)
        for index_type in (np.uint32, np.uint64):
            whole = indices.astype(index_type)
            garbage = np.where(
                rows_valid | (np.arange(m) % 3 == 0), whole, stream.fork(4).uint64(m).astype(index_type)
            )
            for bitmaps in range(4):
                ops.append(
                    {
                        "method": TAKE_FIXED,
                        "values": values,
                        "validity": valid[0] if bitmaps & 1 else NO_BITMAP,
                        "indices": garbage if bitmaps & 2 else whole,
                        "index_validity": valid[1] if bitmaps & 2 else NO_BITMAP,
                    }
                )
    return ops


def orders(stream: SplitMix64, n: int) -> dict[str, np.ndarray]:
    """Return int64[n] below n, in orders that a kernel may treat in their own way."""
    return {
        "in order": np.arange(n),
        "reversed": np.arange(n)[::-1].copy(),
        "all the last": np.full(n, n - 1),
        "all the first": np.zeros(n, np.int64),
        "each twice": np.arange(n) // 2,
        "in order but for one": np.where(np.arange(n) == n // 2, 0, np.arange(n)),
        "shuffled": stream.permutation(n),
    }


def rows_op(stream: SplitMix64, n: int, dim: int, m: int) -> OpInputs:
    """Return one op of `take_rows` on vectors of any bits."""
    bits = (stream.fork(0).uint64((n, dim)) >> 32).astype(np.uint32)
    return {
        "method": TAKE_ROWS,
        "vectors": bits.view(np.float32),
        "indices": stream.fork(1).integers(0, n, m).astype(np.uint32),
    }


def rows_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield dimensions and numbers of rows, then bits that arithmetic would change."""
    for k, dim in enumerate(DIMS):
        some = rows_op(stream.fork(k), 40, dim, 65)
        first = {"vectors": Edit(np.arange(dim), np.full(dim, -0.0, np.float32))}
        yield Case(f"vectors of {dim}", {}, [some, first, {"indices": np.zeros(0, np.uint32)}])
    yield Case(f"corrupt: vectors of {dim}", {}, [some, *corrupt_ops(stream.fork(98), [some])])
    special = np.array([0x7FA00001, 0xFFC12345, 0x7F800000, 0x80000000, 1, 0x807FFFFF, 0x7FFFFFFF], np.uint32)
    vectors = np.stack([np.roll(special, k) for k in range(7)]).view(np.float32)
    indices = stream.integers(0, 7, 100).astype(np.uint32)
    yield Case("NaN, -0.0, subnormal", {}, [{"method": TAKE_ROWS, "vectors": vectors, "indices": indices}])
    yield Case("no vectors", {}, [{**rows_op(stream, 3, 4, 0), "vectors": np.zeros((0, 4), np.float32)}])
    for name, rows in orders(stream.fork(99), 65).items():
        some = {**rows_op(stream, 65, 19, 1), "indices": rows.astype(np.uint32)}
        yield Case(f"vectors, indices {name}", {}, [some])


def strings_op(
    stream: SplitMix64, lengths: np.ndarray, indices: np.ndarray, lead: int = 0, trail: int = 0
) -> OpInputs:
    """Return one op of `take_strings`, with bytes before the first string and after the last."""
    offsets = (lead + np.concatenate([[0], np.cumsum(lengths)])).astype(np.int32)
    return {
        "method": TAKE_STRINGS,
        "offsets": offsets,
        "data": stream.uint64(int(offsets[-1]) + trail).astype(np.uint8),
        "indices": indices.astype(np.uint32),
    }


def strings_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield lengths around those of a word and a vector, none and many bytes, data partly used."""
    for length in (0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 200):
        lengths = np.full(30, length)
        yield Case(f"strings of {length}", {}, [strings_op(stream, lengths, stream.integers(0, 30, 64))])
    lengths = stream.integers(0, 40, 65)
    for name, indices in orders(stream.fork(0), 65).items():
        yield Case(f"strings, indices {name}", {}, [strings_op(stream.fork(1), lengths, indices, 5, 9)])
    long = np.where(np.arange(20) == 13, 1 << 20, lengths[:20])
    yield Case("one string of 1 MiB", {}, [strings_op(stream, long, np.array([13, 0, 19, 13, 5, 13]))])
    empty = strings_op(stream, np.zeros(0, np.int64), np.zeros(0, np.int64))
    yield Case("no strings", {}, [empty, strings_op(stream, lengths, np.zeros(0, np.int64), 3, 3)])


def remap_op(returned: Sequence[int] | np.ndarray, requested: Sequence[int] | np.ndarray) -> OpInputs:
    """Return one op of `remap`."""
    parts = {"returned": returned, "requested": requested}
    return {"method": REMAP, **{name: np.array(part, np.uint64) for name, part in parts.items()}}


def remap_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield few and many addresses, ones that differ in few bits, and equal ones."""
    for u in (0, 1, 2, 7, 64, 65, 999):
        known = np.unique(stream.uint64(2 * u) >> 3)
        requested = known[stream.integers(0, max(len(known), 1), 3 * u)] if u > 0 else stream.uint64(9)
        yield Case(f"{u} addresses", {}, [remap_op(known[::2], requested), remap_op(known[::-2], requested)])
    far = np.array([0, 1, 2**31, 2**32, 2**32 + 1, 2**53, 2**53 + 1, 2**63, 2**64 - 2, 2**64 - 1], np.uint64)
    ops = [remap_op(np.delete(far, i), np.tile(far, 3)) for i in range(len(far))]
    yield Case("addresses of all sizes, one missing", {}, ops)
    yield Case("all missing, then nothing asked", {}, [remap_op(far[::2], far[1::2]), remap_op(far, [])])
    yield Case(
        "equal addresses", {}, [remap_op([7, 5, 7, 5, 9, 7], [5, 7, 9, 1, 5]), remap_op([4] * 70, [4, 3])]
    )
    low = np.arange(1, 100, dtype=np.uint64) << 32 | np.uint64(17)
    yield Case("the same row in many fragments", {}, [remap_op(low[::2], low[::-1])])


def offsets_op(
    offsets: Sequence[int] | np.ndarray,
    ids: Sequence[int],
    n_rows: Sequence[int],
    *deleted: Sequence[int] | np.ndarray,
    around: Sequence[int] = (),
) -> OpInputs:
    """Return one op of `map_offsets`; `deleted` has the rows of each fragment.

    Before the first of them and after the last stand the rows `around`, which belong to no fragment.
    """
    strangers = np.array(around, np.int64)
    starts = len(around) + np.cumsum([0, *map(len, deleted)])
    return {
        "method": MAP_OFFSETS,
        "offsets": np.array(offsets, np.uint64),
        "fragment_ids": np.array(ids, np.uint32),
        "n_rows": np.array(n_rows, np.int64),
        "deleted_starts": starts.astype(np.int64),
        "deleted": np.concatenate([strangers, *deleted, strangers]).astype(np.uint32),
    }


def offsets_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every way to delete rows of a small fragment, fragments without rows, and very large ones."""
    ways = {
        "none": np.zeros(0, np.int64),
        "the first": np.array([0]),
        "the last": np.array([99]),
        "the first ten": np.arange(10),
        "the last ten": np.arange(90, 100),
        "two blocks": np.concatenate([np.arange(20, 40), np.arange(41, 60)]),
        "every other": np.arange(0, 100, 2),
        "all but the first": np.arange(1, 100),
        "all but the last": np.arange(99),
        "all": np.arange(100),
    }
    for name, gone in ways.items():
        n_live = 3 * (100 - len(gone))
        ascending = offsets_op(np.arange(n_live + 3), [5, 2**32 - 1, 0], [100] * 3, gone, gone, gone)
        shuffled = {"offsets": stream.permutation(n_live + 3).astype(np.uint64)}
        twice = {"offsets": (np.arange(n_live + 3) // 2)[::-1].astype(np.uint64)}
        part = offsets_op(
            np.arange(n_live + 3), [5, 2**32 - 1, 0], [100] * 3, gone, gone, gone, around=NO_ROWS
        )
        yield Case(f"deleted: {name}", {}, [ascending, shuffled, twice, part])
    many = [0, 1, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1]
    yield Case("no fragments", {}, [offsets_op(many, [], []), offsets_op([], [], [])])
    yield Case("fragments without rows", {}, [offsets_op(many, [3, 1, 2], [0, 2, 0], [], [1], [])])
    whole = 2**32 - np.array([5, 4, 1])
    ends = [*many, 2**32 - 2, 2**32 - 4, 2**33 - 7, 2**33 - 4, 2**33 - 3]
    large = offsets_op(ends, [2**32 - 1, 7], [2**32, 2**32], whole, np.arange(0, 3))
    yield Case("fragments of 2**32 rows", {}, [large])
    near = 2**31 - 4_096 + np.flatnonzero(stream.fork(0).floats(8_192) < 0.4)
    last = 2**32 - 4_096 + np.flatnonzero(stream.fork(1).floats(4_096) < 0.5)
    gone = np.concatenate([near, last])
    n_live = 2**32 - len(gone)
    places = [2**31 - 5_000, n_live - 3_000, n_live + 2**31 - 5_000, 2 * n_live - 3_000]
    asked = np.concatenate([place + stream.fork(2).integers(0, 6_000, 700) for place in places])
    large = offsets_op(asked, [2**32 - 1, 7], [2**32, 2**32], gone, gone, around=NO_ROWS)
    yield Case("many rows deleted around 2**31", {}, [large])
    yield Case("corrupt: many rows deleted around 2**31", {}, [large, *corrupt_ops(stream.fork(3), [large])])


def random_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield extents that no kernel can have listed."""
    for k in range(6):
        own = stream.fork(k)
        n, m, dim, u = (int(own.integers(1, end, 1)[0]) for end in (700, 900, 90, 500))
        share = own.floats(1)[0]
        parts = [np.flatnonzero(own.floats(n) < share) for _ in range(3)]
        offsets = own.integers(0, 3 * n, m)
        lengths = own.integers(0, 1 + dim, n)
        ops = [*every_fixed_op(own.fork(0), n, m), rows_op(own.fork(1), n, dim, m)]
        ops += [strings_op(own.fork(2), lengths, own.integers(0, n, m), lead=k)]
        ops += [remap_op(np.unique(own.uint64(u) % np.uint64(2 * u)), own.uint64(m) % np.uint64(2 * u))]
        ops += [offsets_op(offsets, [9, 4, 7], [n, n, n], *parts, around=NO_ROWS[: k % 3])]
        yield Case(f"random: {m} of {n}, {dim} wide, {u} addresses", {}, ops)


def timed_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield two ops of each timed shape, its extents 0.9 to 1.3 times as large, and then corrupt ones.

    One distribution of each shape, which is drawn; of `map_offsets` all, for what is deleted is tested.
    """
    for k, (name, shape) in enumerate(inputs.SHAPES.items()):
        own = stream.fork(k)
        factors = 0.9 + 0.4 * own.floats(2)
        n, m = (int(factor * extent) for factor, extent in zip(factors, (shape.n, shape.m), strict=True))
        other = dataclasses.replace(shape, n=n, m=m, n_ops=2)
        ways = inputs.DISTRIBUTIONS[name]
        drawn = ways[own.next_uint64() % len(ways)]
        for j, way in enumerate(ways if shape.method == MAP_OFFSETS else [drawn]):
            one = dataclasses.replace(inputs.workload(name, way), source=other)
            ops = inputs.redraw(one, own.next_uint64())
            yield Case(f"{name}, {way}: {m} of {n}", {}, [*ops, *corrupt_ops(own.fork(j), ops)])
