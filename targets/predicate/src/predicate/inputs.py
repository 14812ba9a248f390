"""What a trial times: six shapes, three distributions, fresh ops every round.

Every array follows from the seed alone, the same bits on every machine.
"""

from dataclasses import dataclass

import numpy as np

from harness_common.prng import SplitMix64
from predicate import DISTANCES, TOP_K
from predicate.late_rows import N_LATE, late_rows
from referee.workload import Edit, OpInputs, Workload


@dataclass(frozen=True)
class Shape:
    """What one workload asks for: `method` over rows of a length, and k where it takes one."""

    method: str
    dim_bytes: int
    n_rows: int
    k: int = 0


# Row counts a little above a round number: the last rows are in the tail of every loop over blocks of rows.
SHAPES = {
    "all-32B": Shape(DISTANCES, 32, 30_003),
    "all-96B": Shape(DISTANCES, 96, 20_003),
    "top10-16B": Shape(TOP_K, 16, 60_003, 10),
    "top10-96B": Shape(TOP_K, 96, 20_003, 10),
    "top100-192B": Shape(TOP_K, 192, 10_003, 100),
    # 4 MB, more than most second-level caches hold: rows come from farther away. One distribution tells that.
    "top10-128B-large": Shape(TOP_K, 128, 32_771, 10),
}
DISTRIBUTIONS = ("clustered", "uniform", "sparse")
COMBOS = [
    (name, distribution)
    for name in SHAPES
    for distribution in DISTRIBUTIONS
    if distribution == "clustered" or not name.endswith("large")
]

N_OPS = 16  # in a round
N_CENTRES = 32
FLIPS = 5  # words ANDed: one bit in 2**5 of a clustered row differs from its centre
ONES = 7  # words ANDed: one bit in 2**7 of a sparse row is set, just under 1 %
FARTHEST_EVERY = 4  # ops
STRAY_EVERY = 4  # ops: a query that is near no centre
N_PLANTED = 2 + N_LATE  # rows of an op that the next one takes away


@dataclass(frozen=True)
class Source:
    """What `redraw` draws from.

    pool     uint8[n_rows, dim_bytes]
    centres  uint8[32, dim_bytes]  of the clustered distribution
    """

    pool: np.ndarray
    centres: np.ndarray


def speed_workloads(seed: int) -> list[Workload]:
    """Return the sixteen workloads."""
    streams = SplitMix64(seed)
    return [workload(streams.fork(i), *combo) for i, combo in enumerate(COMBOS)]


def workload(stream: SplitMix64, shape_name: str, distribution: str) -> Workload:
    """Return one shape x distribution."""
    shape = SHAPES[shape_name]
    centres = random_bytes(stream.fork(0), (N_CENTRES, shape.dim_bytes))
    pool = vectors(stream.fork(1), distribution, centres, shape.n_rows)
    return Workload(
        shape=shape_name,
        distribution=distribution,
        build_inputs={"dim_bytes": shape.dim_bytes},
        # Every byte counts in a distance, but the referee supposes that a reader takes half of a copy's time,
        # and it may take less: half of the bytes is safe. A row none of whose bytes was read may be the
        # nearest; after one byte the rest of it may be pruned.
        least_bytes=pool.nbytes // 2 if shape.method == DISTANCES else shape.n_rows,
        source=Source(pool, centres),
    )


def redraw(workload: Workload, seed: int) -> list[OpInputs]:
    """Return the ops of one round: new queries, and the pool's rows in a new order.

    Each op plants its own query among the rows, and its query with one bit changed, and takes away those two
    of the op before: a kernel that keeps anything derived from earlier rows misses the nearest or returns one
    that is gone. The changed bit is in the first or the last byte, and the first ops use the last row and the
    first: closes loops that stop short, within a row or among rows. Every fourth op also plants the row that
    is as far away as can be: closes counters that are too narrow.

    Where k rows are asked for, each op plants two more that belong to the answer, one unlike the query
    in one half of its bytes only and one in the other: closes ranking all rows by a part of their bytes and
    finishing only the best. How far such a row looks in its half depends on how far the k-th row is. In
    `uniform` it is behind nine tenths of all rows in its half; in `sparse` one of the two is. In `clustered`
    both are behind three fifths where the query strays from all centres, every fourth time; elsewhere all
    other centres' rows look farther, and from 96 bytes on both are behind three fifths of their own centre's.
    """
    stream = SplitMix64(seed)
    shape, pool = SHAPES[workload.shape], workload.source.pool
    queries = query_vectors(stream.fork(0), workload.distribution, workload.source.centres, N_OPS)
    if workload.distribution == "clustered":
        strays = queries[STRAY_EVERY - 1 :: STRAY_EVERY]
        strays[:] = random_bytes(stream.fork(3), strays.shape)
    order = stream.fork(1).permutation(shape.n_rows)
    ordinary = pool[stream.fork(2).integers(0, shape.n_rows, N_PLANTED * N_OPS)]
    ends = np.array([shape.n_rows - 1, 0], np.int64)
    places = np.concatenate([ends, order[(order != ends[0]) & (order != ends[1])]])

    codes = pool[order]
    columns = np.ascontiguousarray(codes.view(np.uint64).T)  # the rows of the op at hand
    ops: list[OpInputs] = []
    before = range(0)
    for op, query in enumerate(queries):
        changes = {places[i]: ordinary[i] for i in before}
        planted = [query, near(query, op)]
        if op > 0 and op % FARTHEST_EVERY == 0:
            changes[places[N_PLANTED * N_OPS + op]] = ~query
        if shape.method == TOP_K:
            write(columns, changes | dict(zip(places[N_PLANTED * op :], planted, strict=False)))
            planted += late_rows(stream.fork(4 + op), query, columns, shape.k)
        before = range(N_PLANTED * op, N_PLANTED * op + len(planted))
        changes |= {places[i]: row for i, row in zip(before, planted, strict=True)}
        write(columns, changes)
        if op == 0:
            codes[list(changes)] = list(changes.values())
        ops.append(op_inputs(shape, query, edit(changes) if op > 0 else codes))
    return ops


