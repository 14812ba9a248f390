"""The baseline and the kernel give the reference's answers, in the battery and at the edges of the API."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from harness_common.tolerance import Mismatch
from ivf_partition import Metric, baseline, reference
from ivf_partition.prepare import aligned, prepare
from ivf_partition.run_experiment import EXPERIMENT
from referee import testing
from referee.workload import Case


def found(implementation: ModuleType, centroids: Any, query: Any, n_probes: int, metric: Metric) -> Any:
    """Return what a kernel finds, given read-only arrays as from a player."""
    handed = testing.read_only(
        {
            "centroids": np.array(centroids, np.float32),
            "queries": np.array([query], np.float32),
            "metric": metric,
            "n_probes": n_probes,
        }
    )
    return prepare(implementation, handed)(handed)


def test_agrees_with_the_reference(implementation: ModuleType, battery_cases: list[Case]) -> None:
    """Every op of every case of the battery."""
    for case in battery_cases:
        try:
            testing.check_case(EXPERIMENT, case, implementation)
        except Mismatch as wrong:
            wrong.add_note(case.name)
            raise


class AsKernel:
    """The reference dressed up as a kernel."""

    class IvfKernel:
        """The least distances of all, sorted."""

        def __init__(self, centroids: np.ndarray, metric: Metric) -> None:
            self.centroids, self.metric = centroids, metric

        def find_partitions(self, query: np.ndarray, n_probes: int) -> tuple[np.ndarray, np.ndarray]:
            """Return the reference's answer in float32."""
            distances = reference.distances(self.centroids, query, self.metric)
            ids = np.argsort(distances, kind="stable")[:n_probes]
            with np.errstate(over="ignore"):
                return ids.astype(np.uint32), distances[ids].astype(np.float32)


def test_the_op_gives_the_answers_of_the_reference(battery_cases: list[Case]) -> None:
    """Called as a kernel is, query after query."""
    for case in battery_cases[::5]:
        testing.check_case(EXPERIMENT, case, AsKernel)  # type: ignore[arg-type]


def test_centroids_come_aligned_and_read_only() -> None:
    """A kernel gains nothing by a copy, and cannot change what the next query is asked of."""
    centroids = np.arange(91, dtype=np.float32).reshape(7, 13)[1:]
    for _ in range(20):
        handed = aligned(centroids)
        assert handed.ctypes.data % 64 == 0
        assert (handed.flags.c_contiguous, handed.flags.writeable) == (True, False)
        np.testing.assert_array_equal(handed, centroids)


def test_distances_belong_to_their_ids_and_ascend(implementation: ModuleType) -> None:
    """Six partitions of known distance: the three nearest are 4, 1 and 3, in this order."""
    ids, distances = found(implementation, [[5], [2], [-7], [3], [1], [4]], [0], 3, "l2")
    assert (ids.dtype, distances.dtype) == (np.uint32, np.float32)
    assert (ids.tolist(), distances.tolist()) == ([4, 1, 3], [1, 4, 9])
    ids, distances = found(implementation, [[5], [2], [-7], [3], [1], [4]], [2], 3, "dot")
    assert (ids.tolist(), distances.tolist()) == ([0, 5, 3], [-9, -7, -5])


@pytest.mark.parametrize(
    ("n", "n_probes", "expected"), [(1, 0, 0), (1, 1, 1), (1, 7, 1), (3, 7, 3), (7, 3, 3)]
)
def test_returns_the_lesser_of_n_probes_and_n(
    implementation: ModuleType, n: int, n_probes: int, expected: int
) -> None:
    """More asked for than there are: all partitions. None asked for: two empty arrays."""
    ids, distances = found(implementation, np.ones((n, 5)), np.zeros(5), n_probes, "l2")
    assert (ids.dtype, distances.dtype) == (np.uint32, np.float32)
    assert ids.shape == distances.shape == (expected,)
    assert len(set(ids.tolist())) == expected


@pytest.mark.parametrize("metric", ["l2", "dot"])
@pytest.mark.parametrize("dim", [1, 3, 15, 16, 17, 31, 32, 47, 100])
def test_distances_are_exact_where_float32_is(implementation: ModuleType, metric: Metric, dim: int) -> None:
    """Small integers, below, at and above one chunk of 16 coordinates, with and without a tail."""
    centroids = (np.arange(40 * dim) % 23).astype(np.float32).reshape(40, dim)
    query = (np.arange(dim) % 13).astype(np.float32)
    ids, distances = found(implementation, centroids, query, 40, metric)
    expected = reference.distances(centroids, query, metric)
    np.testing.assert_array_equal(distances, np.sort(expected))
    np.testing.assert_array_equal(distances, expected[ids])


@pytest.mark.parametrize("n", [1, 2, 9, 13, 16, 17, 18, 32, 33, 34, 63, 64, 65, 500, 3000])
def test_sorts_and_sets_apart_what_has_many_equals(implementation: ModuleType, n: int) -> None:
    """Every length at which a sort changes its way, negative distances and zeros among them."""
    for modulus in (1, 2, 7, n):
        products = (np.arange(n) * 7919 % n % modulus).astype(np.float32) - 2
        for n_probes in {1, n // 3 + 1, n - 1, n} - {0}:
            ids, distances = found(implementation, products[:, np.newaxis], [1.0], n_probes, "dot")
            assert distances.tolist() == np.sort(1 - products)[:n_probes].tolist()
            assert (1 - products)[ids].tolist() == distances.tolist()
            assert len(set(ids.tolist())) == n_probes


@pytest.mark.parametrize("width", [9, 13])
def test_the_networks_of_the_baseline_sort_all_zeros_and_ones(width: int) -> None:
    """What sorts these sorts everything (Knuth, The Art of Computer Programming 3, 5.3.4, theorem Z)."""
    sequences = np.arange(1 << width)[:, np.newaxis] >> np.arange(width) & 1
    for a, b in getattr(baseline, f"NETWORK_{width}"):
        lower, upper = np.sort(sequences[:, [a, b]], axis=1).T
        sequences[:, a], sequences[:, b] = lower, upper
    assert (np.diff(sequences, axis=1) >= 0).all()
