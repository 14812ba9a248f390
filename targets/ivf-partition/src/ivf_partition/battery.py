"""What a trial checks before it times anything: awkward values, shapes, numbers of probes and ties."""

from collections.abc import Iterator, Sequence

import numpy as np

from harness_common.prng import SplitMix64
from ivf_partition import Metric, reference
from ivf_partition.inputs import DISTRIBUTIONS, N_CENTRES, OFFSET, SHAPES, jitter, vectors
from referee.workload import Case, OpInputs

METRICS: tuple[Metric, ...] = ("l2", "dot")
KINDS = ("gaussian", "uniform", "sparse", "wide")
PARTITION_COUNTS = (
    1,
    2,
    3,
    15,
    16,
    17,
    31,
    32,
    33,
    63,
    64,
    65,
    257,
)  # around vectors and stretches of a sort
DIMS = (1, 3, 15, 16, 17, 31, 33, 100)  # below, at and above one chunk of 16, with and without a tail
CHECKED_SHAPES = ("1024x128-l2-20", "4096x768-dot-20", "4096x768-l2-all")  # 50 MB is only checked when timed
N_PARTITIONS = 300
LARGE = ((4096, 128), (4096, 45), (6500, 24), (16384, 17))  # partitions, about, and dimensions
N_TIED = 40


def correctness_battery(seed: int) -> list[Case]:
    """Return the cases, with fresh values, and some fresh shapes, for every seed."""
    streams = SplitMix64(seed)
    parts = (
        *(timed_cases, kind_cases, count_cases, dim_cases, random_shape_cases, value_cases, order_cases),
        large_cases,
    )
    return [case for i, part in enumerate(parts) for case in part(streams.fork(i))]


def timed_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield the timed shapes but the largest, each with another distribution, and several n_probes."""
    for i, name in enumerate(CHECKED_SHAPES):
        shape = SHAPES[name]
        distribution = DISTRIBUTIONS[shape.metric][2 - i]
        centres = stream.uniform(-1.0, 1.0, (N_CENTRES, shape.dim))
        centroids = vectors(stream, distribution, centres, shape.n_partitions)
        queries = vectors(stream, distribution, centres, 4)
        n_probes = (shape.n_probes, 1, 2 * shape.n_probes, shape.n_partitions)
        yield make_case(f"{distribution} {name}", shape.metric, centroids, queries, n_probes)


def kind_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every kind of value with both metrics, in a timed and an odd number of dimensions."""
    for kind in KINDS:
        for metric in METRICS:
            for dim in (128, 45):
                centroids, queries = values(stream, kind, N_PARTITIONS, dim), values(stream, kind, 3, dim)
                name = f"{kind} {N_PARTITIONS}x{dim} {metric}"
                yield make_case(name, metric, centroids, queries, (20, 1, N_PARTITIONS))


def count_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every number of partitions with n_probes of 0, 1, one less, just as many, and more."""
    for i, n in enumerate(PARTITION_COUNTS):
        centroids, queries = values(stream, "gaussian", n, 20), values(stream, "gaussian", 5, 20)
        yield make_case(f"{n} partitions", METRICS[i % 2], centroids, queries, (n - 1, n, 0, 1, n + 3))


def dim_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every number of dimensions with both metrics."""
    for dim in DIMS:
        for metric in METRICS:
            centroids, queries = values(stream, "gaussian", 50, dim), values(stream, "gaussian", 2, dim)
            yield make_case(f"{dim} dimensions, {metric}", metric, centroids, queries, (7, 50))


def random_shape_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield shapes that no kernel can have listed."""
    for _ in range(8):
        n, dim, metric, kind = (int(stream.integers(1, bound, 1)[0]) for bound in (900, 400, 3, 5))
        centroids, queries = values(stream, KINDS[kind - 1], n, dim), values(stream, KINDS[kind - 1], 4, dim)
        n_probes = [*(int(count) for count in stream.integers(1, n + 2, 3)), n]
        name = f"random shape {n}x{dim} {METRICS[metric - 1]}, {KINDS[kind - 1]}"
        yield make_case(name, METRICS[metric - 1], centroids, queries, n_probes)


def value_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield the values that break a shortcut, in a timed and an odd number of dimensions."""
    for dim in (128, 19):
        centroids, queries = (
            values(stream, "gaussian", N_PARTITIONS, dim),
            values(stream, "gaussian", 3, dim),
        )
        equal = np.repeat(centroids[:1], N_PARTITIONS, axis=0)
        close = equal + jitter(stream, (N_PARTITIONS, dim))
        beside = close[:3] + jitter(stream, (3, dim))
        some_far = np.where(np.arange(N_PARTITIONS)[:, np.newaxis] % 3 == 0, centroids, np.float32(1e25))
        specials: list[tuple[str, Metric, np.ndarray, np.ndarray]] = [
            ("query of a centroid", "l2", centroids, centroids[[7, 0, N_PARTITIONS - 1]]),
            ("query of a centroid", "dot", centroids, centroids[[7, 0, N_PARTITIONS - 1]]),
            ("query beside a centroid", "l2", centroids, centroids[100:103] * np.float32(1 + 2**-12)),
            ("equal centroids", "l2", equal, queries),
            ("equal centroids", "dot", equal, queries),
            ("close centroids", "l2", close, beside),
            ("close centroids", "dot", close, beside),
            ("zero query", "l2", centroids, np.zeros_like(queries)),
            ("zero query", "dot", centroids, np.zeros_like(queries)),
            ("opposite query", "dot", centroids, -centroids[[7, 0, N_PARTITIONS - 1]]),
            ("infinite query", "l2", centroids, with_infinities(queries)),
            # The squares overflow float32 by far, so that every right kernel says +inf.
            (
                "overflowing query",
                "l2",
                centroids,
                np.where(queries < 0, np.float32(-1e25), np.float32(1e25)),
            ),
            ("centroids that overflow", "l2", some_far, queries),
            ("large finite values", "l2", np.float32(1e15) * centroids, np.float32(1e15) * queries),
            ("large finite values", "dot", np.float32(1e15) * centroids, np.float32(1e15) * queries),
            # Closes ||q||^2 - 2 q.c + ||c||^2 in float32: the difference of two large numbers keeps no digit.
            ("common offset", "l2", np.float32(OFFSET) + centroids, np.float32(OFFSET) + queries),
            (
                "squares below float32's range",
                "l2",
                np.float32(1e-30) * centroids,
                np.float32(1e-30) * queries,
            ),
            ("denormal squares", "l2", np.float32(1e-20) * centroids, np.float32(1e-20) * queries),
            ("denormal values", "dot", np.float32(1e-40) * centroids, np.float32(1e-40) * queries),
        ]
        for what, metric, changed, asked in specials:
            yield make_case(
                f"{what}, {dim} dimensions, {metric}", metric, changed, asked, (20, 150, N_PARTITIONS)
            )
        yield boundary_ties(stream, centroids, queries)


