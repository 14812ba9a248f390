"""What a trial checks before it times anything: awkward values, shapes, row counts and ties."""

from collections.abc import Iterator, Sequence

import numpy as np

from harness_common.prng import SplitMix64
from pq_l2 import N_CENTROIDS, PqShape, quantizer, reference
from pq_l2.inputs import N_ROWS as N_TIMED
from pq_l2.inputs import SHAPES, edit
from referee.workload import Case, OpInputs

KINDS = ("gaussian", "uniform", "sparse", "wide", "mostly zero")
ROW_COUNTS = (0, 1, 15, 16, 17, 63, 64, 65, 4097)  # around the widths of vectors and blocks
N_ROWS = 1_000
# Squared and times sub_dim 8 it is 8e8, whose last float32 bit is 64; sub-vectors are about 16 apart.
OFFSET = 1.0e4

TIMED_SIZES = (
    (SHAPES["128x16"], "ties"),
    (SHAPES["256x16"], "infinite query"),
    (SHAPES["768x96"], "common offset"),
    (PqShape(171, 9), "large finite values"),
    (SHAPES["768x96"], "zero query"),
)


def correctness_battery(seed: int) -> list[Case]:
    """Return the cases, with fresh values, and some fresh shapes, for every seed."""
    streams = SplitMix64(seed)
    parts = (
        kind_cases,
        row_count_cases,
        changing_row_count_case,
        random_shape_cases,
        special_cases,
        timed_size_cases,
    )
    return [case for i, part in enumerate(parts) for case in part(streams.fork(i))]


def kind_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every kind of value at every timed shape."""
    for shape_name, shape in SHAPES.items():
        for kind in KINDS:
            codebook, queries = codebook_and_queries(stream, kind, shape, 3)
            codes = random_codes(stream, shape, N_ROWS)
            yield make_case(f"{kind} {shape_name}", stream, codebook, queries, codes, (10, 1, 100))


def row_count_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every row count with k of 1, 10, all rows and more than all."""
    shape = SHAPES["128x16"]
    for n in ROW_COUNTS:
        codebook, queries = codebook_and_queries(stream, "uniform", shape, 4)
        codes = random_codes(stream, shape, n)
        yield make_case(f"{n} rows", stream, codebook, queries, codes, (1, 10, max(n, 1), n + 3))


def changing_row_count_case(stream: SplitMix64) -> Iterator[Case]:
    """Yield one kernel that is asked about partitions of different sizes, as Lance asks it."""
    shape = SHAPES["256x16"]
    order = stream.permutation(len(ROW_COUNTS))
    codebook, queries = codebook_and_queries(stream, "uniform", shape, len(order))
    ops: list[OpInputs] = [
        {"query": query, "codes": random_codes(stream, shape, ROW_COUNTS[i]), "k": 10}
        for i, query in zip(order, queries, strict=True)
    ]
    yield Case("changing row count", build_inputs(shape, codebook), ops)


def random_shape_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield shapes that no kernel can have listed: odd sub-vectors, one of them, 192 of them."""
    drawn = [int(draw) for draw in stream.integers(1, 33, 11)]
    cuts = [(3, drawn[0]), (5, drawn[1]), (20, drawn[2]), (drawn[3], 1), (1 + drawn[4] % 4, 192)]
    cuts += [(drawn[5], drawn[6]), (drawn[7], drawn[8]), (drawn[9], drawn[10])]
    for sub_dim, n_sub in cuts:
        shape = PqShape(sub_dim * n_sub, n_sub)
        kind = KINDS[int(stream.integers(0, len(KINDS), 1)[0])]
        codebook, queries = codebook_and_queries(stream, kind, shape, 3)
        codes = random_codes(stream, shape, int(stream.integers(1, 2 * N_ROWS, 1)[0]))
        name = f"random shape {shape.dim}x{shape.n_sub}, {kind}"
        yield make_case(name, stream, codebook, queries, codes, (10, 1, 33))


def special_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield, at a timed and at an odd shape, the codes and the values that break a shortcut."""
    for shape in (SHAPES["128x16"], PqShape(171, 9)):
        codebook, queries = codebook_and_queries(stream, "gaussian", shape, 3)
        codes = random_codes(stream, shape, N_ROWS)
        for what, special in special_codes(stream, codebook, queries[0], codes):
            yield make_case(
                f"{what} {shape.dim}x{shape.n_sub}", stream, codebook, queries, special, (10, 1, 10)
            )
        for what, centroids, values in special_values(codebook, queries, codes):
            yield make_case(
                f"{what} {shape.dim}x{shape.n_sub}", stream, centroids, values, codes, (10, 1, 10)
            )


