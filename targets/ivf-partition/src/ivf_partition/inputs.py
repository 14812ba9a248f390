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

N_OPS = 8  # in a round
N_CENTRES = 64
NOISE = 0.1  # standard deviation around a centre
OFFSET = 1.0e4  # float32 has steps of 2**-10 there
LEAST_TAIL = 2.0**-12  # lengths of the heavy distribution go up to 64
N_TWINS = 24  # more than 20, so that the boundary falls among them
N_CLOSE = 128  # more than anybody would compute exactly for 20, unless a bound demands it
JITTER = 2.0**-10  # a step of float32 at the offset


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
    """Return the 8 ops of one round, each with new queries; the first query of four of them is planted."""
    stream = SplitMix64(seed)
    source, centroids = workload.source, workload.build_inputs["centroids"]
    assert isinstance(centroids, np.ndarray)
    shape = source.shape
    drawn = vectors(stream.fork(0), workload.distribution, source.centres, N_OPS * shape.n_queries)
    queries = drawn.reshape(N_OPS, shape.n_queries, shape.dim)
    # More partitions equally near than may be returned: closes selection that takes distances to be distinct.
    queries[1, 0] = centroids[source.twin] + jitter(stream.fork(1), shape.dim)
    # The nearest of many that differ by less than a byte or a half can hold: closes computing exactly only
    # some multiple of n_probes, and small distances as differences of large ones.
    queries[2, 0] = centroids[source.close] + jitter(stream.fork(2), shape.dim)
    # A centroid itself: closes everything that makes of the distance 0 something else.
    queries[3, 0] = centroids[stream.fork(3).integers(0, shape.n_partitions, 1)[0]]
    queries[4, 0] = hanging_on_one_coordinate(stream.fork(4), shape.metric, centroids)
    return [{"queries": asked, "n_probes": shape.n_probes} for asked in queries]


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