def order_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield distances in the orders that a sort or a selection may be bad or wrong at."""
    n = 4096
    ascending = np.arange(n, dtype=np.float32)
    orders = {
        "near to far": ascending,
        "far to near": ascending[::-1],
        "near in the middle": np.abs(ascending - n // 2),
        "two distances": ascending % 2,
        "seventeen distances": ascending % 17,
        "one last near one": np.where(ascending == n - 1, 0, ascending + 1),
        "shuffled": stream.permutation(n).astype(np.float32),
    }
    for what, coordinates in orders.items():
        centroids = np.ascontiguousarray(coordinates.reshape(n, 1).astype(np.float32))
        queries = np.zeros((4, 1), np.float32)
        yield make_case(what, "l2", centroids, queries, (20, 1, n // 2, n))


def large_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield as many partitions as are timed, or more, never a number that a kernel can list.

    Closes what is wrong only where there are many: with 40 equal centroids across the boundary of 33, and
    queries of zeros, of large values, and opposite to a centroid.
    """
    for about, dim in LARGE:
        for metric in METRICS:
            n = int(stream.integers(about * 9 // 10, about * 13 // 10, 1)[0])
            centroids, query = values(stream, "gaussian", n, dim), values(stream, "gaussian", 1, dim)
            tied = stream.permutation(n)[:N_TIED]
            centroids[tied] = centroids[tied[0]] * np.float32(2)  # longer, so that dot has them first, too
            twin = centroids[tied[:1]]
            queries = np.concatenate([twin, -twin, np.zeros_like(query), np.float32(1e15) * query, query])
            name = f"about {about}x{dim} {metric}, {n} partitions"
            yield make_case(name, metric, centroids, queries, (33, 1, 10, 100, 34))


def boundary_ties(stream: SplitMix64, centroids: np.ndarray, queries: np.ndarray) -> Case:
    """Return a case with seven partitions nearest to the first query and 24 a bit farther: 20 cuts those."""
    tied = centroids.copy()
    places = stream.permutation(len(centroids))
    distances = reference.distances(centroids, queries[0], "l2")
    first, second = np.argsort(distances, kind="stable")[:2]
    tied[places[:7]], tied[places[7:31]] = centroids[first], centroids[second]
    tied[first], tied[second] = centroids[first], centroids[second]
    name = f"ties at the boundary, {centroids.shape[1]} dimensions"
    return make_case(name, "l2", tied, queries[[0, 0, 0, 1]], (20, 8, 30, 20))


def make_case(
    name: str, metric: Metric, centroids: np.ndarray, queries: np.ndarray, n_probes: Sequence[int]
) -> Case:
    """Return a case of one op for each query and its n_probes, and one op with all queries at the first."""
    ops: list[OpInputs] = [
        {"queries": queries[i : i + 1], "n_probes": count} for i, count in enumerate(n_probes[: len(queries)])
    ]
    ops.append({"queries": queries, "n_probes": n_probes[0]})
    return Case(name, {"centroids": centroids, "metric": metric}, ops)


def values(stream: SplitMix64, kind: str, n: int, dim: int) -> np.ndarray:
    """Return float32[n, dim] with values of one kind."""
    if kind == "gaussian":
        return stream.normals((n, dim)).astype(np.float32)
    drawn = stream.uniform(-1.0, 1.0, (n, dim))
    if kind == "wide":  # each vector its own power of 2, so squares from about 1e-6 to 1e6
        drawn *= np.ldexp(1.0, stream.integers(-10, 11, (n, 1)))
    elif kind == "sparse":
        drawn[stream.floats((n, dim)) > 0.1] = 0.0
    return drawn.astype(np.float32)


def with_infinities(queries: np.ndarray) -> np.ndarray:
    """Return `queries` with one infinity in each of the first three, at the start, inside and at the end."""
    infinite = queries.copy()
    infinite[0, 0] = infinite[1, -2] = np.inf
    infinite[2, -1] = -np.inf
    return infinite
