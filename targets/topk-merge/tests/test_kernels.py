"""The baseline and the kernel give the reference's answers, in the battery and at the edges of the API."""

from types import ModuleType

import numpy as np
import pytest

from harness_common.tolerance import Mismatch
from referee import testing
from referee.workload import Case
from topk_merge import inputs
from topk_merge.run_experiment import EXPERIMENT

ORDERS = pytest.mark.parametrize("name", ["merge_sorted", "merge_unsorted"])


def read_only(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the arrays as a player hands them over; for other ones Numba would compile anew."""
    for array in arrays:
        array.flags.writeable = False
    return arrays


def test_agrees_with_the_reference(implementation: ModuleType, battery_cases: list[Case]) -> None:
    """Every op of every case of the battery."""
    for case in battery_cases:
        try:
            testing.check_case(EXPERIMENT, case, implementation)
        except Mismatch as wrong:
            wrong.add_note(case.name)
            raise


@pytest.mark.parametrize("shape_name", inputs.SHAPES)
@pytest.mark.parametrize("distribution", inputs.DISTRIBUTIONS)
def test_is_right_on_the_timed_inputs(implementation: ModuleType, shape_name: str, distribution: str) -> None:
    """Five ops of every workload: lists of every op before the fifth are whole again or changed anew."""
    ops = inputs.redraw(inputs.workload(shape_name, distribution), 1)[:5]
    testing.check_case(EXPERIMENT, Case("timed", {}, ops), implementation)


@ORDERS
def test_answers_a_small_question(implementation: ModuleType, name: str) -> None:
    """Two queries of two lists; all three arrays, with their types."""
    arguments = read_only(
        np.array([1.0, 3.0, 2.0, -0.0, 0.0, 5.0, 5.0], np.float32),
        np.array([7, 8, 9, 2, 1, 2**64 - 1, 2**64 - 2], np.uint64),
        np.array([[0, 2, 3], [3, 6, 7]], np.int64),
    )
    distances, row_ids, offsets = getattr(implementation, name)(*arguments, 3)
    assert (distances.dtype, row_ids.dtype, offsets.dtype) == (np.float32, np.uint64, np.int64)
    assert distances.tolist() == [1.0, 2.0, 3.0, -0.0, 0.0, 5.0]
    assert np.signbit(distances).tolist() == [False, False, False, True, False, False]
    assert row_ids.tolist() == [7, 9, 8, 2, 1, 2**64 - 2]
    assert offsets.tolist() == [0, 3, 6]


@ORDERS
@pytest.mark.parametrize("n_lists", [0, 1, 3])
def test_returns_nothing_where_there_is_nothing(implementation: ModuleType, name: str, n_lists: int) -> None:
    """No lists, or lists without rows: three arrays of the right type all the same."""
    arguments = read_only(
        np.zeros(0, np.float32), np.zeros(0, np.uint64), np.zeros((2, n_lists + 1), np.int64)
    )
    distances, row_ids, offsets = getattr(implementation, name)(*arguments, 10)
    assert (distances.dtype, row_ids.dtype, offsets.dtype) == (np.float32, np.uint64, np.int64)
    assert (distances.size, row_ids.size, offsets.tolist()) == (0, 0, [0, 0, 0])


@ORDERS
def test_a_huge_k_costs_no_memory(implementation: ModuleType, name: str) -> None:
    """A k of 2**40 returns the two rows that there are."""
    arguments = read_only(
        np.array([1.0, 2.0], np.float32), np.array([1, 2], np.uint64), np.array([[0, 2]], np.int64)
    )
    assert getattr(implementation, name)(*arguments, 2**40)[1].tolist() == [1, 2]


def test_the_op_calls_what_the_order_says(battery_cases: list[Case]) -> None:
    """The reference, dressed up as a kernel of which each function says that it was called."""
    called: list[str] = []
    honest = testing.seen(battery_cases[0].ops)[0]

    def stand_in(name: str) -> object:
        def merge(*arguments: object) -> tuple[np.ndarray, ...]:
            called.append(name)
            return EXPERIMENT.expect({}, honest)

        return merge

    dressed = ModuleType("dressed")
    dressed.merge_sorted, dressed.merge_unsorted = stand_in("sorted"), stand_in("unsorted")  # type: ignore[attr-defined]
    for order in ("sorted", "unsorted"):
        case = Case("one", {}, [{**battery_cases[0].ops[0], "order": order}])
        expected, outputs = next(testing.answers(EXPERIMENT, case, dressed))
        EXPERIMENT.compare(expected, outputs)
    assert called == ["sorted", "unsorted"]