def timed_size_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield awkward inputs with about as many rows as are timed, an odd number, 0.9 to 1.3 times as many.

    Closes a path for many rows that is right for ordinary inputs only.
    """
    for shape, what in TIMED_SIZES:
        codebook, queries = codebook_and_queries(stream, "gaussian", shape, 4)
        n = 1 + 2 * int(stream.integers(9 * N_TIMED // 20, 13 * N_TIMED // 20, 1)[0])
        codes = random_codes(stream, shape, n)
        if what == "ties":
            queries[:] = queries[0]
            codes = many_ties(stream, codebook, queries[0], codes)
        elif what == "zero query":
            queries = np.zeros_like(queries)
        else:
            _, codebook, queries = next(
                special for special in special_values(codebook, queries, codes) if special[0] == what
            )
        name = f"timed size, {what} {shape.dim}x{shape.n_sub}"
        yield make_case(name, stream, codebook, queries, codes, (10, 33, 100, 1))


def special_codes(
    stream: SplitMix64, codebook: np.ndarray, query: np.ndarray, codes: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (what, codes)."""
    yield "identical rows", np.repeat(codes[:, :1], N_ROWS, axis=1)
    yield "ties at the boundary", boundary_ties(stream, codebook, query, codes)
    yield "codes 0 and 255", np.where(codes < 128, 0, N_CENTROIDS - 1).astype(np.uint8)
    distances = reference.distances(reference.distance_table(codebook, query), codes)
    nearest_first = np.argsort(distances, kind="stable")
    yield "rows from near to far", np.take(codes, nearest_first, axis=1)
    yield "rows from far to near", np.take(codes, nearest_first[::-1], axis=1)


