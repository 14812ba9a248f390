"""What a trial times: nine shapes, each with some distributions, fresh ops every round.

Every array follows from the seed alone, the same bits on every machine.
"""

from dataclasses import dataclass

import numpy as np

from harness_common.prng import SplitMix64
from predicate import TYPES
from predicate.batches import Layout, layout
from predicate.column_draws import draw
from predicate.expressions import build_inputs, leaves
from predicate.filters import Filter, forecast, less, membership, nulls
from predicate.specials import near
from referee.workload import Edit, OpInputs, Value, Workload


@dataclass(frozen=True)
class Shape:
    """What one workload evaluates: `n_batches` batches of up to `n` rows, one after the other.

    kind        of filter; "in" has `n_literals`
    """

    kind: str
    n: int
    n_batches: int
    n_literals: int = 0
    n_ops: int = 8


@dataclass(frozen=True)
class Source:
    """What `redraw` draws from: the shape, and the filter with its literals."""

    shape: Shape
    one: Filter


# Lance reads batches of 8,192 rows from a local disk, of 16,384 from an object store. The last one of an op
# is up to 63 rows shorter: closes loops over whole words only.
SHAPES = {
    "less-16384": Shape("less", 16_384, 12, n_ops=4),
    "less-1M": Shape("less", 1_000_003, 1),
    "q6-8192": Shape("forecast", 8_192, 6, n_ops=4),
    # 45 MB of columns, more than the last-level cache of the development machine: closes counting on it.
    "q6-2M": Shape("forecast", 2_100_003, 1, n_ops=4),
    "nulls-8192": Shape("nulls", 8_192, 6, n_ops=4),
    "in-3": Shape("in", 8_192, 12, 3, n_ops=4),
    "in-16": Shape("in", 8_192, 4, 16),
    "in-64": Shape("in", 8_192, 4, 64),
    "in-1000": Shape("in", 8_192, 4, 1_000),
}
DISTRIBUTIONS = {
    "less-16384": ("rare", "half", "most"),
    "less-1M": ("rare", "ascending"),
    "q6-8192": ("year", "wide", "ascending"),
    "q6-2M": ("year",),
    "nulls-8192": ("scattered", "clustered"),
    "in-3": ("rare",),
    "in-16": ("half",),
    "in-64": ("half",),
    "in-1000": ("half", "dense"),
}
COMBOS = [(name, distribution) for name in SHAPES for distribution in DISTRIBUTIONS[name]]

LEAD = 200  # rows before the first of a slice, at most: closes bits of row 0 below 64 only
N_HIDDEN = 16  # rows of a batch that would pass but for a null
N_PASSING = 2  # rows of a batch that pass whatever is drawn, so that no two ops have the same answer
N_TOGGLED = 256  # rows of a large batch that pass at first; a quarter of them changes in each later op
MOST_NULL = 0.5  # share of the rows of a column: a fifth, in clusters of 512 by chance up to twice that
LEAST_SELECTED = {"half": 0.45, "most": 0.95}  # shares of "less"


def speed_workloads(seed: int) -> list[Workload]:
    """Return the workloads, with the literals that the seed gives them."""
    stream = SplitMix64(seed)
    return [workload(*combo, stream.fork(k).next_uint64()) for k, combo in enumerate(COMBOS)]


def workload(shape_name: str, distribution: str, seed: int) -> Workload:
    """Return one shape x distribution."""
    shape = SHAPES[shape_name]
    one = drawn_filter(SplitMix64(seed), shape, distribution)
    return Workload(
        shape=shape_name,
        distribution=distribution,
        build_inputs=build_inputs(one.dtypes, one.tree),
        least_bytes=least_bytes(shape, distribution, one),
        source=Source(shape, one),
    )


def drawn_filter(stream: SplitMix64, shape: Shape, distribution: str) -> Filter:
    """Return the filter of a shape, with fresh literals."""
    if shape.kind == "in":
        return membership(stream, distribution, shape.n_literals)
    return {"less": less, "forecast": forecast, "nulls": nulls}[shape.kind](stream, distribution)


def least_bytes(shape: Shape, distribution: str, one: Filter) -> int:
    """Return what any right kernel must read and write in one op; what is only read counts half.

    It may find out by one column that a row is not selected, so the narrowest counts; with a bitmap, that
    and the values that are not null. It writes the bitmaps and what is surely selected.
    """
    n = shape.n * shape.n_batches - 64
    share = LEAST_SELECTED.get(distribution, 0.0) if shape.kind == "less" else 0.0
    read = n * min(TYPES[dtype].itemsize for dtype in one.dtypes)
    if all(one.nullable):
        read = int(read * (1 - MOST_NULL)) + n // 8
    return read // 2 + n // 8 + 4 * int(share * n)


