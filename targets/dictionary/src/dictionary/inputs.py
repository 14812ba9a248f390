"""What a trial times: nine shapes, four distributions, fresh ops every round.

Every array follows from the seed alone, the same bits on every machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from dictionary import (
    CHUNK_ROWS,
    DECODE_FIXED,
    DECODE_PACKED_FIXED,
    DECODE_PACKED_STRINGS,
    DECODE_STRINGS,
    draws,
)
from dictionary.ops import NO_NULLS, PACKED, Dictionary, op_of
from harness_common.prng import SplitMix64
from referee.workload import Edit, OpInputs, Workload


@dataclass(frozen=True)
class Shape:
    """What one workload asks for.

    card        ordinary entries; strings have thirteen special ones besides
    width       bytes of a value, 0 for strings
    lengths     the least and the most bytes of an ordinary string
    code_bytes  of a code that is not packed
    """

    method: str
    n_rows: int
    card: int
    width: int = 0
    lengths: tuple[int, int] = (0, 0)
    code_bytes: int = 4
    n_ops: int = 8

    @property
    def is_packed(self) -> bool:
        return self.method in PACKED

    @property
    def n_entries(self) -> int:
        return self.card + (len(draws.SPECIAL_LENGTHS) if self.width == 0 else 0)


# Row counts a little above a round number: the last rows are in the tail of every loop over blocks of rows.
# Cards of packed shapes are no power of two: the largest code of as many bits is out of range.
SHAPES = {
    "strings-12B-32Ki": Shape(DECODE_STRINGS, 32_771, 20, lengths=(12, 12)),  # upstream's bench
    "strings-60B-8Ki": Shape(DECODE_STRINGS, 8_195, 4_000, lengths=(5, 60), n_ops=16),  # Lance's usual batch
    "strings-60B-256Ki": Shape(DECODE_STRINGS, 262_147, 65_500, lengths=(5, 60), n_ops=4),
    "fixed-1B-512Ki": Shape(DECODE_FIXED, 524_291, 16, width=1, code_bytes=1, n_ops=4),  # in one register
    "fixed-4B-64Ki": Shape(DECODE_FIXED, 65_539, 4_000, width=4, code_bytes=2),
    "fixed-16B-large": Shape(
        DECODE_FIXED, 786_435, 1_700_000, width=16, n_ops=4
    ),  # 41 MiB, beyond every cache
    "packed-16B-32Ki": Shape(DECODE_PACKED_FIXED, 32_771, 3_000, width=16),  # decimals, as Lance has them
    # 0.2 MiB in and out: fits in half of a second-level cache of 512 KiB
    "packed-12B-12Ki": Shape(DECODE_PACKED_STRINGS, 12_291, 20, lengths=(12, 12)),
    "packed-60B-64Ki": Shape(DECODE_PACKED_STRINGS, 65_539, 16_000, lengths=(5, 60), n_ops=4),
}
COMBOS = (
    # uniform: no entry is worth remembering more than another
    ("strings-12B-32Ki", "uniform"),
    ("fixed-1B-512Ki", "uniform"),
    ("fixed-16B-large", "uniform"),
    ("packed-12B-12Ki", "uniform"),
    # zipf: few entries make most rows, as in real columns, and the tail misses the cache
    ("strings-60B-8Ki", "zipf"),
    ("strings-60B-256Ki", "zipf"),
    ("fixed-4B-64Ki", "zipf"),
    ("packed-16B-32Ki", "zipf"),
    ("packed-60B-64Ki", "zipf"),
    # runs: a column that was sorted or clustered; many runs have one other code inside
    ("strings-12B-32Ki", "runs"),
    ("fixed-1B-512Ki", "runs"),
    ("packed-16B-32Ki", "runs"),
    # nulls: one row of eight, with a code that no entry has under most of them
    ("strings-12B-32Ki", "nulls"),
    ("strings-60B-8Ki", "nulls"),
    ("fixed-4B-64Ki", "nulls"),
    ("packed-60B-64Ki", "nulls"),
)
DISTRIBUTIONS = ("uniform", "zipf", "runs", "nulls")

N_PLANTED = 64  # rows of an op whose codes are planted
N_SWITCHED = 16  # rows whose code differs from the op before, where the other codes stay
N_FLIPPED = 16  # rows that become null or valid, where the other codes stay
FEW = 8  # an edit changes at most one element of so many; beyond that the whole array comes anew


def speed_workloads(seed: int) -> list[Workload]:
    """Return the sixteen workloads; the seed says nothing here, because `redraw` draws all there is."""
    return [workload(*combo) for combo in COMBOS]


def workload(shape_name: str, distribution: str) -> Workload:
    """Return one shape x distribution."""
    shape = SHAPES[shape_name]
    table = draws.zipf_table(shape.card) if distribution in ("zipf", "nulls") else None
    return Workload(
        shape=shape_name,
        distribution=distribution,
        build_inputs={},
        least_bytes=least_bytes(shape, distribution),
        source=(shape, table),
    )


def least_bytes(shape: Shape, distribution: str) -> int:
    """Return what any right kernel must read and write in one op.

    It writes a value for each row, or an offset and the bytes of the string; nine rows of ten are valid and
    not planted, so their strings have at least the least length, and one row of two is a bound that always
    holds. It reads every code (packed, at least where each chunk begins and how wide it is) and every bit of
    the validity. What is read counts half, because the referee's measure is a copy, and a core may read twice
    as fast as it copies. The dictionary counts for nothing: it may stay in the nearest cache.
    """
    n = shape.n_rows
    written = shape.width * n if shape.width > 0 else 4 * (n + 1) + shape.lengths[0] * (n // 2)
    codes = 12 * (-(-n // CHUNK_ROWS)) if shape.is_packed else shape.code_bytes * n
    return written + (codes + (n // 8 if distribution == "nulls" else 0)) // 2


def redraw(workload: Workload, seed: int) -> list[OpInputs]:
    """Return the ops of one round: a new dictionary and new codes, and from op to op some of both changed.

    Every other op changes a few codes and nulls in place, the others bring all codes anew; each op changes
    two entries and, of strings, where one ends, and plants rows that have them.
    """
    shape, table = workload.source
    stream = SplitMix64(seed)
    dictionary = draw_dictionary(stream.fork(0), shape)
    drawn = list(draw_ops(stream.fork(1), shape, workload.distribution, table, dictionary))
    plain, edits = drawn[0]
    ops: list[OpInputs] = [{**plain, **{name: edited(dictionary[name], edits[name]) for name in edits}}]
    for (before, was), (after, now) in pairwise(drawn):
        ops.append(
            {
                **changes(before, after),
                **{name: moved(dictionary[name], was[name], now[name]) for name in now},
            }
        )
    return ops


def draw_ops(
    stream: SplitMix64,
    shape: Shape,
    distribution: str,
    table: np.ndarray | None,
    dictionary: Dictionary,
) -> Iterator[tuple[dict[str, Any], dict[str, Edit]]]:
    """Yield each op of a round with the dictionary as it was drawn, and how the op's own one differs."""
    validity = NO_NULLS
    if distribution == "nulls":
        validity = draws.validity_bits(stream.fork(0), shape.n_rows)
    ordinary = np.zeros(0, np.uint32)
    for op in range(shape.n_ops):
        one = stream.fork(1 + op)
        if op % 2 == 0:
            ordinary = draw_codes(one.fork(0), shape, distribution, table)
            if distribution == "nulls":
                ordinary = draws.with_garbage(one.fork(1), ordinary, validity, garbage_mask(shape))
        elif distribution == "nulls":
            validity, ordinary = with_flips(one.fork(4), shape, validity, ordinary)
        entry = int(one.integers(1, shape.card - 1, 1)[0])  # it and the next one are both ordinary
        codes = with_plants(one.fork(2), shape, ordinary, validity, entry)
        padding = draws.padding_codes(one.fork(3), shape.n_rows, garbage_mask(shape))
        yield (
            op_of(shape.method, dictionary, codes, validity, shape.code_bytes, padding),
            entry_edits(dictionary, entry, op),
        )


