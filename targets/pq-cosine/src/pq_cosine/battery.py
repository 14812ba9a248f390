"""What a trial checks before it times anything: awkward values, shapes, partitions, rows and queries."""

from collections.abc import Iterator

import numpy as np

from harness_common.prng import SplitMix64
from pq_cosine import N_CODEWORDS, PqShape, reference
from pq_cosine.cases import (
    KINDS,
    Index,
    build_inputs,
    decoded,
    directions,
    drawn_index,
    drawn_queries,
    drawn_rows,
    make_case,
    offsets_of,
    planted,
)
from pq_cosine.inputs import N_ROWS, SHAPES, layout
from referee.workload import Case, OpInputs

# Around the widths of vectors and blocks, around k = 10, and empty ones in every place.
PARTITIONS = (
    *((0,), (0, 0, 0), (1,), (1, 1, 1, 1), (3, 0, 2, 5), (9, 10, 11), (15, 16, 17), (63, 64, 65)),
    *((0, 4097, 0), (20, 0), (0, 20)),
)
LENGTHS = (180, 0, 7, 250, 120)  # of the partitions where they are not the point
ODD_SHAPE = PqShape(171, 9)
N_TIES = 50  # more than k = 33


def correctness_battery(seed: int) -> list[Case]:
    """Return the cases, with fresh values, and some fresh shapes, for every seed."""
    streams = SplitMix64(seed)
    parts = (
        *(kind_cases, partition_cases, changing_partitions_case, random_shape_cases, timed_size_cases),
        special_cases,
    )
    return [case for i, part in enumerate(parts) for case in part(streams.fork(i))]


def kind_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every kind of value at every timed shape."""
    for shape_name, shape in SHAPES.items():
        for kind in KINDS:
            index = drawn_index(stream, kind, shape, LENGTHS)
            queries = drawn_queries(stream, kind, shape, 3)
            yield make_case(f"{kind} {shape_name}", stream, index, queries, (10, 1, 100))


def partition_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every set of partitions with k of 1, 10, all rows and more than all; then a query of zeros."""
    shape = SHAPES["128x16"]
    for lengths in PARTITIONS:
        n = sum(lengths)
        index = drawn_index(stream, "uniform", shape, lengths)
        queries = drawn_queries(stream, "uniform", shape, 5)
        queries[4] = 0.0
        ks = (1, 10, max(n, 1), n + 3, 10)
        yield make_case(f"partitions of {lengths} rows", stream, index, queries, ks)


def changing_partitions_case(stream: SplitMix64) -> Iterator[Case]:
    """Yield one kernel that is asked about partitions whose lengths change, as those of an index do."""
    shape = SHAPES["128x16"]
    layouts = [(0, 0, 0), (5, 40, 30), (30, 5, 40), (40, 0, 35), (75, 0, 0), (20, 20, 20), (100, 1, 300)]
    index = drawn_index(stream, "gaussian", shape, layouts[0])
    queries = drawn_queries(stream, "gaussian", shape, len(layouts))
    ops: list[OpInputs] = []
    for i, query in zip(stream.permutation(len(layouts)), queries, strict=True):
        codes = drawn_rows(stream, shape, layouts[i])
        ops.append({"query": query, "codes": codes, "offsets": offsets_of(layouts[i]), "k": 10})
    yield Case("changing partitions", build_inputs(index), ops)


