"""Corrupt inputs: which row or fragment is the first that cannot be, in few rows."""

from collections.abc import Iterator, Sequence

import numpy as np

from harness_common.prng import SplitMix64
from referee.workload import Case, Edit, OpInputs, Value
from take import MAP_OFFSETS, TAKE_FIXED, TAKE_ROWS, TAKE_STRINGS

Arrays = dict[str, Value]


def corrupt_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield one case for every way to be corrupt; the first of two wrong places counts."""
    yield from corrupt_indices(stream.fork(0))
    yield from corrupt_strings(stream.fork(1))
    yield from corrupt_fragments()


def corrupt_indices(stream: SplitMix64) -> Iterator[Case]:
    """Yield indices that are not below n, at any row, among them ones that are small in 32 bits or signed."""
    n, m = 50, 130
    for index_type, wrongs in (
        (np.uint32, (50, 2**31, 2**32 - 1)),
        (np.uint64, (50, 2**32 + 3, 2**63, 2**64 - 1)),
    ):
        for wrong in wrongs:
            ops: list[OpInputs] = []
            for row in (0, 64, m - 1):
                indices = stream.integers(0, n, m).astype(index_type)
                indices[row] = wrong
                indices[row + 5 :: 7] = wrong
                valid = np.packbits(np.arange(m + 6) != 2, bitorder="little")
                values = stream.uint64(n) >> 32
                fixed: Arrays = {"method": TAKE_FIXED, "validity": np.zeros(0, np.uint8), "indices": indices}
                fixed |= {"values": values.astype(np.uint32), "index_validity": np.zeros(0, np.uint8)}
                ops += [fixed, {"index_validity": valid}, {"values": values}]
                if index_type is np.uint32:
                    vectors = stream.normals((n, 3)).astype(np.float32)
                    ops.append({"method": TAKE_ROWS, "vectors": vectors, "indices": indices})
            yield Case(f"corrupt: index {wrong} of {np.dtype(index_type)}", {}, ops)
    none: Arrays = {"method": TAKE_FIXED, "values": np.zeros(0, np.uint32), "validity": np.zeros(0, np.uint8)}
    none |= {"indices": np.zeros(1, np.uint32), "index_validity": np.zeros(0, np.uint8)}
    vectors = np.zeros((0, 3), np.float32)
    yield Case("corrupt: a row of none", {}, [none, {"method": TAKE_ROWS, "vectors": vectors}])


def corrupt_strings(stream: SplitMix64) -> Iterator[Case]:
    """Yield offsets that are wrong where a string is taken, or elsewhere, and too many bytes in all."""
    offsets = (10 * np.arange(31)).astype(np.int32)
    data = stream.uint64(300).astype(np.uint8)
    ways = {
        "index 30": None,
        "offset -1": Edit(np.array([12]), np.array([-1], np.int32)),
        "offset -2**31": Edit(np.array([12]), np.array([-(2**31)], np.int32)),
        "an offset below the one before": Edit(np.array([12, 20]), np.array([109, 5], np.int32)),
        "an offset beyond the data": Edit(np.array([12]), np.array([301], np.int32)),
        "offset 2**31 - 1": Edit(np.array([12]), np.array([2**31 - 1], np.int32)),
        "the last offset beyond the data": Edit(np.array([30]), np.array([301], np.int32)),
    }
    for name, edit in ways.items():
        sound = np.setdiff1d(np.arange(30), [11, 12, 19, 20, 29])[stream.integers(0, 25, 90)].astype(
            np.uint32
        )
        some = sound.copy()
        some[[17, 40, 60, 89]] = (11, 12, 29, 12)
        if edit is None:
            some[[33, 34]] = 30, 2**32 - 1
        start: Arrays = {"method": TAKE_STRINGS, "offsets": offsets, "data": data, "indices": sound}
        wrong: OpInputs = {"indices": some} if edit is None else {"indices": some, "offsets": edit}
        yield Case(f"corrupt: {name}", {}, [start, wrong, {"indices": sound}])
    many = np.full(4_100, 1, np.uint32)  # more than 2**32 bytes: a sum of 32 bits is small again
    long = np.array([0, 0, 1 << 20], np.int32)
    data = np.zeros(1 << 20, np.uint8)
    start = {"method": TAKE_STRINGS, "offsets": long, "data": data, "indices": many[:2_100]}
    yield Case("corrupt: 2**31 bytes in all", {}, [start, {"indices": many}])
    start = {"method": TAKE_STRINGS, "offsets": np.zeros(1, np.int32), "data": data[:0]}
    yield Case("corrupt: a string of none", {}, [{**start, "indices": np.zeros(1, np.uint32)}])


def corrupt_fragments() -> Iterator[Case]:
    """Yield fragments whose rows cannot be; no offset need fall into them."""
    sound: Arrays = {
        "method": MAP_OFFSETS,
        "offsets": np.arange(0, 40, 3).astype(np.uint64),
        "fragment_ids": np.array([40, 30, 20, 10], np.uint32),
        "n_rows": np.array([100, 50, 0, 60], np.int64),
        "deleted_starts": np.array([0, 20, 40, 40, 60], np.int64),
        "deleted": np.concatenate([np.arange(5, 25), np.arange(30, 50), np.arange(20)]).astype(np.uint32),
    }
    ways: dict[str, Sequence[tuple[str, int, int]]] = {
        "a row deleted twice": [("deleted", 25, 34)],
        "deleted rows out of order": [("deleted", 57, 3), ("deleted", 50, 3)],
        "the last deleted row beyond": [("deleted", 59, 60)],
        "a deleted row of 2**32 - 1": [("deleted", 39, 2**32 - 1)],
        "one deleted row is beyond and out of order": [("deleted", 10, 200)],
        "rows deleted of none": [("deleted_starts", 2, 39)],
        "fewer rows than are deleted": [("n_rows", 1, 10)],
        "-1 rows": [("n_rows", 2, -1)],
        "2**32 + 1 rows": [("n_rows", 3, 2**32 + 1)],
        "2**63 - 1 rows": [("n_rows", 0, 2**63 - 1), ("n_rows", 2, -1)],
        "a start below 0": [("deleted_starts", 0, -1)],
        "a start of -2**63": [("deleted_starts", 3, -(2**63))],
        "starts that fall": [("deleted_starts", 1, 41)],
        "a start beyond": [("deleted_starts", 4, 61)],
        "a start of 2**63 - 1": [("deleted_starts", 4, 2**63 - 1)],
    }
    for name, changes in ways.items():
        ops: list[OpInputs] = [sound]
        for part, at, value in changes:
            array = sound[part]
            assert isinstance(array, np.ndarray)
            ops.append({part: Edit(np.array([at]), np.array([value], array.dtype))})
        yield Case(f"corrupt: {name}", {}, [*ops, sound, {"offsets": np.zeros(0, np.uint64)}])
        yield Case(
            f"corrupt: {name}, nothing asked", {}, [{**sound, "offsets": np.zeros(0, np.uint64)}, *ops[1:]]
        )
