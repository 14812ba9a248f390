"""The kernel, the baseline, faiss and NumPy on the timed workloads: for a human, no verdict uses it.

    cd targets/ivf-partition
    OPENBLAS_NUM_THREADS=1 uv run --package ivf-partition --group bench pytest benches/bench_ivf_partition.py

faiss's IndexFlatL2 and IndexFlatIP (one thread) search our centroids, so they do the same work with a heap
for the selection. NumPy multiplies with OpenBLAS, adds norms made beforehand, and sorts what `argpartition`
sets apart; its small distances are differences of large numbers, and at the common offset it is wrong, so
that distribution is left out for it. One round is one op; the ops come in turn from one redraw.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from ivf_partition import Metric, baseline, kernels, reference
from ivf_partition.inputs import COMBOS, redraw, workload
from ivf_partition.prepare import prepare
from referee import testing
from referee.workload import Workload

SEED = 20_251_115
Search = Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]]  # query, n_probes -> distances, ids


@pytest.fixture(scope="module", params=COMBOS, ids="-".join)
def drawn(request: pytest.FixtureRequest) -> Workload:
    """Return one shape x distribution."""
    return workload(SplitMix64(SEED), *request.param)


@pytest.mark.parametrize("implementation", [kernels, baseline], ids=["kernel", "baseline"])
def test_ours(benchmark: Any, drawn: Workload, implementation: Any) -> None:
    """One op: distances and selection for each of its queries."""
    benchmark.group = drawn.combo
    op = prepare(implementation, drawn.build_inputs)
    testing.time_in_turn(benchmark, op, redraw(drawn, SEED))


def test_faiss(benchmark: Any, drawn: Workload) -> None:
    """The searches of one op, one query at a time, after a check against the reference."""
    faiss = pytest.importorskip("faiss")
    faiss.omp_set_num_threads(1)
    build: Any = drawn.build_inputs
    kind = faiss.IndexFlatL2 if build["metric"] == "l2" else faiss.IndexFlatIP
    index = kind(build["centroids"].shape[1])
    index.add(build["centroids"])

    def search(query: np.ndarray, n_probes: int) -> tuple[np.ndarray, np.ndarray]:
        found, ids = index.search(query[np.newaxis], n_probes)
        return (found if build["metric"] == "l2" else 1 - found)[0], ids[0]

    time_peer(benchmark, drawn, search)


def test_numpy(benchmark: Any, drawn: Workload) -> None:
    """One product of matrix and vector, and a partial sort, after a check against the reference."""
    build: Any = drawn.build_inputs
    centroids = build["centroids"]
    if drawn.distribution == "offset":
        pytest.skip("||q||^2 - 2 q.c + ||c||^2 keeps no digit at a common offset")
    norms = (centroids * centroids).sum(axis=1)

    def search(query: np.ndarray, n_probes: int) -> tuple[np.ndarray, np.ndarray]:
        products = centroids @ query
        distances = norms - 2 * products + query @ query if build["metric"] == "l2" else 1 - products
        if n_probes < len(distances):
            ids = np.argpartition(distances, n_probes - 1)[:n_probes]
            ids = ids[np.argsort(distances[ids])]
        else:
            ids = np.argsort(distances)
        return distances[ids], ids

    time_peer(benchmark, drawn, search)


def time_peer(benchmark: Any, drawn: Workload, search: Search) -> None:
    """Check `search` on the queries of the first op, which has none planted, then time it."""
    build: Any = drawn.build_inputs
    first: Any = redraw(drawn, SEED)[0]
    metric: Metric = build["metric"]
    for query in first["queries"]:
        distances, _ = search(query, first["n_probes"])
        expected = np.sort(reference.distances(build["centroids"], query, metric))[: first["n_probes"]]
        np.testing.assert_allclose(distances, expected, rtol=1e-4, atol=1e-3)

    def op(inputs: Any) -> None:
        for query in inputs["queries"]:
            search(query, inputs["n_probes"])

    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, op, redraw(drawn, SEED))
