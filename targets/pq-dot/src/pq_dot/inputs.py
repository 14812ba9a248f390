"""What a trial times: three shapes, four distributions, fresh ops every round.

Every array follows from the seed alone, the same bits on every machine.
"""

from dataclasses import dataclass

import numpy as np

from harness_common.prng import SplitMix64
from pq_dot import PqShape, late_rows, quantizer, reference
from referee.workload import Edit, OpInputs, Workload

SHAPES = {"128x16": PqShape(128, 16), "768x96": PqShape(768, 96), "1536x96": PqShape(1536, 96)}
DISTRIBUTIONS = ("embeddings", "heavy", "opposed", "rising")
# The heap is a large part of an op only at the small shape, so the order of rows is tried there alone.
COMBOS = [(shape, distribution) for shape in SHAPES for distribution in DISTRIBUTIONS[:3]] + [
    ("128x16", "rising")
]

N_ROWS = (
    16_000  # as in Lance's own benchmark; it aims at 8,192 rows a partition and splits at four times that
)
N_OPS = 32  # queries in a round
K = 10
N_TRAINING = 1_024
N_CENTRES = 32
NOISE = 0.5  # half the width of a cluster, whose centre lies in [-1, 1) in every coordinate
LONGEST = 50.0  # times longer is the longest of the heavy-tailed rows than the shortest
OUTLIER = 8.0  # the one large coordinate of an opposed sub-vector, where the others lie in [-1, 1)
ENCODED_AT_ONCE = 250  # rows: their float64 vectors stay in the cache; 16,000 at once would be hundreds of MB
WORST_EVERY = 4  # ops


@dataclass(frozen=True)
class Source:
    """What `redraw` draws from.

    pool     uint8[n_sub, 16000]  codes of vectors from the distribution
    centres  float64[32, dim]     of the embeddings
    """

    pool: np.ndarray
    centres: np.ndarray


def speed_workloads(seed: int) -> list[Workload]:
    """Return the ten workloads, each with its own trained codebook and encoded rows."""
    streams = SplitMix64(seed)
    return [workload(streams.fork(i), name, distribution) for i, (name, distribution) in enumerate(COMBOS)]


