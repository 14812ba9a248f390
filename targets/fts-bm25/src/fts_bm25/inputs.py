"""What a trial times: five shapes, three distributions, fresh ops every round.

Every array follows from the seed alone, the same bits on every machine.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fts_bm25 import SORTED, UNSORTED, planted
from harness_common.prng import SplitMix64
from referee.workload import Edit, OpInputs, Workload


@dataclass(frozen=True)
class Shape:
    """How many lists one op has, of how many rows, and how many rows of each query are asked for."""

    order: str
    n_queries: int
    n_lists: int
    length: int
    k: int


SHAPES = {
    "20x10": Shape(SORTED, 128, 20, 10, 10),  # Lance's usual query, 20 partitions and k of 10, many at a time
    "100x1000": Shape(SORTED, 1, 100, 1_000, 1_000),  # k times a refine factor
    "1024x100": Shape(SORTED, 2, 1_024, 100, 100),  # all partitions are probed
    "64x4000": Shape(
        SORTED, 1, 64, 4_000, 4_000
    ),  # the outlier: a heap of 4,000 rows leaves the nearest cache
    "25x8192": Shape(UNSORTED, 1, 25, 8_192, 100),  # a search without an index: batches of a scan
}
DISTRIBUTIONS = ("interleaved", "skewed", "ties")

N_OPS = 16
STEP = 2.0**-20  # between two distances of `interleaved`; 24 bits of them, so each is a float32
N_FRAGMENTS = 4
CUT_EVERY = 8  # lists: one in so many is shorter than the others, as a small partition's is
NEAR_EVERY = 16  # lists: one in so many is near, in `skewed`


def speed_workloads(seed: int) -> list[Workload]:
    """Return the fifteen workloads; the seed says nothing here, because `redraw` draws all there is."""
    return [workload(name, distribution) for name in SHAPES for distribution in DISTRIBUTIONS]


def workload(shape_name: str, distribution: str) -> Workload:
    """Return one shape x distribution."""
    shape = SHAPES[shape_name]
    return Workload(
        shape=shape_name,
        distribution=distribution,
        build_inputs={},
        least_bytes=least_bytes(shape),
        source=shape,
    )


def least_bytes(shape: Shape) -> int:
    """Return what any right kernel must read and write in one op.

    It reads and writes the rows that it returns, 12 bytes each, and writes where each query's begin. Of
    sorted lists it must know where each begins, and read the first distance of each that gives no row: that
    row may come first. Of unsorted ones it must read every distance; those count half, because the referee's
    measure is a copy, and a core may read twice as fast as it copies. Cut lists may be empty: they count for
    nothing.
    """
    n_returned = shape.n_queries * shape.k
    n_whole = shape.n_queries * (shape.n_lists - shape.n_lists // CUT_EVERY)
    moved = 2 * 12 * n_returned + 8 * (shape.n_queries + 1)
    if shape.order == UNSORTED:
        return moved + 4 * n_whole * shape.length // 2
    return moved + 8 * n_whole + 4 * max(0, n_whole - n_returned)


def redraw(workload: Workload, seed: int) -> list[OpInputs]:
    """Return the ops of one round: new lists, and from op to op other rows planted in them, in place.

    Every query's first rows differ from op to op, and what `planted` says is among them.
    """
    stream = SplitMix64(seed)
    shape = workload.source
    lengths = list_lengths(stream.fork(0), shape)
    distances, row_ids = rows(stream.fork(1), shape, workload.distribution, lengths)
    ends = np.cumsum(lengths).reshape(shape.n_queries, shape.n_lists)
    offsets = np.concatenate([ends[:, :1] - lengths.reshape(ends.shape)[:, :1], ends], axis=1)
    plants = planted.plants(stream.fork(2), offsets, N_OPS, CUT_EVERY, ordered=shape.order == SORTED)

    first = plants[0]
    all_distances, all_row_ids = distances.copy(), row_ids.copy()
    all_distances[first.at], all_row_ids[first.at] = first.distances, first.row_ids
    ops: list[OpInputs] = [
        {
            "order": shape.order,
            "distances": all_distances,
            "row_ids": all_row_ids,
            "offsets": offsets,
            "k": shape.k,
        }
    ]
    for before, after in pairwise(plants):
        gone = np.setdiff1d(before.at, after.at)
        at = np.concatenate([gone, after.at])
        ops.append(
            {
                "distances": Edit(at, np.concatenate([distances[gone], after.distances])),
                "row_ids": Edit(at, np.concatenate([row_ids[gone], after.row_ids])),
            }
        )
    return ops


def list_lengths(stream: SplitMix64, shape: Shape) -> np.ndarray:
    """Return int64[n_queries * n_lists], all of full length but the last of every eight.

    Closes cutting the rows into lists without looking at the offsets, and a bound from the k-th row of a list
    that has no k rows.
    """
    lengths = np.full((shape.n_queries, shape.n_lists), shape.length)
    cut = lengths[:, CUT_EVERY - 1 :: CUT_EVERY]
    cut[:] = stream.integers(0, shape.length, cut.shape)
    return lengths.reshape(-1)


def rows(
    stream: SplitMix64, shape: Shape, distribution: str, lengths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (float32[n], uint64[n]) of lists of these lengths, sorted if the shape says so.

    A row id is a fragment and an offset in it, as Lance has them, far beyond 2**53. To sort a list by the
    bits of its distances and the offsets is to sort it by distance and row id: a list has one fragment, and
    no distance is below zero until `planted` puts some there.
    """
    fragments = stream.integers(0, N_FRAGMENTS, (len(lengths), 1)).astype(np.uint64)
    rings = list_rings(stream, shape)
    draw = stream.uint64((len(lengths), shape.length))
    distances = draw_distances(draw, distribution, rings).astype(np.float32)
    keys = (distances.view(np.uint32).astype(np.uint64) << 32) | (draw & 0xFFFFFFFF)
    if shape.order == SORTED:
        keys.sort(axis=1)
    row_ids = (np.uint64(2**31) + fragments << 32) | (keys & 0xFFFFFFFF)
    kept = np.arange(shape.length) < lengths[:, np.newaxis]
    return (keys[kept] >> 32).astype(np.uint32).view(np.float32), row_ids[kept]


