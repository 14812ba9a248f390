"""What a trial times: eleven shapes, each with some distributions, fresh ops every round.

Every array follows from the seed alone, the same bits on every machine.
"""

from dataclasses import dataclass

import numpy as np

from harness_common.prng import SplitMix64
from referee.workload import OpInputs, Workload
from take import MAP_OFFSETS, REMAP, TAKE_FIXED, TAKE_ROWS, TAKE_STRINGS
from take.addresses import offsets_ops, remap_ops
from take.columns import fixed_ops, rows_ops, strings_ops


@dataclass(frozen=True)
class Shape:
    """What one workload asks for: `method`, of n things m.

    n             values, vectors, strings, returned addresses, or rows of a fragment
    width         bits of a value, dimensions of a vector, bytes of the longest usual string
    narrow        bytes of the shortest usual string
    has_nulls     whether values and indices have bitmaps
    """

    method: str
    n: int
    m: int
    width: int = 0
    narrow: int = 0
    has_nulls: bool = False
    n_ops: int = 8


# Counts a little off a round number: the last rows are in the tail of every loop over blocks.
SHAPES = {
    "fixed-u32": Shape(TAKE_FIXED, 32_771, 90_001, 32),
    "fixed-u32-nulls": Shape(TAKE_FIXED, 65_539, 40_003, 32, has_nulls=True),
    # 54 MB in and out, of which an op touches 46, more than the last-level cache of the development machine:
    # closes counting on it.
    "fixed-u64-large": Shape(TAKE_FIXED, 5_250_003, 1_000_003, 64, n_ops=4),
    "rows-8": Shape(TAKE_ROWS, 8_195, 8_003, 8),
    "rows-128": Shape(TAKE_ROWS, 1_003, 501, 128),
    "rows-768": Shape(TAKE_ROWS, 4_099, 503, 768),
    "strings-8..16": Shape(TAKE_STRINGS, 16_387, 20_011, 16, 8),
    "strings-10..200": Shape(TAKE_STRINGS, 60_013, 10_007, 200, 10),
    "remap-1000": Shape(REMAP, 1_003, 1_001),
    "remap-10000": Shape(REMAP, 1_003, 10_007),
    "offsets": Shape(MAP_OFFSETS, 1 << 18, 2_003),
}
DISTRIBUTIONS = {
    "fixed-u32": ("uniform", "runs", "hot"),
    "fixed-u32-nulls": ("uniform", "windows"),
    "fixed-u64-large": ("uniform",),
    "rows-8": ("uniform", "windows"),
    "rows-128": ("uniform", "runs"),
    "rows-768": ("uniform",),
    "strings-8..16": ("uniform", "runs"),
    "strings-10..200": ("uniform", "sparse"),
    "remap-1000": ("ascending", "any-order"),
    "remap-10000": ("windows",),
    "offsets": ("none", "few", "many", "half", "alternate"),
}
COMBOS = [(name, distribution) for name in SHAPES for distribution in DISTRIBUTIONS[name]]


def speed_workloads(seed: int) -> list[Workload]:
    """Return the workloads; the seed says nothing here, because `redraw` draws all there is."""
    return [workload(*combo) for combo in COMBOS]


def workload(shape_name: str, distribution: str) -> Workload:
    """Return one shape x distribution."""
    shape = SHAPES[shape_name]
    return Workload(
        shape=shape_name,
        distribution=distribution,
        build_inputs={},
        least_bytes=least_bytes(shape, distribution),
        source=shape,
    )


def least_bytes(shape: Shape, distribution: str) -> int:
    """Return what any right kernel must read and write in one op; what is only read counts half.

    Every index is read and every row of the answer written. What is taken may be a few rows over and over,
    so it does not count. Of strings the shortest are supposed, one in 64 empty. Of `remap` no more than one
    request in 8 is missing. Of deleted rows all are read, or one that is out of order is not noticed.
    """
    read, written = 4 * shape.m, shape.width // 8 * shape.m
    if shape.method == TAKE_FIXED and shape.has_nulls:
        read += shape.m // 8
        written += shape.m // 8
    elif shape.method == TAKE_ROWS:
        written = 4 * shape.width * shape.m
    elif shape.method == TAKE_STRINGS:
        written = 4 * shape.m + shape.m // 2 * shape.narrow
    elif shape.method == REMAP:
        read, written = 8 * (shape.n + shape.m), 4 * (shape.m - shape.m // 8)
    elif shape.method == MAP_OFFSETS:
        share = {"none": 0.0, "few": 0.01, "many": 0.2, "half": 0.5, "alternate": 0.5}[distribution]
        read, written = 8 * shape.m + 4 * int(4 * shape.n * share), 8 * shape.m
    return written + read // 2


def redraw(workload: Workload, seed: int) -> list[OpInputs]:
    """Return the ops of one round, all but large columns fresh in each; these change where they are taken."""
    stream, shape, distribution = SplitMix64(seed), workload.source, workload.distribution
    if shape.method == TAKE_FIXED:
        dtype = np.uint32 if shape.width == 32 else np.uint64
        return fixed_ops(stream, distribution, dtype, shape.n, shape.m, shape.has_nulls, shape.n_ops)
    if shape.method == TAKE_ROWS:
        return rows_ops(stream, distribution, shape.width, shape.n, shape.m, shape.n_ops)
    if shape.method == TAKE_STRINGS:
        lengths = shape.narrow, shape.width
        return strings_ops(stream, distribution, lengths, shape.n, shape.m, shape.n_ops)
    if shape.method == REMAP:
        return remap_ops(stream, distribution, shape.n, shape.m, shape.n_ops)
    return offsets_ops(stream, distribution, shape.n, shape.m, shape.n_ops)
