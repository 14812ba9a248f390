"""What a trial times: four shapes with two or three distributions each, fresh queries every round.

Every array follows from the seed alone, the same bits on every machine.
"""

from dataclasses import dataclass

import numpy as np

from harness_common.prng import SplitMix64
from ivf_partition import Metric
from referee.workload import OpInputs, Workload


@dataclass(frozen=True)
class Shape:
    """What is asked of one set of centroids: an op asks `n_queries` times."""

    n_partitions: int
    dim: int
    metric: Metric
    n_probes: int
    n_queries: int


SHAPES = {
    "1024x128-l2-20": Shape(1024, 128, "l2", 20, n_queries=8),
    "4096x768-dot-20": Shape(4096, 768, "dot", 20, n_queries=1),
    "4096x768-l2-all": Shape(4096, 768, "l2", 4096, n_queries=1),
    "16384x768-l2-1": Shape(16384, 768, "l2", 1, n_queries=1),
}
# An offset does nothing to the order of products, and norms nothing to what l2 can be derived from.
DISTRIBUTIONS: dict[Metric, tuple[str, ...]] = {
    "l2": ("clustered", "uniform", "offset"),
    "dot": ("clustered", "uniform", "heavy"),
}
# The largest shape has 50 MB of centroids to send to every process: two distributions must do.
COMBOS = [
    (name, distribution)
    for name, shape in SHAPES.items()
    for distribution in DISTRIBUTIONS[shape.metric]
    if (name, distribution) != ("16384x768-l2-1", "uniform")
]

N_OPS = 16  # in a round: 12 are ordinary, so that their median is
N_CENTRES = 64
NOISE = 0.1  # standard deviation around a centre
OFFSET = 1.0e4  # float32 has steps of 2**-10 there
LEAST_TAIL = 2.0**-12  # lengths of the heavy distribution go up to 64
N_TWINS = 24  # more than 20, so that the boundary falls among them
N_CLOSE = 128  # more than anybody would compute exactly for 20, unless a bound demands it
JITTER = 2.0**-10  # a step of float32 at the offset
# With a step of 0.8 in half of the coordinates a centroid has 0.64 for each of them, typical others 0.51, and
# 0.67 for each of the other half, where this one has nothing: farther than most here, nearest in all.
LATE_STEP = 0.8
N_LONG = 256  # of so many the longest: in the heavy distribution a short centroid is in no answer


@dataclass(frozen=True)
class Source:
    """What `redraw` draws from.

    centres  float64[64, dim]  of the clustered distribution
    twin     one of the 24 identical centroids
    close    one of the 128 centroids that lie close together
    """

    centres: np.ndarray
    twin: int
    close: int
    shape: Shape


def speed_workloads(seed: int) -> list[Workload]:
    """Return the eleven workloads, each with its own centroids."""
    streams = SplitMix64(seed)
    return [workload(streams.fork(i), *combo) for i, combo in enumerate(COMBOS)]


def workload(stream: SplitMix64, shape_name: str, distribution: str) -> Workload:
    """Return one shape x distribution, with 24 equal and 128 close centroids at random places."""
    shape = SHAPES[shape_name]
    centres = stream.fork(0).uniform(-1.0, 1.0, (N_CENTRES, shape.dim))
    centroids = vectors(stream.fork(1), distribution, centres, shape.n_partitions)
    twins, close = np.split(stream.fork(2).permutation(shape.n_partitions)[: N_TWINS + N_CLOSE], [N_TWINS])
    centroids[twins] = centroids[twins[0]]
    centroids[close] = centroids[close[0]] + jitter(stream.fork(3), (N_CLOSE, shape.dim))
    # Groups of partitions may be ruled out by a bound, and every one that is returned has a distance of 17
    # bits or more to which each of its coordinates adds: with a byte for each the distance would be ten times
    # too far off. So, per query: those bytes, the answer, and the query itself.
    of_query = shape.n_probes * (shape.dim + 8) + 4 * shape.dim
    return Workload(
        shape=shape_name,
        distribution=distribution,
        build_inputs={"centroids": centroids, "metric": shape.metric},
        least_bytes=shape.n_queries * of_query,
        source=Source(centres, int(twins[0]), int(close[0]), shape),
    )