def random_shape_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield shapes that no kernel can have listed: odd sub-vectors, one of them, 192 of them."""
    drawn = [int(draw) for draw in stream.integers(1, 33, 11)]
    cuts = [(3, drawn[0]), (5, drawn[1]), (20, drawn[2]), (drawn[3], 1), (1 + drawn[4] % 4, 192)]
    cuts += [(drawn[5], drawn[6]), (drawn[7], drawn[8]), (drawn[9], drawn[10])]
    for sub_dim, n_sub in cuts:
        shape = PqShape(sub_dim * n_sub, n_sub)
        kind = KINDS[int(stream.integers(0, len(KINDS), 1)[0])]
        n_partitions = int(stream.integers(1, 10, 1)[0])
        lengths = [int(length) for length in stream.integers(0, 300, n_partitions)]
        index = drawn_index(stream, kind, shape, lengths)
        queries = drawn_queries(stream, kind, shape, 3)
        name = f"random shape {shape.dim}x{shape.n_sub}, {kind}, {n_partitions} partitions"
        yield make_case(name, stream, index, queries, (10, 1, 33))


def timed_size_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield, with about as many rows as are timed, what a path that only many rows take may get wrong.

    Ties across k = 10 and 33, k = 100 and 1, a query of zeros and a long one; at the first timed and at an
    odd shape also rows from far to near, each nearer than the k kept so far. The number of rows is odd, so
    that no timed number is ever asked.
    """
    sizes = [(name, shape, N_ROWS[name]) for name, shape in SHAPES.items()]
    sizes.append(("odd", ODD_SHAPE, N_ROWS["128x16"]))
    for name, shape, n_timed in sizes:
        n = int(stream.integers(n_timed * 9 // 10, n_timed * 13 // 10, 1)[0]) | 1
        lengths = [int(length) for length in np.diff(layout(stream, n))]
        index = drawn_index(stream, "gaussian", shape, lengths)
        queries = drawn_queries(stream, "gaussian", shape, 5)
        queries[1:3] = queries[0]
        queries[3] = 0.0
        queries[4] *= np.float32(1e15)
        best = planted(index.codebook, index.centroids[np.argmax(lengths)], queries[0])
        index.partitions()[np.argmax(lengths)][:, 7 : 7 + N_TIES] = best[:, np.newaxis]
        yield make_case(f"timed size {name}, {n} rows", stream, index, queries, (33, 10, 100, 10, 1))
        if name in ("128x16", "odd"):
            far_to_near = dict(special_rows(index, queries[0]))["rows from far to near"]
            what = f"timed size {name}, {n} rows from far to near"
            yield make_case(what, stream, far_to_near, queries[:3], (10, 33, 100))


def special_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield, at a timed and at an odd shape, the rows, partitions and queries that break a shortcut."""
    for shape in (SHAPES["128x16"], ODD_SHAPE):
        index = drawn_index(stream, "gaussian", shape, LENGTHS)
        queries = drawn_queries(stream, "gaussian", shape, 3)
        for what, special in (
            *special_rows(index, queries[0]),
            *special_partitions(index, queries[0]),
        ):
            yield make_case(f"{what} {shape.dim}x{shape.n_sub}", stream, special, queries, (10, 1, 10))
        for what, asked in special_queries(index, queries):
            ks = (10, 1, *[10] * (len(asked) - 2))
            yield make_case(f"{what} {shape.dim}x{shape.n_sub}", stream, index, asked, ks)


def special_rows(index: Index, query: np.ndarray) -> Iterator[tuple[str, Index]]:
    """Yield (what, index) with rows in an order, or with codes, that a shortcut may get wrong."""
    codes = np.where(index.codes < 128, 0, N_CODEWORDS - 1).astype(np.uint8)
    yield "codes 0 and 255", index.with_rows(codes)
    distances = reference.distances(index.codebook, index.centroids, query, index.codes, index.offsets)
    for what, sign in (("rows from near to far", 1), ("rows from far to near", -1)):
        parts = []
        for p, rows in enumerate(index.partitions()):
            within = distances[index.offsets[p] : index.offsets[p + 1]]
            parts.append(np.take(rows, np.argsort(sign * within, kind="stable"), axis=1).reshape(-1))
        yield what, index.with_rows(np.concatenate(parts))


def special_partitions(index: Index, query: np.ndarray) -> Iterator[tuple[str, Index]]:
    """Yield (what, index) with partitions that tie with each other, or that mislead about where to look."""
    same = np.repeat(index.centroids[:1], len(LENGTHS), axis=0)
    one_row = np.repeat(index.partitions()[0][:, :1], sum(LENGTHS), axis=1)
    parts = np.split(one_row, index.offsets[1:-1], axis=1)
    yield "identical rows", index.with_partitions(same, parts)
    yield "identical partitions", index.with_partitions(same, [index.partitions()[0]] * len(LENGTHS))

    antipodal = index.centroids.copy()
    antipodal[3] = -antipodal[0]
    yield "antipodal partitions", index.with_partitions(antipodal, index.partitions())

    # Seven of the best row, in three partitions alike, then eight of one a bit worse: k = 10 cuts those.
    best = planted(index.codebook, same[0], query)
    second = best.copy()
    table = reference.distance_table(index.codebook, reference.direction(query) - same[0])
    second[0] = np.argsort(table[0])[1]
    parts = [rows.copy() for rows in index.partitions()]
    for p, row, codes in ((0, 3, best), (3, 9, best), (4, 1, best), (0, 50, second), (3, 60, second)):
        parts[p][:, row : row + (2 if codes is best else 4)] = codes[:, np.newaxis]
    parts[4][:, 100] = best
    yield "ties across partitions", index.with_partitions(same, parts)

    # The query itself is among the rows; then a row near it, where the centroid is as far as can be.
    unit = directions(query[np.newaxis])[0]
    n_sub, _, sub_dim = index.codebook.shape
    for what, length in (("exact match", 0.5), ("nearest row in the farthest partition", -0.9)):
        codebook, centroids = index.codebook.copy(), index.centroids.copy()
        centroids[3] = np.float32(length) * unit
        codebook[:, 7] = (unit - centroids[3]).reshape(n_sub, sub_dim)
        parts = [rows.copy() for rows in index.partitions()]
        parts[3][:, 249] = 7
        yield what, Index(codebook, centroids, np.concatenate([p.reshape(-1) for p in parts]), index.offsets)


def special_queries(index: Index, queries: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (what, queries) whose length or direction a shortcut may get wrong."""
    query = queries[0]
    scales = np.array([1.0, 1e-3, 1e3, 2.0**40, 2.0**-40, 1e15, 1e-15], np.float32)
    yield "scaled query", scales[:, np.newaxis] * query
    yield "unit query", directions(queries)
    yield "query along a centroid", np.float32(3.0) * index.centroids[[0, 3, 4]]
    yield "query of a row", np.float32(7.0) * decoded(index, (0, 100, 200))
    yield "query opposite to a row", np.float32(-7.0) * decoded(index, (0, 100, 200))

    # The length is 0, or overflows, or is no number; a kernel that sees them is then asked as usual.
    lost = np.repeat(query[np.newaxis], 8, axis=0)
    lost[0] = 0.0
    lost[2] *= np.float32(1e-30)
    lost[3] = np.where(query < 0, np.float32(-1e25), np.float32(1e25))
    lost[4, 0], lost[5, -1], lost[6, -2] = np.inf, -np.inf, np.nan
    yield "query without a direction", lost