def workload(stream: SplitMix64, shape_name: str, distribution: str) -> Workload:
    """Return one shape x distribution."""
    shape = SHAPES[shape_name]
    centres = stream.fork(0).uniform(-1.0, 1.0, (N_CENTRES, shape.dim))
    codebook = quantizer.train(shape, vectors(stream.fork(1), distribution, shape, centres, N_TRAINING))
    rows = stream.fork(2)
    parts = [
        quantizer.encode(codebook, vectors(rows, distribution, shape, centres, ENCODED_AT_ONCE))
        for _ in range(N_ROWS // ENCODED_AT_ONCE)
    ]
    return Workload(
        shape=shape_name,
        distribution=distribution,
        build_inputs={"dim": shape.dim, "n_sub": shape.n_sub, "codebook": codebook},
        # A row none of whose codes was read may be the best, and every coordinate of the query counts. The
        # codebook need not be read as a whole: bounds kept by the constructor can rule centroids out.
        least_bytes=N_ROWS + shape.dim * 4,
        source=Source(np.concatenate(parts, axis=1), centres),
    )


def redraw(workload: Workload, seed: int) -> list[OpInputs]:
    """Return the 32 ops of one round: new queries, and the pool's rows in a new order.

    Each op plants the row that is the best possible one for its own query, and takes away the one of the op
    before: a kernel that keeps anything derived from earlier codes misses a row or returns one that is gone.

    It plants a late row, too, and takes away that of the op before: about the seventh best, with the best
    codes on half of the sub-vectors, and as bad on the other half as that leaves room for. The bad half is
    drawn: the first, the second, every second sub-vector, or the others. Closes giving up rows on part of
    their sub-vectors because rows so far behind hardly ever come back. In `embeddings` a late row is behind
    its cluster on its bad half, and not behind other clusters: nothing that far is in an answer.
    """
    stream = SplitMix64(seed)
    shape = SHAPES[workload.shape]
    pool, codebook = workload.source.pool, workload.build_inputs["codebook"]
    assert isinstance(codebook, np.ndarray)
    queries = query_vectors(stream.fork(0), workload.distribution, shape, workload.source.centres)
    best = quantizer.encode(codebook, queries)
    late = late_rows_of(stream.fork(3), codebook, pool, queries)
    if workload.distribution == "rising":
        return [rising(pool, codebook, query, best[:, op], late[:, op]) for op, query in enumerate(queries)]

    worst = quantizer.encode(codebook, -queries)
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
        if op % WORST_EVERY == 0:  # closes sums of rounded entries that wrap around, or reach from row to row
            changes[places[N_OPS + op]] = worst[:, op]
        ops.append({"query": queries[op], "codes": edit(changes, N_ROWS), "k": K})
    return ops


def rising(
    pool: np.ndarray, codebook: np.ndarray, query: np.ndarray, best: np.ndarray, late: np.ndarray
) -> OpInputs:
    """Return an op of the pool's rows from the worst for `query` to the best, `best` and `late` among them.

    Closes a threshold before the heap that is tested on friendly orders only: here no row is below it.
    """
    codes = pool.copy()
    codes[:, 0] = best
    codes[:, 1] = late
    distances = reference.distances(reference.inner_products(codebook, query), codes)
    farthest_first = np.argsort(-distances, kind="stable")
    return {"query": query, "codes": np.take(codes, farthest_first, axis=1), "k": K}


def late_rows_of(
    stream: SplitMix64, codebook: np.ndarray, pool: np.ndarray, queries: np.ndarray
) -> np.ndarray:
    """Return uint8[n_sub, 32], each query's late row, the bad half drawn for each of them."""
    bad = late_rows.halves(len(pool))[stream.integers(0, late_rows.N_HALVES, len(queries))]
    costs = (-reference.inner_products(codebook, query) for query in queries)
    rows = [late_rows.late_row(table, pool, half) for table, half in zip(costs, bad, strict=True)]
    return np.stack(rows, axis=1)


def edit(changes: dict[int, np.ndarray], n_rows: int) -> Edit:
    """Return the edit that writes codes uint8[n_sub] over each given row of uint8[n_sub, n_rows]."""
    rows = np.array(list(changes), np.int64)
    values = np.stack(list(changes.values()), axis=1)
    at = np.arange(len(values), dtype=np.int64)[:, np.newaxis] * n_rows + rows
    return Edit(at.reshape(-1), values.reshape(-1))


def vectors(stream: SplitMix64, distribution: str, shape: PqShape, centres: np.ndarray, n: int) -> np.ndarray:
    """Return float32[n, dim], rows drawn from a distribution."""
    drawn = stream.uniform(-1.0, 1.0, (n, shape.dim))
    if distribution == "embeddings":
        # Unit vectors in clusters, the real case: distances lie close together around 1, and Lance's ones are
        # larger than the dots by far. Closes a table with the ones in it at less than single precision.
        drawn = centres[stream.integers(0, len(centres), n)] + NOISE * drawn
        drawn /= norms(drawn)[:, np.newaxis]
    elif distribution == "heavy":
        # Norms with a heavy tail, as popular items have in a recommender: a few rows are best for most
        # queries. Closes one rounding step for all rows, and a threshold from rows that tell nothing.
        drawn *= (1.0 / (1.0 / LONGEST + stream.floats(n)))[:, np.newaxis]
    elif distribution == "opposed":
        # One large coordinate per sub-vector, as real embeddings have a few, of alternating sign, so that the
        # large parts cancel over a row. Closes tables in half precision and in bytes with one step for all.
        drawn[:, :: shape.sub_dim] = OUTLIER * signs(shape)
    return drawn.astype(np.float32)


def query_vectors(stream: SplitMix64, distribution: str, shape: PqShape, centres: np.ndarray) -> np.ndarray:
    """Return float32[32, dim], the queries of a round."""
    if distribution in ("embeddings", "rising"):
        return vectors(stream, distribution, shape, centres, N_OPS)
    queries = stream.uniform(-1.0, 1.0, (N_OPS, shape.dim))  # heavy: items have a heavy tail, users have not
    if distribution == "opposed":
        # one sign, where those of the rows alternate, and another size for each query
        queries[:, :: shape.sub_dim] = OUTLIER * (1.0 + stream.floats((N_OPS, 1)))
    return queries.astype(np.float32)


def signs(shape: PqShape) -> np.ndarray:
    """Return float64[n_sub] of 1, -1, 1, -1, ..."""
    return 1.0 - 2.0 * (np.arange(shape.n_sub) % 2)


def norms(vectors: np.ndarray) -> np.ndarray:
    """Return float64[n], the Euclidean norms of float64[n, dim]; squares are added in order."""
    # a running total, not sum(axis=1), whose order depends on the machine
    return np.asarray(np.sqrt(np.cumsum(vectors * vectors, axis=1)[:, -1]))
