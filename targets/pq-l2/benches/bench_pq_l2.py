"""The kernel, the baseline and faiss on the timed workloads: for a human's deeper look, no verdict uses it.

    uv run --package pq-l2 --group bench pytest targets/pq-l2/benches/bench_pq_l2.py

faiss's IndexPQ (8 bits, one thread) gets our codebook and our codes, so it does the same work: a table
and a scan per query, k = 10. It keeps the codes of a row together, where Lance keeps them transposed.
One round is one op; the ops come in turn from one redraw.
"""

from itertools import product
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from pq_l2 import baseline, kernels, reference
from pq_l2.inputs import DISTRIBUTIONS, SHAPES, K, redraw, workload
from pq_l2.prepare import prepare
from referee import testing
from referee.workload import Workload, applied

SEED = 20_251_115


@pytest.fixture(scope="module", params=list(product(SHAPES, DISTRIBUTIONS)), ids="-".join)
def drawn(request: pytest.FixtureRequest) -> Workload:
    """Return one shape x distribution."""
    return workload(SplitMix64(SEED), *request.param)


@pytest.mark.parametrize("implementation", [kernels, baseline], ids=["kernel", "baseline"])
def test_ours(benchmark: Any, drawn: Workload, implementation: Any) -> None:
    """One op: table, scan and top-k."""
    op = prepare(implementation, drawn.build_inputs)
    ops = list(applied(redraw(drawn, SEED)))
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, op, ops)


def test_faiss(benchmark: Any, drawn: Workload) -> None:
    """One search of a single query, after a check that it finds the reference's distances."""
    faiss = pytest.importorskip("faiss")
    faiss.omp_set_num_threads(1)
    first: Any = redraw(drawn, SEED)[0]
    codebook: Any = drawn.build_inputs["codebook"]
    n_sub, _, sub_dim = codebook.shape
    index = faiss.IndexPQ(n_sub * sub_dim, n_sub, 8, faiss.METRIC_L2)
    faiss.copy_array_to_vector(codebook.reshape(-1), index.pq.centroids)
    faiss.copy_array_to_vector(np.ascontiguousarray(first["codes"].T).reshape(-1), index.codes)
    index.ntotal = first["codes"].shape[1]
    index.is_trained = True

    table = reference.distance_table(codebook, first["query"])
    expected = np.sort(reference.distances(table, first["codes"]))[:K]
    found, _ = index.search(first["query"][np.newaxis], K)
    np.testing.assert_allclose(found[0], expected, rtol=1e-4)

    ops: list[Any] = list(redraw(drawn, SEED))
    queries = [op_inputs["query"][np.newaxis] for op_inputs in ops]
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, lambda query: index.search(query, K), queries)
