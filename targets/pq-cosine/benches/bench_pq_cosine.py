"""The kernel, the baseline and faiss on the timed workloads: for a human's deeper look, no verdict uses it.

    uv run --package pq-cosine --group bench pytest targets/pq-cosine/benches/bench_pq_cosine.py

faiss's IndexIVFPQ (8 bits, residuals, squared L2, all lists probed, one thread) gets our centroids, our
codebook and our codes, and the query normalised already. It ranks the lists itself, which is no part of our
op, keeps the codes of a row together, where Lance keeps them transposed, and has one heap for all lists.
It is timed twice: with a table per list, and with its tables precomputed for all lists when it is built.
One round is one op; the ops come in turn from one redraw, and faiss keeps the codes of the first.
"""

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from pq_cosine import baseline, kernels, reference
from pq_cosine.inputs import DISTRIBUTIONS, N_PARTITIONS, SHAPES, K, redraw, workload
from pq_cosine.prepare import prepare
from referee import testing
from referee.workload import Workload, applied

SEED = 20_251_115


@pytest.fixture(scope="module", params=list(product(SHAPES, DISTRIBUTIONS)), ids="-".join)
def drawn(request: pytest.FixtureRequest) -> Workload:
    """Return one shape x distribution."""
    return workload(SplitMix64(SEED), *request.param)


@pytest.mark.parametrize("implementation", [kernels, baseline], ids=["kernel", "baseline"])
def test_ours(benchmark: Any, drawn: Workload, implementation: Any) -> None:
    """One op: all partitions and the top-k."""
    op = prepare(implementation, drawn.build_inputs)
    ops = list(applied(redraw(drawn, SEED)))
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, op, ops)


@pytest.mark.parametrize("precomputed", [False, True], ids=["table per list", "precomputed tables"])
def test_faiss(benchmark: Any, drawn: Workload, precomputed: bool) -> None:
    """One search of a single query, after a check that it finds the reference's distances."""
    faiss = pytest.importorskip("faiss")
    faiss.omp_set_num_threads(1)
    ops: list[Any] = list(redraw(drawn, SEED))
    index = faiss_index(faiss, drawn.build_inputs, ops[0], precomputed)
    queries = [reference.direction(op["query"]).astype(np.float32)[np.newaxis] for op in ops]

    build: Any = drawn.build_inputs
    first = [ops[0][name] for name in ("query", "codes", "offsets")]
    expected = np.sort(reference.distances(build["codebook"], build["centroids"], *first))[:K]
    found, _ = index.search(queries[0], K)
    np.testing.assert_allclose(found[0], expected, atol=1e-4)

    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, lambda query: index.search(query, K), queries)


def faiss_index(faiss: Any, build: Any, first: Any, precomputed: bool) -> Any:
    """Return an IndexIVFPQ with our centroids and codebook, and the codes of the first op."""
    codebook, centroids = build["codebook"], build["centroids"]
    n_sub, _, sub_dim = codebook.shape
    quantizer = faiss.IndexFlatL2(n_sub * sub_dim)
    quantizer.add(centroids)
    index = faiss.IndexIVFPQ(quantizer, n_sub * sub_dim, N_PARTITIONS, n_sub, 8, faiss.METRIC_L2)
    faiss.copy_array_to_vector(codebook.reshape(-1), index.pq.centroids)
    index.is_trained = True
    index.nprobe = N_PARTITIONS
    index.use_precomputed_table = 1 if precomputed else -1
    index.precompute_table()
    assert index.use_precomputed_table == (1 if precomputed else -1)
    offsets = first["offsets"]
    for p, (start, stop) in enumerate(pairwise(offsets)):
        codes = first["codes"][n_sub * start : n_sub * stop].reshape(n_sub, stop - start)
        rows, by_row = np.arange(start, stop), np.ascontiguousarray(codes.T)
        if len(rows) > 0:
            index.invlists.add_entries(p, len(rows), faiss.swig_ptr(rows), faiss.swig_ptr(by_row))
    index.ntotal = int(offsets[-1])
    return index
