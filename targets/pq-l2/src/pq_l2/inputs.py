"""What a trial times: three shapes, three distributions, fresh ops every round.

Every array follows from the seed alone, the same bits on every machine.
"""

from dataclasses import dataclass

import numpy as np

from harness_common.prng import SplitMix64
from pq_l2 import N_CENTROIDS, PqShape, late_rows, quantizer, reference
from referee.workload import Edit, OpInputs, Workload

SHAPES = {"128x16": PqShape(128, 16), "256x16": PqShape(256, 16), "768x96": PqShape(768, 96)}
DISTRIBUTIONS = ("clustered", "uniform", "sparse")

N_ROWS = 20_000  # between Lance's target of 8,192 rows a partition and its split at four times that
N_OPS = 32  # queries in a round
K = 10
N_TRAINING = 1_024
N_CENTRES = 32
NOISE = 0.1  # standard deviation around a centre
ENCODED_AT_ONCE = 250  # rows: their float64 vectors stay in the cache; 20,000 at once would be hundreds of MB
EXTREME_EVERY = 4  # ops


@dataclass(frozen=True)
class Source:
    """What `redraw` draws from.

    pool     uint8[n_sub, 20000]  codes of vectors from the distribution
    centres  float64[32, dim]     of the clustered distribution
    """

    pool: np.ndarray
    centres: np.ndarray


def speed_workloads(seed: int) -> list[Workload]:
    """Return the nine workloads, each with its own trained codebook and encoded rows."""
    streams = SplitMix64(seed)
    combos = [(name, distribution) for name in SHAPES for distribution in DISTRIBUTIONS]
    return [workload(streams.fork(i), name, distribution) for i, (name, distribution) in enumerate(combos)]


def workload(stream: SplitMix64, shape_name: str, distribution: str) -> Workload:
    """Return one shape x distribution."""
    shape = SHAPES[shape_name]
    centres = stream.fork(0).uniform(-1.0, 1.0, (N_CENTRES, shape.dim))
    codebook = quantizer.train(shape, vectors(stream.fork(1), distribution, centres, N_TRAINING))
    rows = stream.fork(2)
    parts = [
        quantizer.encode(codebook, vectors(rows, distribution, centres, ENCODED_AT_ONCE))
        for _ in range(N_ROWS // ENCODED_AT_ONCE)
    ]
    return Workload(
        shape=shape_name,
        distribution=distribution,
        build_inputs={"dim": shape.dim, "n_sub": shape.n_sub, "codebook": codebook},
        # Every table entry depends on all of its centroid, so the codebook is read (from a copy of the same
        # size at best); a row none of whose codes was read may be the nearest. The rest may be pruned.
        least_bytes=codebook.nbytes + N_ROWS,
        source=Source(np.concatenate(parts, axis=1), centres),
    )


def redraw(workload: Workload, seed: int) -> list[OpInputs]:
    """Return the 32 ops of one round: new queries, and the pool's rows in a new order.

    Each op plants the row that is the best possible one for its own query, and takes away the one of the op
    before: a kernel that keeps anything derived from earlier codes misses a row or returns one that is gone.

    It plants a late row, too, and takes away that of the op before: about the seventh best, with the best
    codes on half of the sub-vectors, and as bad on the other half as that leaves room for. The bad half is
    drawn: the first, the second, every second sub-vector, or the others. Closes giving up rows on part of
    their sub-vectors because rows so far behind hardly ever come back. In `clustered` a late row is behind
    its cluster on its bad half, and not behind other clusters: nothing that far is in an answer.
    """
    stream = SplitMix64(seed)
    pool, codebook = workload.source.pool, workload.build_inputs["codebook"]
    assert isinstance(codebook, np.ndarray)
    queries = vectors(stream.fork(0), workload.distribution, workload.source.centres, N_OPS)
    best = quantizer.encode(codebook, queries)
    late = late_rows_of(stream.fork(3), codebook, pool, queries)
    order = stream.fork(1).permutation(N_ROWS)
    ordinary = pool[:, stream.fork(2).integers(0, N_ROWS, 2 * N_OPS)]
    places = order[: 3 * N_OPS]  # distinct and random, which is all that is asked of them

    codes = np.take(pool, order, axis=1)
    codes[:, places[0]] = best[:, 0]
    codes[:, places[2 * N_OPS]] = late[:, 0]
    ops: list[OpInputs] = [{"query": queries[0], "codes": codes, "k": K}]
    for op in range(1, N_OPS):
        changes = {places[op]: best[:, op], places[op - 1]: ordinary[:, op]}
        changes[places[2 * N_OPS + op]] = late[:, op]
        changes[places[2 * N_OPS + op - 1]] = ordinary[:, N_OPS + op]
        if op % EXTREME_EVERY == 0:
            value = 0 if op % (2 * EXTREME_EVERY) == 0 else N_CENTROIDS - 1
            changes[places[N_OPS + op]] = np.full(len(pool), value, np.uint8)
        ops.append({"query": queries[op], "codes": edit(changes, N_ROWS), "k": K})
    return ops


def late_rows_of(
    stream: SplitMix64, codebook: np.ndarray, pool: np.ndarray, queries: np.ndarray
) -> np.ndarray:
    """Return uint8[n_sub, 32], each query's late row, the bad half drawn for each of them."""
    bad = late_rows.halves(len(pool))[stream.integers(0, late_rows.N_HALVES, len(queries))]
    costs = (reference.distance_table(codebook, query) for query in queries)
    rows = [late_rows.late_row(table, pool, half) for table, half in zip(costs, bad, strict=True)]
    return np.stack(rows, axis=1)


def edit(changes: dict[int, np.ndarray], n_rows: int) -> Edit:
    """Return the edit that writes codes uint8[n_sub] over each given row of uint8[n_sub, n_rows]."""
    rows = np.array(list(changes), np.int64)
    values = np.stack(list(changes.values()), axis=1)
    at = np.arange(len(values), dtype=np.int64)[:, np.newaxis] * n_rows + rows
    return Edit(at.reshape(-1), values.reshape(-1))


def vectors(stream: SplitMix64, distribution: str, centres: np.ndarray, n: int) -> np.ndarray:
    """Return float32[n, dim] drawn from a distribution."""
    shape = (n, centres.shape[1])
    if distribution == "clustered":
        # The real case, a few rows near and most far: closes scanning fewer rows, or with fewer bits,
        # on the hope that all distances are alike.
        width = NOISE * 3**0.5
        return (centres[stream.integers(0, len(centres), n)] + stream.uniform(-width, width, shape)).astype(
            np.float32
        )
    if distribution == "uniform":
        # No structure, all distances alike: closes pruning that pays only where most rows are far, and a
        # threshold found in the first rows looks no better than the last.
        return stream.uniform(-1.0, 1.0, shape).astype(np.float32)
    # Sparse: 90 % zeros. A few codes stand for most sub-vectors and many sums tie: closes tables keyed on
    # frequent codes, and selection that assumes distinct distances.
    draw = stream.floats(shape)
    return np.where(draw < 0.1, 20.0 * draw - 1.0, 0.0).astype(np.float32)
