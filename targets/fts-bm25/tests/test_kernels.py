"""The baseline and the kernel give the expected answers: in the battery, on timed inputs, at the edges."""

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from fts_bm25 import NO_DOCUMENT, inputs, oracle
from fts_bm25.battery import plain_cases
from fts_bm25.prepare import ARGUMENTS
from fts_bm25.run_experiment import EXPERIMENT
from harness_common.prng import SplitMix64
from referee import testing
from referee.workload import Case


def test_agrees_with_what_is_expected(implementation: ModuleType, battery_cases: list[Case]) -> None:
    """Every op of every case of the battery; where one fails, the name of its case is in what is printed."""
    for case in battery_cases:
        print(case.name)
        testing.check_case(EXPERIMENT, case, implementation)


@pytest.mark.parametrize("combo", inputs.COMBOS, ids="/".join)
def test_is_right_on_the_timed_inputs(implementation: ModuleType, combo: tuple[str, str]) -> None:
    """Four ops of every workload, two of them with a mask, three with an edit; of the large one, three."""
    workload = inputs.workload(*combo, 1)
    ops = inputs.redraw(workload, 2, 3 if combo[0] == inputs.LARGE else 4)
    testing.check_case(EXPERIMENT, Case("timed", workload.build_inputs, ops), implementation)


def small_op() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the build inputs and the first op of a small case."""
    case = next(plain_cases(SplitMix64(5)))
    return testing.read_only(case.build_inputs), testing.read_only(testing.seen(case.ops)[0])


def answer(implementation: ModuleType, build: dict[str, Any], op: dict[str, Any]) -> tuple[np.ndarray, ...]:
    """Return what the kernel finds."""
    kernel = implementation.FtsBm25Kernel(build["doc_length"], build["stored_avgdl"])
    found: tuple[np.ndarray, ...] = kernel.search(*(op[name] for name in ARGUMENTS))
    return found


def test_returns_arrays_of_the_stated_types(implementation: ModuleType) -> None:
    """Ids, scores, counts; padded where k is more than there are."""
    build, op = small_op()
    ids, scores, count = answer(implementation, build, {**op, "k": 7_000})
    assert (ids.dtype, scores.dtype, count.dtype) == (np.uint32, np.float32, np.int32)
    assert ids.shape == scores.shape == (len(op["terms"]), 7_000)
    for query, n in enumerate(count):
        assert (ids[query, n:] == NO_DOCUMENT).all()
        assert not scores[query, n:].any()


def test_one_kernel_answers_one_call_after_the_other(implementation: ModuleType) -> None:
    """The same answer the second time, with another call in between."""
    build, op = small_op()
    kernel = implementation.FtsBm25Kernel(build["doc_length"], build["stored_avgdl"])
    first = kernel.search(*(op[name] for name in ARGUMENTS))
    kernel.search(*({**op, "k": 3, "avgdl": 1000.0}[name] for name in ARGUMENTS))
    for one, other in zip(first, kernel.search(*(op[name] for name in ARGUMENTS)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_sums_are_made_in_the_order_of_the_query(implementation: ModuleType) -> None:
    """With the slots turned round some scores have other bits, and they are the expected ones."""
    build, op = small_op()
    turned = testing.read_only({**op, "terms": op["terms"][:, ::-1], "idf": op["idf"][:, ::-1], "k": 1_000})
    got = answer(implementation, build, turned)
    oracle.compare(oracle.expect(build, turned), (got[0], got[1], got[2]))
    assert not np.array_equal(got[1], answer(implementation, build, {**op, "k": 1_000})[1])


def test_the_op_passes_on_what_it_is_given() -> None:
    """The expected answers, dressed up as a kernel."""
    build, op = small_op()
    dressed: Any = ModuleType("dressed")

    class FtsBm25Kernel:
        def __init__(self, doc_length: np.ndarray, stored_avgdl: float) -> None:
            self.build: dict[str, Any] = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

        def search(self, *arguments: Any) -> Any:
            return oracle.expect(self.build, dict(zip(ARGUMENTS, arguments, strict=True)))

    dressed.FtsBm25Kernel = FtsBm25Kernel
    prepare = importlib.import_module("fts_bm25.prepare").prepare
    oracle.compare(oracle.expect(build, op), prepare(dressed, build)(op))