def draw_dictionary(stream: SplitMix64, shape: Shape) -> Dictionary:
    """Return the entries, uniform bytes: values, or offsets and data."""
    if shape.width > 0:
        return {"values": as_values(draws.random_bytes(stream, shape.card * shape.width), shape.width)}
    least, most = shape.lengths
    lengths = np.append(stream.integers(least, most + 1, shape.card), draws.SPECIAL_LENGTHS)
    offsets = np.append(0, np.cumsum(lengths)).astype(np.int32)
    return {"offsets": offsets, "data": draws.random_bytes(stream, int(offsets[-1]))}


def as_values(raw: np.ndarray, width: int) -> np.ndarray:
    """Return the bytes as values of `width` bytes each."""
    return raw.view(np.uint64).reshape(-1, 2) if width == 16 else raw.view(f"u{width}")


def entry_edits(dictionary: Dictionary, entry: int, op: int) -> dict[str, Edit]:
    """Return how an op changes `entry` and the next one, and of strings where the first one ends.

    Closes slots and tables that were made of another op's dictionary. In ops with an odd number the bytes
    stay and only the offset moves.
    """
    if "values" in dictionary:
        values = dictionary["values"]
        per_entry = values[:1].size
        at = np.arange(entry * per_entry, (entry + 2) * per_entry)
        return {"values": Edit(at, ~values.reshape(-1)[at])}
    offsets, data = dictionary["offsets"], dictionary["data"]
    end = np.array([entry + 1])
    first_bytes = offsets[entry : entry + 2].astype(np.int64) if op % 2 == 0 else np.zeros(0, np.int64)
    moves = np.int32(1 if op % 4 < 2 else -1)
    return {"offsets": Edit(end, offsets[end] + moves), "data": Edit(first_bytes, ~data[first_bytes])}


