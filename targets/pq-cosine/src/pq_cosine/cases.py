"""What correctness cases are made of: an index with its rows, queries, and ops that change rows in place."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness_common.prng import SplitMix64
from pq_cosine import N_CODEWORDS, PqShape, quantizer
from pq_cosine.inputs import edit
from referee.workload import Case, OpInputs, Value

KINDS = ("gaussian", "uniform", "sparse", "wide", "mostly zero")


@dataclass(frozen=True)
class Index:
    """What a query is asked of.

    codebook   float32[n_sub, 256, sub_dim]
    centroids  float32[n_partitions, dim]
    codes      uint8[n * n_sub]
    offsets    int64[n_partitions + 1]
    """

    codebook: np.ndarray
    centroids: np.ndarray
    codes: np.ndarray
    offsets: np.ndarray

    def partitions(self) -> list[np.ndarray]:
        """Return uint8[n_sub, n_p] of each partition."""
        n_sub = len(self.codebook)
        bounds = zip(self.offsets[:-1], self.offsets[1:], strict=True)
        return [self.codes[n_sub * start : n_sub * stop].reshape(n_sub, -1) for start, stop in bounds]

    def with_rows(self, codes: np.ndarray) -> "Index":
        """Return the index with other codes, laid out alike."""
        return replace(self, codes=codes)

    def with_partitions(self, centroids: np.ndarray, parts: Sequence[np.ndarray]) -> "Index":
        """Return the index with other centroids, and with `parts` uint8[n_sub, n_p] as its partitions."""
        offsets = offsets_of([part.shape[1] for part in parts])
        codes = np.concatenate([part.reshape(-1) for part in parts])
        return Index(self.codebook, centroids, codes, offsets)


def make_case(name: str, stream: SplitMix64, index: Index, queries: np.ndarray, ks: Sequence[int]) -> Case:
    """Return a case of one op per query and k.

    The first op brings the codes; each later one changes two rows in place: one to the best row possible for
    its query in a partition drawn at random, the other to all 255. Without rows the codes come again.
    """
    ops: list[OpInputs] = [{"query": queries[0], "codes": index.codes, "offsets": index.offsets, "k": ks[0]}]
    lengths = np.diff(index.offsets)
    used = np.flatnonzero(lengths)
    for query, k in zip(queries[1:], ks[1:], strict=True):
        if used.size == 0:
            ops.append({"query": query, "codes": index.codes.copy(), "k": k})
            continue
        (one, other), draws = used[stream.integers(0, used.size, 2)], stream.floats(2)
        changes = {
            (int(other), int(draws[1] * lengths[other])): np.full(len(index.codebook), 255, np.uint8),
            (int(one), int(draws[0] * lengths[one])): planted(index.codebook, index.centroids[one], query),
        }
        ops.append({"query": query, "codes": edit(changes, index.offsets), "k": k})
    return Case(name, build_inputs(index), ops)


def build_inputs(index: Index) -> dict[str, Value]:
    """Return what a kernel of this target is built from."""
    n_sub, _, sub_dim = index.codebook.shape
    return {
        "dim": n_sub * sub_dim,
        "n_sub": n_sub,
        "codebook": index.codebook,
        "centroids": index.centroids,
    }


def drawn_index(stream: SplitMix64, kind: str, shape: PqShape, lengths: Sequence[int]) -> Index:
    """Return an index with values of one kind, as large as those of normalised vectors.

    Centroids are no longer than 1, and neither is what any codes stand for, so no distance is above 9.
    """
    codebook = values(stream, kind, shape.n_sub * N_CODEWORDS, shape.sub_dim)
    codebook = codebook.reshape(shape.n_sub, N_CODEWORDS, shape.sub_dim)
    centroids = directions(values(stream, kind, len(lengths), shape.dim))
    centroids *= stream.uniform(0.2, 1.0, (len(lengths), 1)).astype(np.float32)
    return Index(
        codebook / np.float32(longest(codebook)),
        centroids,
        drawn_rows(stream, shape, lengths),
        offsets_of(lengths),
    )


def drawn_queries(stream: SplitMix64, kind: str, shape: PqShape, n: int) -> np.ndarray:
    """Return float32[n, dim] with values of one kind, none all zero, of any length."""
    queries = values(stream, kind, n, shape.dim)
    queries[~queries.any(axis=1), 0] = 1.0
    return queries


def drawn_rows(stream: SplitMix64, shape: PqShape, lengths: Sequence[int]) -> np.ndarray:
    """Return uint8[n * n_sub], every code equally likely."""
    return stream.integers(0, N_CODEWORDS, sum(lengths) * shape.n_sub).astype(np.uint8)


def offsets_of(lengths: Sequence[int]) -> np.ndarray:
    """Return int64[n_partitions + 1], where partitions of these lengths begin and the last one ends."""
    return np.cumsum([0, *lengths], dtype=np.int64)


def values(stream: SplitMix64, kind: str, n: int, dim: int) -> np.ndarray:
    """Return float32[n, dim] with values of one kind."""
    if kind == "gaussian":
        return stream.normals((n, dim)).astype(np.float32)
    drawn = stream.uniform(-1.0, 1.0, (n, dim))
    if kind == "wide":  # each vector its own power of 2, from about 1e-3 to 1e3
        drawn *= np.ldexp(1.0, stream.integers(-10, 11, (n, 1)))
    elif kind != "uniform":
        drawn[stream.floats((n, dim)) > {"sparse": 0.1, "mostly zero": 0.01}[kind]] = 0.0
    return drawn.astype(np.float32)


def longest(codebook: np.ndarray) -> float:
    """Return the length of the longest vector that codes can stand for, or 1 if all of them are zero."""
    squares = np.zeros(codebook.shape[:2])
    for j in range(codebook.shape[2]):
        squares += codebook[:, :, j].astype(np.float64) ** 2
    return float(np.sqrt(np.cumsum(squares.max(axis=1))[-1])) or 1.0


def directions(vectors: np.ndarray) -> np.ndarray:
    """Return float32[n, dim], each of `vectors` divided by its length; zeros where that is no number."""
    units = quantizer.unit(vectors.astype(np.float64))
    return np.where(np.isfinite(units), units, np.float32(0.0))


def planted(codebook: np.ndarray, centroid: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return uint8[n_sub], the codes of the row of a partition that is as near to the query as can be."""
    return quantizer.encode(codebook, directions(query[np.newaxis]) - centroid)[:, 0]


def decoded(index: Index, rows: Sequence[int]) -> np.ndarray:
    """Return float32[len(rows), dim], what the codes of each row stand for, its centroid added."""
    found = []
    for row in rows:
        p = int(np.searchsorted(index.offsets, row, side="right")) - 1
        codes = index.partitions()[p][:, row - index.offsets[p]]
        words = [codewords[code] for codewords, code in zip(index.codebook, codes, strict=True)]
        found.append(index.centroids[p] + np.concatenate(words))
    return np.stack(found)
