"""Ops that take rows of a column: values with and without nulls, vectors, strings.

The first op of a round brings the whole column, and each later one changes, in place, a few of the rows that
it takes. A column is drawn as copies of one random block, each under a mask of its own, as
quickly as it is copied. All bits are random, so of float32 one in 256 is a NaN with a payload.
"""

import numpy as np

from harness_common.prng import SplitMix64
from referee.workload import Edit, OpInputs, Value
from take.index_draws import draw_indices

BLOCK = 4_096  # words
N_EDITED = 8  # rows of an op that differ from what they were in the op before
NULLS = 3  # words ANDed: one row in 2**3 is null
EMPTY_EVERY = 64  # strings
LONG = 5_000  # bytes in the one long string
SIGNALLING_NAN = np.uint32(0x7FA0_0001)  # an operation on it sets its highest fraction bit


def fixed_ops(
    stream: SplitMix64, distribution: str, dtype: type, n: int, m: int, has_nulls: bool, n_ops: int
) -> list[OpInputs]:
    """Return ops of `take_fixed`; the last row and the first are in each, at its ends.

    Of the null indices every other one is beyond all rows, up to 2**32 - 1: closes following them.
    """
    values = words(stream.fork(0), n, dtype)
    ops: list[OpInputs] = []
    for op in range(n_ops):
        own = stream.fork(1 + op)
        indices, at = indices_with_ends(own.fork(0), distribution, n, m)
        inputs: dict[str, Value | Edit] = {"method": "take_fixed", "indices": indices}
        inputs["values"] = values if op == 0 else Edit(at, changed(own.fork(1), values[at]))
        inputs["validity"] = inputs["index_validity"] = np.zeros(0, np.uint8)
        if has_nulls:
            inputs["validity"] = ~rare_bits(own.fork(2), -(-n // 8))
            inputs["index_validity"] = valid = ~rare_bits(own.fork(3), -(-m // 8))
            nulls = np.flatnonzero(np.unpackbits(valid, count=m, bitorder="little") == 0)[::2]
            indices[nulls] = own.fork(4).integers(n, 2**32, len(nulls))
        ops.append(inputs)
    return ops


def rows_ops(stream: SplitMix64, distribution: str, dim: int, n: int, m: int, n_ops: int) -> list[OpInputs]:
    """Return ops of `take_rows`; what changes in a row is its first element, its last or one between."""
    vectors = words(stream.fork(0), n * dim, np.uint32)
    ops: list[OpInputs] = []
    for op in range(n_ops):
        own = stream.fork(1 + op)
        indices, rows = indices_with_ends(own.fork(0), distribution, n, m)
        elements = own.fork(1).integers(0, dim, len(rows))
        elements[0::3], elements[1::3] = dim - 1, 0
        at = rows * dim + elements
        values = changed(own.fork(2), vectors[at])
        values[0] = SIGNALLING_NAN + np.uint32(op)
        whole: Value | Edit = vectors.view(np.float32).reshape(n, dim)
        ops.append(
            {
                "method": "take_rows",
                "indices": indices,
                "vectors": whole if op == 0 else Edit(at, values.view(np.float32)),
            }
        )
    return ops


def strings_ops(
    stream: SplitMix64, distribution: str, lengths: tuple[int, int], n: int, m: int, n_ops: int
) -> list[OpInputs]:
    """Return ops of `take_strings`, of strings from lengths[0] to lengths[1] bytes.

    One string in 64 is empty, and one has 5,000 bytes; both are taken in every op. From op to op bytes at
    both ends of a string change, and a string gets the first byte of the next one.
    """
    sizes = stream.fork(0).integers(lengths[0], lengths[1] + 1, n)
    sizes[EMPTY_EVERY // 2 :: EMPTY_EVERY] = 0
    long = int(stream.fork(1).integers(n // 4, n // 2, 1)[0]) | 1  # odd, so that it is not an empty one
    sizes[long] = LONG
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    data = words(stream.fork(2), -(-int(offsets[-1]) // 8), np.uint64).view(np.uint8)[: offsets[-1]].copy()
    moved = offsets[:0].astype(np.int64)
    ops: list[OpInputs] = []
    for op in range(n_ops):
        own = stream.fork(3 + op)
        indices, rows = indices_with_ends(own.fork(0), distribution, n, m, (long, EMPTY_EVERY // 2))
        full = rows[(sizes[rows] > 2) & (sizes[rows] < LONG)]
        at = np.unique(np.concatenate([offsets[full] + 1, offsets[full + 1] - 1])).astype(np.int64)
        inputs: dict[str, Value | Edit] = {"method": "take_strings", "indices": indices}
        if op == 0:
            inputs |= {"offsets": offsets, "data": data}
        else:
            back = np.setdiff1d(moved, full + 1)
            places = np.concatenate([back, full + 1])
            ends = np.concatenate([offsets[back], np.where(sizes[full + 1] > 2, 1, -1) + offsets[full + 1]])
            inputs["offsets"] = Edit(places, ends.astype(np.int32))
            inputs["data"] = Edit(at, changed(own.fork(1), data[at]))
            moved = full + 1
        ops.append(inputs)
    return ops


def indices_with_ends(
    stream: SplitMix64, distribution: str, n: int, m: int, wanted: tuple[int, ...] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Return uint32[m], rows 0 and n - 1 and the wanted ones among them, and int64, some of the rows taken.

    Row 0 comes first and row n - 1 last: closes loops that stop short. "sparse" still ascends.
    """
    indices = draw_indices(stream.fork(0), distribution, n, m)
    n_places = N_EDITED - 2 + len(wanted)
    stretch = (m - 2) // n_places
    places = 1 + stretch * np.arange(n_places) + stream.fork(1).integers(0, stretch, n_places)
    indices[places[: len(wanted)]] = wanted
    rows = indices[places[len(wanted) :]]
    indices[0], indices[-1] = 0, n - 1
    if distribution == "sparse":
        indices.sort()
    # All but the last row of a column: a string after it can give a byte away.
    edited = np.unique(np.concatenate([[0], rows[rows < n - 1]]))
    return indices.astype(np.uint32), edited


def words(stream: SplitMix64, n: int, dtype: type) -> np.ndarray:
    """Return dtype[n], uint32 or uint64, in blocks of 4,096 that differ by a mask."""
    per_draw = 8 // np.dtype(dtype).itemsize
    block = little(stream.fork(0).uint64(BLOCK // per_draw), dtype)
    masks = little(stream.fork(1).uint64(-(-n // (BLOCK * per_draw))), dtype)
    return np.asarray((block ^ masks[:, np.newaxis]).reshape(-1)[:n])


def changed(stream: SplitMix64, values: np.ndarray) -> np.ndarray:
    """Return other values of the same unsigned type."""
    masks = little(stream.uint64(len(values)), values.dtype.type)[: len(values)]
    return np.asarray(values ^ (masks | values.dtype.type(1)))


def rare_bits(stream: SplitMix64, n_bytes: int) -> np.ndarray:
    """Return uint8[n_bytes] in which one bit in 2**3 is set."""
    bits = little(stream.uint64((NULLS, -(-n_bytes // 8))), np.uint8)
    return np.asarray(np.bitwise_and.reduce(bits, axis=0)[:n_bytes])


def little(draws: np.ndarray, dtype: type) -> np.ndarray:
    """Return the draws cut into a smaller unsigned type, low bytes first on every machine."""
    return draws.astype("<u8").view(np.dtype(dtype).newbyteorder("<")).astype(dtype)