def edited(array: np.ndarray, edit: Edit) -> np.ndarray:
    """Return a copy of `array` with the edit made."""
    after = array.copy()
    after.reshape(-1)[edit.at] = edit.values
    return after


def moved(array: np.ndarray, was: Edit, now: Edit) -> Edit:
    """Return the edit that takes back one edit of `array` and makes another."""
    gone = np.setdiff1d(was.at, now.at)
    return Edit(np.append(gone, now.at), np.append(array.reshape(-1)[gone], now.values))


def draw_codes(stream: SplitMix64, shape: Shape, distribution: str, table: np.ndarray | None) -> np.ndarray:
    """Return uint32[n] of ordinary entries."""
    if distribution == "runs":
        return draws.run_codes(stream, shape.card, shape.n_rows, ascending=shape.is_packed)
    if table is not None:
        return draws.zipf_codes(stream, table, shape.n_rows)
    return stream.integers(0, shape.card, shape.n_rows).astype(np.uint32)


def garbage_mask(shape: Shape) -> int:
    """Return the largest number under a null: of the code's type, or of as many bits as are packed."""
    bits = (shape.n_entries - 1).bit_length() if shape.is_packed else 8 * shape.code_bytes
    return int(2**bits - 1)


def with_flips(
    stream: SplitMix64, shape: Shape, validity: np.ndarray, codes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return validity and codes, a few nulls made valid and a few valid rows null, whose codes no entry has.

    Closes validity that is known again from the op before. The last row stays valid.
    """
    rows = np.unique(stream.integers(0, shape.n_rows - 1, N_FLIPPED))
    valid = draws.valid_rows(validity, shape.n_rows)[rows]
    codes = codes.copy()
    codes[rows] = np.where(valid, garbage_mask(shape), stream.integers(0, shape.card, len(rows)))
    validity = validity.copy()
    np.bitwise_xor.at(validity, rows // 8, (1 << rows % 8).astype(np.uint8))
    return validity, codes


def with_plants(
    stream: SplitMix64, shape: Shape, codes: np.ndarray, validity: np.ndarray, edited: int
) -> np.ndarray:
    """Return `codes` with the last entry in the last row, and the edited and all special ones in rows drawn.

    A null stays as it is, whatever its code. Of a few other rows the code becomes a lesser one.
    """
    n = shape.n_rows
    codes = codes.copy()
    rows = stream.integers(0, n, N_SWITCHED)
    rows = rows[codes[rows] < shape.card]
    codes[rows] = np.minimum(codes[rows], stream.integers(0, shape.card, len(rows)))  # no wider than before

    special = np.arange(shape.card - (shape.width > 0), shape.n_entries)
    entries = np.append([edited, edited + 1] * 4, np.tile(special, N_PLANTED // len(special)))[:N_PLANTED]
    if shape.is_packed and shape.width > 0:
        entries = entries[:12]  # few, so that most chunks stay narrow
    entries = np.append(entries[stream.permutation(len(entries))], shape.n_entries - 1)
    rows = np.unique(np.append(stream.integers(0, n, len(entries) - 1), n - 1))
    if len(validity) > 0:
        rows = rows[draws.valid_rows(validity, n)[rows]]
    codes[rows] = entries[-len(rows) :]
    return codes


def changes(before: dict[str, Any], after: dict[str, Any]) -> OpInputs:
    """Return how `after` differs: edits where few elements do, and whole arrays else."""
    found: dict[str, Any] = {}
    for name, now in after.items():
        then = before[name]
        if not isinstance(now, np.ndarray):
            if now != then:
                found[name] = now
            continue
        if now is then:
            continue
        if now.shape == then.shape:
            at = np.flatnonzero(now.reshape(-1) != then.reshape(-1))
            if len(at) == 0:
                continue
            if FEW * len(at) <= now.size:
                found[name] = Edit(at, now.reshape(-1)[at])
                continue
        found[name] = now
    return found