def draw_distances(draw: np.ndarray, distribution: str, rings: np.ndarray) -> np.ndarray:
    """Return float64[lists, length] above 0 from the upper 32 bits of as many draws."""
    level = (draw >> 40).astype(np.float64) + 1.0
    if distribution == "interleaved":
        # Every list has its share of the first k rows: closes looking at a few lists only.
        return level * STEP
    if distribution == "skewed":
        # The real case of an index: few lists are near, and of most no row counts. Closes work that is done
        # for every list or every row, whether it counts or not.
        return (level + rings * 2.0**24) * STEP
    # Ties: 61 distances, bell-shaped, as sums of a few quantised terms are. Row ids decide, within lists and
    # between them: closes comparing distances alone, and row ids as float64.
    total = sum((draw >> np.uint64(shift)) & 15 for shift in (32, 36, 40, 44))
    return 1.0 + np.asarray(total, np.float64)


def list_rings(stream: SplitMix64, shape: Shape) -> np.ndarray:
    """Return float64[n_queries * n_lists, 1]: 0 for a near list, up to 1 + n_lists / 8 for the farthest.

    Lance probes the nearest partitions first; the batches of a scan come in any order.
    """
    n_near = (shape.n_lists + NEAR_EVERY - 1) // NEAR_EVERY
    place = np.arange(shape.n_lists)
    rings = np.where(place < n_near, 0, 1 + place // 8).astype(np.float64)
    if shape.order == UNSORTED:
        rings = rings[stream.permutation(shape.n_lists)]
    return np.tile(rings, shape.n_queries)[:, np.newaxis]