def write(columns: np.ndarray, changes: dict[np.int64, np.ndarray]) -> None:
    """Write rows into uint64[dim_bytes / 8, n]."""
    for row, value in changes.items():
        columns[:, row] = value.view(np.uint64)


def op_inputs(shape: Shape, query: np.ndarray, codes: np.ndarray | Edit) -> OpInputs:
    """Return the inputs of one op, as the shape's method wants them."""
    inputs: dict[str, np.ndarray | int | str | Edit] = {
        "method": shape.method,
        "query": query,
        "codes": codes,
    }
    if shape.method == TOP_K:
        inputs["k"] = shape.k
    return inputs


def near(query: np.ndarray, op: int) -> np.ndarray:
    """Return `query` with one bit changed, in its first byte or its last, by turns."""
    row = query.copy()
    row[0 if op % 2 == 0 else -1] ^= 1 << op % 8
    return row


def edit(changes: dict[np.int64, np.ndarray]) -> Edit:
    """Return the edit that writes uint8[dim_bytes] over each given row."""
    rows = np.array(list(changes), np.int64)
    values = np.stack(list(changes.values()))
    dim_bytes = values.shape[1]
    at = rows[:, np.newaxis] * dim_bytes + np.arange(dim_bytes, dtype=np.int64)
    return Edit(at.reshape(-1), values.reshape(-1))


def vectors(stream: SplitMix64, distribution: str, centres: np.ndarray, n: int) -> np.ndarray:
    """Return uint8[n, dim_bytes] drawn from a distribution."""
    shape = (n, centres.shape[1])
    if distribution == "clustered":
        # The real case, a few rows near and most far: closes scanning fewer rows, or fewer bytes of each, on
        # the hope that all distances are alike.
        flips = rare_bits(stream.fork(0), shape, FLIPS)
        return np.asarray(centres[stream.fork(1).integers(0, len(centres), n)] ^ flips)
    if distribution == "uniform":
        # No structure, every row about as far as any other: closes pruning that pays only where most rows are
        # far, and a threshold found in the first rows looks no better than the last.
        return random_bytes(stream, shape)
    # Sparse: nearly all bits are zero, so thousands of rows are at the same distance: closes selection that
    # assumes distinct distances, and sums that suppose full bytes.
    return rare_bits(stream, shape, ONES)


def query_vectors(stream: SplitMix64, distribution: str, centres: np.ndarray, n: int) -> np.ndarray:
    """Return uint8[n, dim_bytes], of the distribution; a sparse one has one byte of ones besides.

    Without it half of the short sparse rows would be as near as the planted ones.
    """
    queries = vectors(stream.fork(0), distribution, centres, n)
    if distribution == "sparse":
        queries[np.arange(n), stream.fork(1).integers(0, queries.shape[1], n)] = 255
    return queries


def rare_bits(stream: SplitMix64, shape: tuple[int, int], n_words: int) -> np.ndarray:
    """Return uint8[shape] in which one bit in 2**n_words is set."""
    bits = random_bytes(stream, shape)
    for _ in range(n_words - 1):
        bits &= random_bytes(stream, shape)
    return bits


def random_bytes(stream: SplitMix64, shape: tuple[int, int]) -> np.ndarray:
    """Return uint8[shape], eight bytes of a row from one draw, low byte first."""
    n, dim_bytes = shape
    words = stream.uint64((n, -(-dim_bytes // 8))).astype("<u8")
    return np.ascontiguousarray(words.view(np.uint8)[:, :dim_bytes])