def redraw(workload: Workload, seed: int) -> list[OpInputs]:
    """Return the 16 ops of one round, each with new queries, four of them planted.

    The first query of op 1 lies beside the equal or the close centroids; that of op 2 is a centroid, or hangs
    on one coordinate. Ops 3 and 4 have a query whose nearest partition is a late bloomer: far over half of
    the coordinates, the first half in op 3. Where an op has several queries, the last of every op is one.
    """
    stream = SplitMix64(seed)
    source, centroids = workload.source, workload.build_inputs["centroids"]
    assert isinstance(centroids, np.ndarray)
    shape = source.shape
    drawn = vectors(stream.fork(0), workload.distribution, source.centres, N_OPS * shape.n_queries)
    queries = drawn.reshape(N_OPS, shape.n_queries, shape.dim)
    is_close, is_centroid = stream.fork(1).integers(0, 2, 2)
    # Equal ones are more partitions equally near than may be returned: closes selection that takes distances
    # to be distinct. Close ones differ by less than a byte or a half can hold: closes computing exactly only
    # some multiple of n_probes, and small distances as differences of large ones.
    queries[1, 0] = centroids[source.close if is_close else source.twin] + jitter(stream.fork(2), shape.dim)
    # A centroid itself: closes everything that makes of the distance 0 something else.
    itself = centroids[stream.fork(3).integers(0, shape.n_partitions, 1)[0]]
    one_coordinate = hanging_on_one_coordinate(stream.fork(4), shape.metric, centroids)
    queries[2, 0] = itself if is_centroid else one_coordinate
    # Closes ranking by some of the coordinates, dropping most partitions by likelihood, and the rest exactly.
    late = stream.fork(5)
    for i in range(N_OPS) if shape.n_queries > 1 else (3, 4):
        half = first_half(shape.dim) if i % 2 == 1 else drawn_half(late.fork(2 * i), shape.dim)
        origin = OFFSET if workload.distribution == "offset" else 0.0
        queries[i, -1] = late_bloomer(late.fork(2 * i + 1), shape.metric, centroids, half, origin)
    return [{"queries": asked, "n_probes": shape.n_probes} for asked in queries]


def first_half(dim: int) -> np.ndarray:
    """Return bool[dim], true in the first half."""
    return np.asarray(np.arange(dim) < dim // 2)


def drawn_half(stream: SplitMix64, dim: int) -> np.ndarray:
    """Return bool[dim], true in one of the halves, or in every other coordinate or chunk of 16."""
    width, is_second = (
        (1, 16, dim // 2)[stream.fork(0).integers(0, 3, 1)[0]],
        stream.fork(1).integers(0, 2, 1),
    )
    return np.asarray(np.arange(dim) // width % 2 == is_second)


def late_bloomer(
    stream: SplitMix64, metric: Metric, centroids: np.ndarray, half: np.ndarray, origin: float
) -> np.ndarray:
    """Return float32[dim], a query whose nearest partition is farther than most over `half`, bool[dim].

    For l2 a centroid, moved over that half by a step in each coordinate, towards and past `origin`; for dot
    one of the longest centroids, over that half turned round and halved.
    """
    n = len(centroids)
    if metric == "l2":
        query = centroids[stream.integers(0, n, 1)[0]].copy()
        query[half] -= np.copysign(np.float32(LATE_STEP), query[half] - np.float32(origin))
        return np.asarray(query)
    some = stream.integers(0, n, N_LONG)
    query = centroids[some[np.abs(centroids[some]).max(axis=1).argmax()]].copy()
    query[half] *= np.float32(-0.5)
    return np.asarray(query)


def hanging_on_one_coordinate(stream: SplitMix64, metric: Metric, centroids: np.ndarray) -> np.ndarray:
    """Return float32[dim]: a centroid with a random coordinate 16 steps off, for dot zeros but for a one.

    Closes some of the coordinates standing for all: the least distance is the square of one difference, or
    each distance hangs on a single product, which rounded copies get wrong in the fourth digit.
    """
    n, dim = centroids.shape
    coordinate = stream.fork(0).integers(0, dim, 1)[0]
    query = centroids[stream.fork(1).integers(0, n, 1)[0]].copy()
    if metric == "dot":
        query[:] = 0.0
        query[coordinate] = 1.0
    else:
        query[coordinate] += np.float32(16 * JITTER)
    return np.asarray(query)


def jitter(stream: SplitMix64, shape: int | tuple[int, ...]) -> np.ndarray:
    """Return float32[shape], each a step of 2**-10 up to four times, up or down."""
    return (stream.integers(-4, 5, shape) * JITTER).astype(np.float32)


def vectors(stream: SplitMix64, distribution: str, centres: np.ndarray, n: int) -> np.ndarray:
    """Return float32[n, dim] drawn from a distribution."""
    shape = (n, centres.shape[1])
    if distribution == "clustered":
        # The real case, some partitions near and most far: closes bounds that are good only where all
        # distances are alike, and routing through the nearest cluster alone, as n_probes cuts across some.
        width = NOISE * 3**0.5
        noise = stream.uniform(-width, width, shape)
        noise += centres[stream.integers(0, len(centres), n)]
        return noise.astype(np.float32)
    values = stream.uniform(-1.0, 1.0, shape)
    if distribution == "offset":
        # Far from the origin, as vectors that were never centred: closes ||q||**2 - 2 q.c + ||c||**2, of
        # which float32 keeps no digit, and copies of the centroids with few bits for the whole range.
        values += OFFSET
    elif distribution == "heavy":
        # Lengths with a heavy tail, 1 to 64: closes ranking by direction, and one scale for all centroids.
        values /= np.sqrt(stream.floats((n, 1)) + LEAST_TAIL)
    # Uniform, what is left: no structure, all distances alike: closes pruning that only pays where most
    # partitions are far.
    return values.astype(np.float32)
