"""The kernel, the baseline, Arrow, NumPy and a copy on the timed workloads, for a human: no verdict uses it.

    MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=1099511627776 uv run --package take --group bench \
        pytest targets/take/benches/bench_take.py

The variables are those of a player: without them each large array of an op begins with fresh pages.
Arrow gets arrays that are made beforehand, and tests no index (`boundscheck=False`). NumPy's function
clips indices, which is a test as well; it has nothing for strings and nulls. For `remap` NumPy sorts and
bisects, for `map_offsets` it is the reference. `copy` writes as many bytes as an answer has. One round is one
op; the ops come in turn from one redraw, each placed in the memory of the one before, as in a player.
"""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from referee import player, testing
from referee.testing import seen
from referee.workload import Value, Workload
from take import MAP_OFFSETS, REMAP, TAKE_FIXED, TAKE_ROWS, TAKE_STRINGS, baseline, kernels, reference
from take.inputs import COMBOS, redraw, workload
from take.oracle import expect
from take.prepare import prepare

SEED = 20_251_115
ROUNDS = 100

Call = Callable[[Any], list[np.ndarray]]


@pytest.fixture(params=COMBOS, ids="-".join)
def drawn(request: pytest.FixtureRequest) -> Workload:
    """Return one shape x distribution."""
    return workload(*request.param)


def time_placed(
    benchmark: Any, call: Callable[[Any], Any], drawn: Workload, made: Any = lambda op: op
) -> None:
    """Time `call` on what `made` makes of one op after the other; edits are made in the same memory."""
    ops = itertools.cycle(redraw(drawn, SEED))
    inputs: dict[str, Value] = {}
    buffers: dict[str, np.ndarray] = {}

    def next_op() -> tuple[tuple[Any], dict[str, Any]]:
        player.place(dict(next(ops)), inputs, buffers)
        return (made(inputs),), {}

    benchmark.group = drawn.combo
    benchmark.pedantic(call, setup=next_op, rounds=ROUNDS, warmup_rounds=2)


@pytest.mark.parametrize("implementation", [kernels, baseline], ids=["kernel", "baseline"])
def test_ours(benchmark: Any, drawn: Workload, implementation: Any) -> None:
    """One op."""
    time_placed(benchmark, prepare(implementation, {}), drawn)


def test_copy(benchmark: Any, drawn: Workload) -> None:
    """As many bytes as one answer has, from one array into another."""
    answer = expect({}, seen(redraw(drawn, SEED)[:1])[0]).outputs
    source = np.ones(sum(output.nbytes for output in answer), np.uint8)
    target = np.zeros_like(source)
    benchmark.group = drawn.combo
    benchmark.extra_info["output_bytes"] = source.nbytes
    testing.time_in_turn(benchmark, lambda one: np.copyto(target, one), [source], ROUNDS)


def numpy_peer(method: str, has_nulls: bool) -> Call | None:
    """Return NumPy's way to the same answer, or None where it has none in one pass."""
    if method == TAKE_FIXED and not has_nulls:
        return lambda op: [np.take(op["values"], op["indices"], mode="clip"), np.zeros(0, np.uint8)]
    if method == TAKE_ROWS:
        return lambda op: [np.take(op["vectors"], op["indices"], axis=0, mode="clip")]
    if method == REMAP:
        return lambda op: [sorted_positions(op["returned"], op["requested"])]
    if method == MAP_OFFSETS:
        names = ("offsets", "fragment_ids", "n_rows", "deleted_starts", "deleted")
        return lambda op: [reference.map_offsets(*[op[name] for name in names])]
    return None


def sorted_positions(returned: np.ndarray, requested: np.ndarray) -> np.ndarray:
    """Return the positions of the requests that are there, by a sort and a bisection."""
    order = np.argsort(returned)
    places = order[np.minimum(np.searchsorted(returned, requested, sorter=order), len(returned) - 1)]
    return places[returned[places] == requested].astype(np.uint32)


def test_numpy(benchmark: Any, drawn: Workload) -> None:
    """One op in NumPy, after a check of its answer."""
    op = seen(redraw(drawn, SEED)[:1])[0]
    peer = numpy_peer(drawn.source.method, drawn.source.has_nulls)
    if peer is None:
        pytest.skip("NumPy has nothing of the kind")
    for expected, got in zip(expect({}, op).outputs, peer(op), strict=True):
        assert expected.tobytes() == got.tobytes()
    time_placed(benchmark, peer, drawn)


def arrow_arrays(arrow: Any, op: Any) -> tuple[Any, Any]:
    """Return the column and the indices of one op as Arrow's arrays, without a copy of the data."""
    if op["method"] == TAKE_ROWS:
        flat = arrow.array(op["vectors"].reshape(-1))
        return arrow.FixedSizeListArray.from_arrays(flat, op["vectors"].shape[1]), arrow.array(op["indices"])
    if op["method"] == TAKE_STRINGS:
        parts = [None, arrow.py_buffer(op["offsets"]), arrow.py_buffer(op["data"])]
        column = arrow.Array.from_buffers(arrow.binary(), len(op["offsets"]) - 1, parts)
        return column, arrow.array(op["indices"])
    found = []
    for array, bitmap in ((op["values"], op["validity"]), (op["indices"], op["index_validity"])):
        buffers = [arrow.py_buffer(bitmap) if len(bitmap) > 0 else None, arrow.py_buffer(array)]
        found.append(arrow.Array.from_buffers(arrow.from_numpy_dtype(array.dtype), len(array), buffers))
    return found[0], found[1]


def test_arrow(benchmark: Any, drawn: Workload) -> None:
    """One op in Arrow's C++, one thread, after a check of its answer; its own array is what it returns."""
    arrow = pytest.importorskip("pyarrow")
    compute = pytest.importorskip("pyarrow.compute")
    if drawn.source.method in (REMAP, MAP_OFFSETS):
        pytest.skip("Arrow has nothing of the kind")
    arrow.set_cpu_count(1)
    op = seen(redraw(drawn, SEED)[:1])[0]
    check_arrow(compute.take(*arrow_arrays(arrow, op), boundscheck=False), op)

    def take(pair: Any) -> Any:
        return compute.take(*pair, boundscheck=False)

    time_placed(benchmark, take, drawn, lambda inputs: arrow_arrays(arrow, inputs))


def check_arrow(got: Any, op: Any) -> None:
    """Raise AssertionError unless Arrow took what the reference takes; what is under a null is its own."""
    answer = expect({}, op).outputs
    if op["method"] == TAKE_ROWS:
        assert got.values.to_numpy().tobytes() == answer[0].tobytes()
    elif op["method"] == TAKE_STRINGS:
        assert b"".join(got.to_pylist()) == answer[1].tobytes()
    else:
        valid = reference.bits(answer[1], len(answer[0]))
        expected = [value if ok else None for value, ok in zip(answer[0].tolist(), valid, strict=True)]
        assert got.to_pylist() == expected