def special_values(
    codebook: np.ndarray, queries: np.ndarray, codes: np.ndarray
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield (what, codebook, queries)."""
    yield "query of codewords", codebook, decoded(codebook, codes[:, 100:103])
    infinite = queries.copy()
    infinite[0, 0] = infinite[1, -2] = np.inf
    infinite[2, -1] = -np.inf
    yield "infinite query", codebook, infinite
    # The squares overflow float32 by far, so that every right kernel says +inf.
    yield "overflowing query", codebook, np.where(queries < 0, np.float32(-1e25), np.float32(1e25))
    yield "large finite values", np.float32(1e15) * codebook, np.float32(1e15) * queries
    # Closes ||q||^2 - 2 q.c + ||c||^2 in float32: the difference of two large numbers keeps no digit.
    yield "common offset", np.float32(OFFSET) + codebook, np.float32(OFFSET) + queries


def make_case(
    name: str,
    stream: SplitMix64,
    codebook: np.ndarray,
    queries: np.ndarray,
    codes: np.ndarray,
    ks: Sequence[int],
) -> Case:
    """Return a case of one op per query and k.

    The first op brings `codes`; each later one changes two rows of it in place: one to the best row possible
    for its query, the other to all 255. Without rows there is nothing to change and the codes come again.
    """
    n_sub, _, sub_dim = codebook.shape
    n = codes.shape[1]
    best = quantizer.encode(codebook, queries)
    places = stream.permutation(n)
    ops: list[OpInputs] = [{"query": queries[0], "codes": codes, "k": ks[0]}]
    for i in range(1, len(ks)):
        if n == 0:
            ops.append({"query": queries[i], "codes": codes.copy(), "k": ks[i]})
            continue
        changes = {places[-i % n]: np.full(n_sub, N_CENTROIDS - 1, np.uint8), places[i % n]: best[:, i]}
        ops.append({"query": queries[i], "codes": edit(changes, n), "k": ks[i]})
    return Case(name, build_inputs(PqShape(n_sub * sub_dim, n_sub), codebook), ops)


def build_inputs(shape: PqShape, codebook: np.ndarray) -> dict[str, np.ndarray | int | float | str]:
    """Return what a kernel of this target is built from."""
    return {"dim": shape.dim, "n_sub": shape.n_sub, "codebook": codebook}


def codebook_and_queries(
    stream: SplitMix64, kind: str, shape: PqShape, n_queries: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return (float32[n_sub, 256, sub_dim], float32[n_queries, dim]) with values of one kind."""
    codebook = sub_vectors(stream, kind, shape.n_sub * N_CENTROIDS, shape.sub_dim)
    queries = sub_vectors(stream, kind, n_queries * shape.n_sub, shape.sub_dim)
    return codebook.reshape(shape.n_sub, N_CENTROIDS, shape.sub_dim), queries.reshape(n_queries, shape.dim)


def sub_vectors(stream: SplitMix64, kind: str, n: int, sub_dim: int) -> np.ndarray:
    """Return float32[n, sub_dim] with values of one kind."""
    if kind == "gaussian":
        return stream.normals((n, sub_dim)).astype(np.float32)
    values = stream.uniform(-1.0, 1.0, (n, sub_dim))
    if kind == "wide":  # each sub-vector its own power of 2, so table entries from about 1e-6 to 1e6
        values *= np.ldexp(1.0, stream.integers(-10, 11, (n, 1)))
    elif kind != "uniform":
        values[stream.floats((n, sub_dim)) > {"sparse": 0.1, "mostly zero": 0.01}[kind]] = 0.0
    return values.astype(np.float32)


def random_codes(stream: SplitMix64, shape: PqShape, n: int) -> np.ndarray:
    """Return uint8[n_sub, n], every code equally likely."""
    return stream.integers(0, N_CENTROIDS, (shape.n_sub, n)).astype(np.uint8)


def boundary_ties(
    stream: SplitMix64, codebook: np.ndarray, query: np.ndarray, codes: np.ndarray
) -> np.ndarray:
    """Return `codes` with seven of the best possible row and eight of one a bit worse: k = 10 cuts those."""
    best = quantizer.encode(codebook, query[np.newaxis])[:, 0]
    second = best.copy()
    second[0] = np.argsort(reference.distance_table(codebook, query)[0])[1]
    tied = codes.copy()
    places = stream.permutation(codes.shape[1])
    tied[:, places[:7]] = best[:, np.newaxis]
    tied[:, places[7:15]] = second[:, np.newaxis]
    return tied


def many_ties(stream: SplitMix64, codebook: np.ndarray, query: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return `codes` with 60 of the best possible row and 60 of one a bit worse.

    So k of 10 and 33 cut the first group, and 100 the second.
    """
    best = quantizer.encode(codebook, query[np.newaxis])[:, 0]
    second = best.copy()
    second[0] = np.argsort(reference.distance_table(codebook, query)[0], kind="stable")[1]
    tied = codes.copy()
    places = stream.permutation(codes.shape[1])
    tied[:, places[:60]] = best[:, np.newaxis]
    tied[:, places[60:120]] = second[:, np.newaxis]
    return tied


def decoded(codebook: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return float32[n, dim], the codewords that each column of uint8[n_sub, n] names, end to end."""
    parts = [codewords[code] for codewords, code in zip(codebook, codes, strict=True)]
    return np.concatenate(parts, axis=1)
