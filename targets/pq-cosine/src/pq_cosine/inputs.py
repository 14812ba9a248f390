"""What a trial times: three shapes, three distributions, fresh ops every round.

Every array follows from the seed alone, the same bits on every machine.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from harness_common.prng import SplitMix64
from pq_cosine import N_CODEWORDS, PqShape, quantizer
from pq_cosine.planted import distance_tables, drawn_half, late_codes, late_partition, row_distances
from referee.workload import Edit, OpInputs, Workload

SHAPES = {"128x16": PqShape(128, 16), "768x96": PqShape(768, 96), "1536x96": PqShape(1536, 96)}
DISTRIBUTIONS = ("tight", "separated", "isotropic")

N_PARTITIONS = 8  # probed by one query
N_ROWS = {"128x16": 32_000, "768x96": 12_000, "1536x96": 8_000}  # in all; from scan-bound to table-bound
N_OPS = 16  # queries in a round
N_LAYOUTS = 2  # of the partitions in a round
OPS_PER_LAYOUT = N_OPS // N_LAYOUTS
K = 10
N_TRAINING = 1_024
ENCODED_AT_ONCE = 400  # vectors, as many of each partition: in float64 they stay in the cache
STRENGTHS = (0.8, 1.2)  # of a vector's own part
QUERY_STRENGTHS = (1.3, 1.5)  # the nearest rows of such a query leave a late row room for bad codes
EXTREME_EVERY = 4  # ops
BETWEEN = (0.45, 0.55)  # the second partition's weight in a query between two

# How much of a vector is shared by all, how much by its partition, and how much is its own.
PARTS = {"tight": (0.87, 0.25, 0.42), "separated": (0.0, 0.9, 0.43), "isotropic": (0.0, 0.1, 1.0)}


@dataclass(frozen=True)
class Source:
    """What `redraw` draws from.

    pools    uint8[8, n_sub, n_rows / 8]  codes of vectors from the distribution, for each partition
    common   float64[dim]                 what all vectors of the distribution share, of length 1
    centres  float64[8, dim]              what those of a partition share, of length 1
    """

    pools: np.ndarray
    common: np.ndarray
    centres: np.ndarray


def speed_workloads(seed: int) -> list[Workload]:
    """Return the nine workloads, each with its own centroids, trained codebook and encoded rows."""
    streams = SplitMix64(seed)
    combos = [(name, distribution) for name in SHAPES for distribution in DISTRIBUTIONS]
    return [workload(streams.fork(i), name, distribution) for i, (name, distribution) in enumerate(combos)]


def workload(stream: SplitMix64, shape_name: str, distribution: str) -> Workload:
    """Return one shape x distribution."""
    shape = SHAPES[shape_name]
    common, *centres = quantizer.unit(stream.fork(0).uniform(-1.0, 1.0, (1 + N_PARTITIONS, shape.dim)))
    source = Source(np.empty(0, np.uint8), common.astype(np.float64), np.stack(centres).astype(np.float64))

    homes = np.arange(N_TRAINING) % N_PARTITIONS
    sample = units(stream.fork(1), distribution, source, homes)
    centroids = means(sample.reshape(-1, N_PARTITIONS, shape.dim))
    codebook = quantizer.train(shape, sample - centroids[homes])

    rows, homes = stream.fork(2), np.arange(ENCODED_AT_ONCE) % N_PARTITIONS
    encoded = [
        quantizer.encode(codebook, units(rows, distribution, source, homes) - centroids[homes])
        for _ in range(N_ROWS[shape_name] // ENCODED_AT_ONCE)
    ]
    codes = np.concatenate(encoded, axis=1).reshape(shape.n_sub, -1, N_PARTITIONS)
    return Workload(
        shape=shape_name,
        distribution=distribution,
        build_inputs={
            "dim": shape.dim,
            "n_sub": shape.n_sub,
            "codebook": codebook,
            "centroids": centroids,
        },
        # Bounds may rule out all partitions but one without a look at their rows or tables, and that one may
        # be short. What is left: the query, where partitions begin, and every code of the ten rows returned.
        least_bytes=4 * shape.dim + 8 * (N_PARTITIONS + 1) + K * shape.n_sub,
        source=Source(np.ascontiguousarray(codes.transpose(2, 0, 1)), source.common, source.centres),
    )


def redraw(workload: Workload, seed: int) -> list[OpInputs]:
    """Return the 16 ops of one round: eight on one layout of the partitions, eight on another."""
    stream = SplitMix64(seed)
    return [op for i in range(N_LAYOUTS) for op in layout_ops(workload, stream.fork(i))]


def layout_ops(workload: Workload, stream: SplitMix64) -> list[OpInputs]:
    """Return eight ops on one layout, each with a new query that is not normalised.

    Each op plants three rows and takes away those of the op before:

    - the best row possible for its query, in the partition that the query comes from;
    - the best row of another partition, as that one's last;
    - a late one, in the longer of the two: best on one half of its sub-vectors, bad on the other, drawn
      anew for each op, and still among the k nearest.

    A kernel that keeps anything derived from earlier codes, leaves out the end of a partition, or does not
    probe all, misses one of the first two. One that ranks rows by a part of their codes and finishes only
    the better ones misses the third: on its bad half it is among the farther rows of its partition, and in
    `tight` and `isotropic` of all.
    """
    source = workload.source
    built: Any = workload.build_inputs
    n_sub, n_rows = built["n_sub"], N_ROWS[workload.shape]
    by_coordinate = np.ascontiguousarray(built["codebook"].transpose(0, 2, 1))
    offsets = layout(stream.fork(0), n_rows)
    codes = filled(stream.fork(1), source.pools, offsets)

    lengths = np.diff(offsets)
    used = np.flatnonzero(lengths)
    draws = stream.fork(2)
    first = draws.integers(0, len(used), OPS_PER_LAYOUT)
    second = first + draws.integers(1, len(used), OPS_PER_LAYOUT)
    homes, others = used[first], used[second % len(used)]
    asked = directions(stream.fork(3), workload.distribution, source, homes, others)
    scales = np.ldexp(draws.uniform(1.0, 2.0, OPS_PER_LAYOUT), draws.integers(-20, 21, OPS_PER_LAYOUT))
    queries = (asked * scales[:, np.newaxis]).astype(np.float32)
    rows = draws.floats((3, OPS_PER_LAYOUT))
    ordinary = draws.integers(0, source.pools.shape[2], (3, OPS_PER_LAYOUT))

    ops: list[OpInputs] = []
    planted: list[tuple[int, int]] = []
    now = codes.copy()
    for i in range(OPS_PER_LAYOUT):
        home, other = int(homes[i]), int(others[i])
        tables = distance_tables(by_coordinate, built["centroids"], asked[i])
        changes: dict[tuple[int, int], np.ndarray] = {}
        if i % EXTREME_EVERY == EXTREME_EVERY - 1:
            value = 0 if i < EXTREME_EVERY else N_CODEWORDS - 1
            changes[other, int(rows[1, i] * lengths[other])] = np.full(n_sub, value, np.uint8)
        for which, place in enumerate(planted):
            changes[place] = source.pools[place[0], :, ordinary[which, i]]
        planted = [(home, int(rows[0, i] * lengths[home])), (other, int(lengths[other]) - 1)]
        for place in planted:
            changes[place] = tables[place[0]].argmin(axis=1).astype(np.uint8)
        apply(now, edit(changes, offsets))

        at = late_partition(tables, [p for p in (home, other) if lengths[p] >= K])
        row = int(rows[2, i] * (lengths[at] - 1))  # never the last
        planted.append((at, row + 1 if (at, row) == planted[0] else row))
        distances = row_distances(tables, now, offsets)
        distances[offsets[at] + planted[2][1]] = np.inf  # this row is about to be another
        changes[planted[2]] = late_codes(tables, at, distances, drawn_half(draws, n_sub), K)
        edited = edit(changes, offsets)
        apply(now, edited)
        if i == 0:
            apply(codes, edited)
            ops.append({"query": queries[0], "codes": codes, "offsets": offsets, "k": K})
        else:
            ops.append({"query": queries[i], "codes": edited, "k": K})
    return ops


def directions(
    stream: SplitMix64, distribution: str, source: Source, homes: np.ndarray, others: np.ndarray
) -> np.ndarray:
    """Return float32[n, dim], normalised queries: of the partitions `homes`, in `separated` between two.

    Where partitions are far apart, a query from within one has no near row in another, and a kernel could
    leave out all but one. A query between two has near rows in both.
    """
    asked = units(stream, distribution, source, homes, QUERY_STRENGTHS)
    if distribution != "separated":
        return asked
    from_others = units(stream, distribution, source, others, QUERY_STRENGTHS)
    weight = stream.uniform(*BETWEEN, (len(homes), 1))
    return quantizer.unit((1.0 - weight) * asked + weight * from_others)


def apply(codes: np.ndarray, edited: Edit) -> None:
    """Write the edit into `codes`."""
    codes[edited.at] = edited.values


def layout(stream: SplitMix64, n_rows: int) -> np.ndarray:
    """Return int64[9], where each partition begins and the last one ends.

    One partition is empty and one has fewer rows than k, as happens where few vectors fell; the rest share
    the rows unevenly, the longest up to six times as long as the shortest.
    """
    empty, short, *_ = stream.permutation(N_PARTITIONS)
    weights = stream.integers(30, 181, N_PARTITIONS)
    weights[[empty, short]] = 0
    lengths = weights * n_rows // weights.sum()
    lengths[short] = stream.integers(1, K, 1)[0]
    lengths[weights.argmax()] += n_rows - lengths.sum()
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])


def filled(stream: SplitMix64, pools: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return uint8[n * n_sub], each partition's rows from its pool in a new order.

    A partition that is longer than its pool has rows twice, as a collection with duplicates has.
    """
    n_pooled = pools.shape[2]
    parts = []
    for pool, length in zip(pools, np.diff(offsets), strict=True):
        rows = stream.permutation(n_pooled)[np.arange(length) % n_pooled]
        parts.append(np.take(pool, rows, axis=1).reshape(-1))
    return np.concatenate(parts)


