"""The kernel, the baseline and three libraries on the timed workloads, for a human: no verdict uses it.

    uv run --package predicate --group bench pytest targets/predicate/benches/bench_predicate.py

Where k rows are asked for: faiss's IndexBinaryFlat, one thread, over a copy of our codes, which it makes
before the clock starts. Where all distances are: NumKong's cdist, one thread, and NumPy's bitwise_count,
which writes every step to memory. One round is one op; the ops come in turn from one redraw.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from predicate import DISTANCES, TOP_K, baseline, kernels, reference
from predicate.inputs import COMBOS, SHAPES, redraw, workload
from predicate.prepare import prepare
from referee import testing
from referee.workload import Workload, applied

SEED = 20_251_115


@pytest.fixture(scope="module", params=COMBOS, ids="-".join)
def drawn(request: pytest.FixtureRequest) -> Workload:
    """Return one shape x distribution."""
    return workload(SplitMix64(SEED), *request.param)


@pytest.mark.parametrize("implementation", [kernels, baseline], ids=["kernel", "baseline"])
def test_ours(benchmark: Any, drawn: Workload, implementation: Any) -> None:
    """One op: all distances, or the k nearest."""
    op = prepare(implementation, drawn.build_inputs)
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, op, list(applied(redraw(drawn, SEED))))


def test_faiss(benchmark: Any, drawn: Workload) -> None:
    """One search of a single query, after a check that it finds the reference's distances."""
    faiss = pytest.importorskip("faiss")
    shape = SHAPES[drawn.shape]
    if shape.method != TOP_K:
        pytest.skip("faiss returns the k nearest only")
    faiss.omp_set_num_threads(1)
    ops: list[Any] = list(redraw(drawn, SEED))
    index = faiss.IndexBinaryFlat(8 * shape.dim_bytes)
    index.add(ops[0]["codes"])
    distances = reference.distances(ops[0]["query"], ops[0]["codes"])
    found, ids = index.search(ops[0]["query"][np.newaxis], shape.k)
    np.testing.assert_array_equal(np.sort(found[0]), reference.smallest(distances, shape.k))
    np.testing.assert_array_equal(distances[ids[0]], found[0])

    queries = [op_inputs["query"][np.newaxis] for op_inputs in ops]
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, lambda query: index.search(query, shape.k), queries)


def test_numkong(benchmark: Any, drawn: Workload) -> None:
    """All distances of one query, after a check that they are the reference's.

    "uint1" are bits; "u1", which NumPy would read the same way, are whole bytes here, equal or not.
    """
    numkong = pytest.importorskip("numkong")

    def all_distances(op_inputs: Any) -> Any:
        query, codes = op_inputs["query"][np.newaxis], op_inputs["codes"]
        return numkong.cdist(query, codes, "hamming", dtype="uint1", out_dtype="float32")

    time_all_distances(benchmark, drawn, all_distances)


def test_numpy(benchmark: Any, drawn: Workload) -> None:
    """All distances of one query, after a check that they are the reference's."""

    def all_distances(op_inputs: Any) -> Any:
        differing = np.bitwise_count(op_inputs["codes"] ^ op_inputs["query"])
        return differing.sum(axis=1, dtype=np.uint16).astype(np.float32)

    time_all_distances(benchmark, drawn, all_distances)


def time_all_distances(benchmark: Any, drawn: Workload, all_distances: Callable[[Any], Any]) -> None:
    """Check and time a function from one op's inputs to the distance of every row."""
    if SHAPES[drawn.shape].method != DISTANCES:
        pytest.skip("it returns all distances only")
    ops: list[Any] = list(applied(redraw(drawn, SEED)))
    expected = reference.distances(ops[0]["query"], ops[0]["codes"])
    np.testing.assert_array_equal(np.asarray(all_distances(ops[0])).reshape(-1), expected)
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, all_distances, ops)
