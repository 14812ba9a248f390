"""The kernel, the baseline, NumPy and Arrow on the timed workloads, for a human: no verdict uses it.

    uv run --package fts-bm25 --group bench pytest targets/fts-bm25/benches/bench_fts_bm25.py

NumPy sorts all rows of a query (`lexsort`), or only those up to the k-th distance (`partition`, which is the
reference). Arrow's `select_k_unstable` gets the same two sort keys, one table per query and one thread; it
takes -0.0 and 0.0 for equal, so for Arrow every -0.0 becomes 0.0. One round is one op; the ops come in turn
from one redraw.
"""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from fts_bm25 import baseline, kernels, reference
from fts_bm25.inputs import DISTRIBUTIONS, SHAPES, redraw, workload
from fts_bm25.prepare import prepare
from referee import testing
from referee.testing import read_only, seen
from referee.workload import Workload

SEED = 20_251_115
ROUNDS = 100

Merged = tuple[np.ndarray, np.ndarray]


@pytest.fixture(params=list(product(SHAPES, DISTRIBUTIONS)), ids="-".join)
def drawn(request: pytest.FixtureRequest) -> Workload:
    """Return one shape x distribution."""
    return workload(*request.param)


@pytest.mark.parametrize("implementation", [kernels, baseline], ids=["kernel", "baseline"])
def test_ours(benchmark: Any, drawn: Workload, implementation: Any) -> None:
    """One op."""
    op = prepare(implementation, {})
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, op, [read_only(one) for one in seen(redraw(drawn, SEED))], ROUNDS)


def sorted_in_full(op: Any) -> Merged:
    """Return (distances, row_ids): each query's rows sorted, and the first k taken."""
    keys = reference.ordered(op["distances"])
    places = []
    for lists in op["offsets"]:
        rows = slice(lists[0], lists[-1])
        places.append(lists[0] + np.lexsort((op["row_ids"][rows], keys[rows]))[: op["k"]])
    chosen = np.concatenate(places)
    return op["distances"][chosen], op["row_ids"][chosen]


def partitioned(op: Any) -> Merged:
    """Return (distances, row_ids) as the reference chooses them."""
    return reference.merge(op["distances"], op["row_ids"], op["offsets"], op["k"])[:2]


@pytest.mark.parametrize("peer", [sorted_in_full, partitioned])
def test_numpy(benchmark: Any, drawn: Workload, peer: Callable[[Any], Merged]) -> None:
    """One op in NumPy, after a check of its answer."""
    ops = seen(redraw(drawn, SEED))
    check(peer(ops[0]), ops[0])
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, peer, ops, ROUNDS)


def test_arrow(benchmark: Any, drawn: Workload) -> None:
    """One op in Arrow, a query at a time, after a check of its answer."""
    arrow = pytest.importorskip("pyarrow")
    compute = pytest.importorskip("pyarrow.compute")
    arrow.set_cpu_count(1)
    ops = [{**op, "distances": op["distances"] + np.float32(0)} for op in seen(redraw(drawn, SEED))]
    keys = [("distance", "ascending"), ("row_id", "ascending")]

    def select(op: Any) -> Merged:
        table = arrow.table({"distance": op["distances"], "row_id": op["row_ids"]})
        chosen = []
        for lists in op["offsets"]:
            rows = table.slice(lists[0], lists[-1] - lists[0])
            chosen.append(rows.take(compute.select_k_unstable(rows, k=op["k"], sort_keys=keys)))
        merged = arrow.concat_tables(chosen)
        return merged["distance"].to_numpy(), merged["row_id"].to_numpy()

    check(select(ops[0]), ops[0])
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, select, ops, ROUNDS)


def check(got: Merged, op: Any) -> None:
    """Raise AssertionError unless `got` is the reference's answer."""
    for expected, output in zip(partitioned(op), got, strict=True):
        np.testing.assert_array_equal(output, expected)