def edit(changes: dict[tuple[int, int], np.ndarray], offsets: np.ndarray) -> Edit:
    """Return the edit that writes codes uint8[n_sub] over each (partition, row in it)."""
    lengths = np.diff(offsets)
    at = [
        len(values) * offsets[partition] + np.arange(len(values), dtype=np.int64) * lengths[partition] + row
        for (partition, row), values in changes.items()
    ]
    return Edit(np.concatenate(at), np.concatenate(list(changes.values())))


def units(
    stream: SplitMix64,
    distribution: str,
    source: Source,
    homes: np.ndarray,
    strengths: tuple[float, float] = STRENGTHS,
) -> np.ndarray:
    """Return float32[n, dim], vectors of length 1 from a distribution, one for each partition in `homes`.

    tight      Any two have a cosine of about 0.7 to 0.9, as embeddings of one kind of text do: closes ruling
               out whole partitions on the hope that all but one are far, and a threshold that cuts at once.
    separated  Cosines near 0.8 in a partition and near 0 between them: closes a step or a scale that is
               fitted to one partition and used in all, and pruning that pays only where all are alike.
               Queries lie between two partitions: closes probing nothing but the nearest.
    isotropic  Hardly any structure, every row about 2 away: closes pruning that pays only where most rows
               are far from the best.
    """
    shared, clustered, own = PARTS[distribution]
    shape = (len(homes), len(source.common))
    strength = own * stream.uniform(*strengths, (len(homes), 1)) * (3.0 / shape[1]) ** 0.5
    noise = strength * stream.uniform(-1.0, 1.0, shape)
    return quantizer.unit(shared * source.common + clustered * source.centres[homes] + noise)


def means(vectors: np.ndarray) -> np.ndarray:
    """Return float32[p, dim], the mean of float32[n, p, dim] over n, added in order."""
    total = np.zeros(vectors.shape[1:])
    for vector in vectors:
        total += vector
    return (total / len(vectors)).astype(np.float32)