def redraw(workload: Workload, seed: int) -> list[OpInputs]:
    """Return the ops of one round.

    Each brings all columns, of large shapes the first only: in the others some rows pass or fail by one of
    their columns, changed in place. Where batches begin in their columns and how long the last one is differs
    in every op.
    """
    stream, shape, one = SplitMix64(seed), workload.source.shape, workload.source.one
    where = layout(one.dtypes, one.nullable, -(-(shape.n + LEAD) // 64) * 64)
    is_large = shape.n_batches * where.n_bytes > 1 << 21
    stretch = (shape.n - LEAD - 64) // N_TOGGLED if is_large else 1
    toggled = LEAD + stretch * np.arange(N_TOGGLED) + stream.fork(98).integers(0, stretch, N_TOGGLED)
    failing = np.full(N_TOGGLED, -1)
    ops: list[OpInputs] = []
    for op in range(shape.n_ops):
        own = stream.fork(op)
        n_rows = np.full(shape.n_batches, shape.n)
        n_rows[-1] -= own.fork(0).integers(0, 64, 1)[0]
        leads = own.fork(1).integers(0, LEAD, shape.n_batches)
        leads *= own.fork(2).integers(0, 2, shape.n_batches)  # every other batch is none of a slice
        inputs: dict[str, Value | Edit] = {"columns": where.columns(leads), "n_rows": n_rows}
        if op == 0 or not is_large:
            buffer = fresh_buffer(own.fork(3), workload, where, leads, n_rows)
            if is_large:
                for c in range(len(one.dtypes)):
                    at, raw = places(where, c, toggled, np.full(N_TOGGLED, one.passing[c], np.uint64))
                    buffer[at] = raw
            inputs["buffer"] = buffer
        else:
            inputs["buffer"] = toggling(own.fork(3), one, where, toggled, failing)
        ops.append(inputs)
    return ops


def fresh_buffer(
    stream: SplitMix64, workload: Workload, where: Layout, leads: np.ndarray, n_rows: np.ndarray
) -> np.ndarray:
    """Return the buffer of one op, with what a shortcut gets wrong in every batch.

    Literals, their neighbours and the ends of the type stand in each column, at drawn rows; some rows would
    pass but for a null, and a few do pass.
    """
    shape, one = workload.source.shape, workload.source.one
    values, valid = draw(stream.fork(0), shape.kind, workload.distribution, one, shape.n_batches, where.room)
    for c, dtype in enumerate(one.dtypes):
        used = [bits for _, column, some in leaves(one.tree) if column == c for bits in some]
        found = near(dtype, [bits for bits in used if bits is not None][-6:])
        bitmap = valid[c]
        for b in range(shape.n_batches):
            own = stream.fork(1 + c).fork(b)
            rows = int(leads[b]) + own.fork(0).integers(0, int(n_rows[b]), len(found))
            values[c][b, rows] = found
            if bitmap is not None:
                hidden = np.flatnonzero(~bitmap[b])
                some_rows = hidden[own.fork(1).integers(0, max(len(hidden), 1), N_HIDDEN)[: len(hidden)]]
                for k, bits in enumerate(one.passing):
                    values[k][b, some_rows] = bits
    for b in range(shape.n_batches):
        own = stream.fork(100 + b)
        rows = int(leads[b]) + own.integers(0, int(n_rows[b]), N_PASSING)
        for column, bitmap, bits in zip(values, valid, one.passing, strict=True):
            column[b, rows] = bits
            if bitmap is not None:
                bitmap[b, rows] = True
    return where.buffer(values, valid)


def toggling(stream: SplitMix64, one: Filter, where: Layout, rows: np.ndarray, failing: np.ndarray) -> Edit:
    """Return an edit of one column in each of some rows: those that pass fail by it, the others pass again.

    rows     int64[r]  in the first batch
    failing  int64[r]  the column by which a row fails, or -1; changed here as well

    Closes looking at one column for what is new.
    """
    some = np.flatnonzero(stream.fork(0).integers(0, 4, len(rows)) == 0)
    passes = failing[some] < 0
    chosen = np.where(passes, stream.fork(1).integers(0, len(one.dtypes), len(some)), failing[some])
    failing[some] = np.where(passes, chosen, -1)
    parts = []
    for c in range(len(one.dtypes)):
        here = chosen == c
        bits = np.where(passes[here], np.uint64(one.failing[c]), np.uint64(one.passing[c]))
        parts.append(places(where, c, rows[some[here]], bits))
    return Edit(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def places(where: Layout, c: int, rows: np.ndarray, bits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where rows of one column are in the first batch, byte by byte, and the bytes of such bits."""
    size = TYPES[where.dtypes[c]].itemsize
    at = where.values[c] + size * rows[:, np.newaxis] + np.arange(size)
    raw = bits.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :size]
    return at.reshape(-1), raw.reshape(-1)
