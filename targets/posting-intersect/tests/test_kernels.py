"""The baseline and the kernel give the reference's answers, in the battery and at the edges of the API."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from posting_intersect import baseline, inputs, kernels, reference
from posting_intersect.battery import correctness_battery
from posting_intersect.forms import both_forms
from posting_intersect.run_experiment import EXPERIMENT
from referee import testing
from referee.workload import Case

CASES = correctness_battery(20_251_115)
WORKLOADS = dict(zip(inputs.COMBOS, inputs.speed_workloads(2), strict=True))
IMPLEMENTATIONS = pytest.mark.parametrize("implementation", [baseline, kernels])


def called(function: Any, arrays: dict[str, np.ndarray], queries: list[list[int]], m: int) -> Any:
    """Return what a function answers to arrays as a player hands them over: others Numba compiles anew."""
    rows = np.array(queries, np.int32).reshape(-1, m)
    return function(*testing.read_only({**arrays, "queries": rows}).values())


@IMPLEMENTATIONS
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_agrees_with_the_reference(implementation: ModuleType, case: Case) -> None:
    """Every op of every case of the battery."""
    testing.check_case(EXPERIMENT, case, implementation)


@IMPLEMENTATIONS
@pytest.mark.parametrize("combo", inputs.COMBOS, ids="-".join)
def test_is_right_on_the_timed_inputs(implementation: ModuleType, combo: tuple[str, str]) -> None:
    """Three ops of every workload."""
    ops = inputs.redraw(WORKLOADS[combo], 1)[:3]
    testing.check_case(EXPERIMENT, Case("timed", {}, ops), implementation)


@IMPLEMENTATIONS
def test_answers_a_small_question(implementation: ModuleType) -> None:
    """Three lists, in both forms; the outputs with their types."""
    lists = [np.array(one, np.uint32) for one in ([1, 5, 2**31, 2**32 - 1], [5, 9, 2**32 - 1], [0, 5])]
    raw, blocks = both_forms(SplitMix64(1), lists)
    for function, arrays in ((implementation.intersect, raw), (implementation.intersect_blocks, blocks)):
        start, ids = called(function, arrays, [[0, 1], [-1, 0], [1, 2], [1, 1]], 2)
        assert (start.dtype, ids.dtype) == (np.int64, np.uint32)
        assert start.tolist() == [0, 2, 2, 3, 6]
        assert ids.tolist() == [5, 2**32 - 1, 5, 5, 9, 2**32 - 1]
        assert called(function, arrays, [[0, 1, 2]], 3)[1].tolist() == [5]
        assert called(function, arrays, [], 2)[0].tolist() == [0]
        assert called(function, arrays, [[0, 2, 1, 1]], 4)[1].tolist() == [5]
        assert called(function, arrays, [[2]], 1)[1].tolist() == [0, 5]


def test_the_op_calls_what_the_method_says() -> None:
    """The reference, dressed up as a kernel: its answers, by both functions."""
    called_by: list[str] = []
    dressed = ModuleType("dressed")
    for name in ("intersect", "intersect_blocks"):

        def answer(*arguments: Any, name: str = name) -> Any:
            called_by.append(name)
            return getattr(reference, name)(*arguments)

        setattr(dressed, name, answer)
    case = next(case for case in CASES if case.name == "lists of 129")
    testing.check_case(EXPERIMENT, case, dressed)
    assert called_by == [op["method"] for op in case.ops]
    assert len(set(called_by)) == 2
