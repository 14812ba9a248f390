"""The kernel, the baseline, Arrow, NumPy and a copy on the timed workloads, for a human: no verdict uses it.

    uv run --package dictionary --group bench pytest targets/dictionary/benches/bench_dictionary.py

Arrow decodes a DictionaryArray (`dictionary_decode`), or takes from the dictionary (`pc.take`), on one
thread; it wraps our buffers without a copy and checks no code. Under a null it may have any value, and a
string of length 0. NumPy takes values of fixed width (`np.take`); where there are nulls it looks up entry 0
for them and sets them to 0 afterwards. Neither takes packed codes. The copy moves as many bytes as the op
returns. One round is one op; the ops come in turn from one redraw.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dictionary import baseline, kernels
from dictionary.inputs import COMBOS, SHAPES, redraw, workload
from dictionary.oracle import expect
from dictionary.prepare import prepare
from referee import testing
from referee.testing import read_only, seen
from referee.workload import Workload

SEED = 20_251_115


@pytest.fixture(scope="module", params=COMBOS, ids="-".join)
def drawn(request: pytest.FixtureRequest) -> Workload:
    """Return one shape x distribution."""
    return workload(*request.param)


def rounds_of(drawn: Workload) -> int:
    return 40 if SHAPES[drawn.shape].n_ops == 4 else 200


@pytest.mark.parametrize("implementation", [kernels, baseline], ids=["kernel", "baseline"])
def test_ours(benchmark: Any, drawn: Workload, implementation: Any) -> None:
    """One op."""
    op = prepare(implementation, {})
    benchmark.group = drawn.combo
    ops = [read_only(one) for one in seen(redraw(drawn, SEED))]
    testing.time_in_turn(benchmark, op, ops, rounds_of(drawn))


def test_copy(benchmark: Any, drawn: Workload) -> None:
    """As many bytes as the first op returns, from an array that is written once into another."""
    op = seen(redraw(drawn, SEED))[0]
    n_bytes = sum(array.nbytes for array in expect({}, op).answer.values())
    source, target = np.ones(n_bytes, np.uint8), np.zeros(n_bytes, np.uint8)
    benchmark.group = drawn.combo
    benchmark.extra_info["bytes"] = n_bytes
    testing.time_in_turn(benchmark, lambda source: np.copyto(target, source), [source], rounds_of(drawn))


@pytest.mark.parametrize("how", ["decode", "take"])
def test_arrow(benchmark: Any, drawn: Workload, how: str) -> None:
    """One op, after a check of its answer."""
    arrow = pytest.importorskip("pyarrow")
    compute = pytest.importorskip("pyarrow.compute")
    arrow.set_cpu_count(1)
    shape = SHAPES[drawn.shape]
    if shape.is_packed:
        pytest.skip("Arrow takes no packed codes")
    ops = seen(redraw(drawn, SEED))
    value_type = arrow.binary(16) if shape.width == 16 else arrow.from_numpy_dtype(f"u{shape.width or 1}")

    def wrapped(op: Any) -> tuple[Any, Any]:
        validity = arrow.py_buffer(op["validity"]) if len(op["validity"]) else None
        code_type = arrow.from_numpy_dtype(op["codes"].dtype)
        codes = arrow.Array.from_buffers(
            code_type, len(op["codes"]), [validity, arrow.py_buffer(op["codes"])]
        )
        if shape.width > 0:
            buffers = [None, arrow.py_buffer(op["values"])]
            return codes, arrow.Array.from_buffers(value_type, len(op["values"]), buffers)
        buffers = [None, arrow.py_buffer(op["offsets"]), arrow.py_buffer(op["data"])]
        return codes, arrow.Array.from_buffers(arrow.binary(), len(op["offsets"]) - 1, buffers)

    def decode(op: Any) -> Any:
        codes, entries = wrapped(op)
        if how == "take":
            return compute.take(entries, codes, boundscheck=False)
        return arrow.DictionaryArray.from_arrays(codes, entries, safe=False).dictionary_decode()

    try:
        found = decode(ops[0])
    except arrow.lib.ArrowException as error:
        pytest.skip(f"Arrow refuses: {error}")
    check(found, expect({}, ops[0]).answer, shape.width)
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, decode, ops, rounds_of(drawn))


def check(found: Any, answer: dict[str, np.ndarray], width: int) -> None:
    """Raise AssertionError unless Arrow's array is the reference's answer where it is not null."""
    buffers = found.buffers()
    if width == 0:
        offsets = np.frombuffer(buffers[1], np.int32)[: len(found) + 1]
        np.testing.assert_array_equal(offsets, answer["offsets"])
        np.testing.assert_array_equal(np.frombuffer(buffers[2], np.uint8)[: offsets[-1]], answer["data"])
        return
    values = np.frombuffer(buffers[1], np.uint8)[: answer["values"].nbytes].reshape(len(found), width)
    wanted = answer["values"].reshape(-1).view(np.uint8).reshape(len(found), width)
    valid = np.asarray(found.is_valid())
    np.testing.assert_array_equal(values[valid], wanted[valid])


def test_numpy(benchmark: Any, drawn: Workload) -> None:
    """One op of fixed width, after a check of its answer."""
    shape = SHAPES[drawn.shape]
    if shape.is_packed or shape.width == 0:
        pytest.skip("NumPy takes values of fixed width, by codes that are not packed")
    ops = seen(redraw(drawn, SEED))

    def take(op: Any) -> np.ndarray:
        if len(op["validity"]) == 0:
            return np.take(op["values"], op["codes"], axis=0)
        valid = np.unpackbits(op["validity"], bitorder="little", count=len(op["codes"])).view(bool)
        found: np.ndarray = np.take(op["values"], np.where(valid, op["codes"], op["codes"].dtype.type(0)))
        found *= valid
        return found

    answers: Callable[[Any], np.ndarray] = take
    np.testing.assert_array_equal(answers(ops[0]), expect({}, ops[0]).answer["values"])
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, take, ops, rounds_of(drawn))
