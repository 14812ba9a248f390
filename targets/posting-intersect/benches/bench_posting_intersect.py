"""The kernel, the baseline, Roaring and NumPy on the timed workloads, for a human: no verdict uses it.

    MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=1099511627776 uv run --package posting-intersect --group bench \
        pytest targets/posting-intersect/benches/bench_posting_intersect.py

The variables are those of a player: without them each large array of an op begins with fresh pages. The
peers get unpacked lists, also where ours are packed: Roaring a bitmap of each, made beforehand, and its
answer stays one; NumPy arrays, of which `intersect1d` sorts both together. Queries with a missing term are
left out for them. One round is one op; the ops come in turn from one redraw, ours each placed in the memory
of the one before, as in a player.
"""

import itertools
from collections.abc import Callable
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from posting_intersect import INTERSECT, MISSING, baseline, bulk, kernels
from posting_intersect.inputs import COMBOS, redraw, workload
from posting_intersect.oracle import expect
from posting_intersect.prepare import prepare
from referee import player, testing
from referee.testing import seen
from referee.workload import Value, Workload

SEED = 20_251_115
ROUNDS = 24

Lists = list[np.ndarray]


@pytest.fixture(params=COMBOS, ids="-".join)
def drawn(request: pytest.FixtureRequest) -> Workload:
    """Return one shape x distribution."""
    return workload(*request.param, SEED)


@pytest.mark.parametrize("implementation", [kernels, baseline], ids=["kernel", "baseline"])
def test_ours(benchmark: Any, drawn: Workload, implementation: Any) -> None:
    """One op."""
    ops = itertools.cycle(redraw(drawn, SEED))
    inputs: dict[str, Value] = {}
    buffers: dict[str, np.ndarray] = {}

    def next_op() -> tuple[tuple[Any], dict[str, Any]]:
        player.place(dict(next(ops)), inputs, buffers)
        return (inputs,), {}

    benchmark.group = drawn.combo
    benchmark.pedantic(prepare(implementation, {}), setup=next_op, rounds=ROUNDS, warmup_rounds=2)


def unpacked(op: Any) -> Lists:
    """Return the lists of one op."""
    if op["method"] == INTERSECT:
        return [op["docs"][a:b] for a, b in pairwise(op["list_start"])]
    return [
        bulk.unpack(op["blob"], op["block_start"][a:b], int(n))
        for (a, b), n in zip(pairwise(op["blocks_of_list"]), op["length"], strict=True)
    ]


def time_peer(benchmark: Any, drawn: Workload, made: Callable[[np.ndarray], Any], both: Any) -> None:
    """Time what `both` makes of the lists of each query, each list as `made` makes it; after a check."""
    calls = []
    for op in seen(redraw(drawn, SEED)):
        lists = [made(one) for one in unpacked(op)]
        queries = [query for query in op["queries"].tolist() if MISSING not in query]
        calls.append([[lists[v] for v in query] for query in queries])
        start, ids = expect({}, op)
        wanted = [
            ids[a:b]
            for (a, b), query in zip(pairwise(start), op["queries"], strict=True)
            if MISSING not in query
        ]
        for lists_of_one, want in zip(calls[-1], wanted, strict=True):
            assert np.array(list(reduce(both, lists_of_one)), np.uint32).tolist() == want.tolist()
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, lambda op: [reduce(both, lists) for lists in op], calls, ROUNDS)


def test_roaring(benchmark: Any, drawn: Workload) -> None:
    """One op as intersections of bitmaps that are there already."""
    roaring = pytest.importorskip("pyroaring")
    time_peer(benchmark, drawn, roaring.BitMap, lambda one, other: one & other)


def test_numpy(benchmark: Any, drawn: Workload) -> None:
    """One op as intersections of arrays."""
    time_peer(
        benchmark, drawn, lambda one: one, lambda one, other: np.intersect1d(one, other, assume_unique=True)
    )
