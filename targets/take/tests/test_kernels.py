"""The baseline and the kernel give the reference's answers, in the battery and at the edges of the API."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from harness_common.tolerance import Mismatch
from referee import testing
from referee.workload import Case
from take import TOMBSTONE, inputs, reference
from take.run_experiment import EXPERIMENT


def called(implementation: ModuleType, method: str, *arguments: np.ndarray) -> Any:
    """Return what a method answers to arrays as a player hands them over: others Numba compiles anew."""
    handed = testing.read_only({str(i): argument for i, argument in enumerate(arguments)})
    return getattr(implementation.TakeKernel(), method)(*handed.values())


def test_agrees_with_the_reference(implementation: ModuleType, battery_cases: list[Case]) -> None:
    """Every op of every case of the battery."""
    for case in battery_cases:
        try:
            testing.check_case(EXPERIMENT, case, implementation)
        except Mismatch as wrong:
            wrong.add_note(case.name)
            raise


@pytest.mark.parametrize("combo", inputs.COMBOS, ids="-".join)
def test_is_right_on_the_timed_inputs(implementation: ModuleType, combo: tuple[str, str]) -> None:
    """Three ops of every workload."""
    ops = inputs.redraw(inputs.workload(*combo), 1)[:3]
    testing.check_case(EXPERIMENT, Case("timed", {}, ops), implementation)


def test_answers_a_small_question(implementation: ModuleType) -> None:
    """Four values, the second null; five indices, the third null and beyond."""
    values = np.array([10, 20, 30, 40], np.uint64)
    bitmaps = np.array([0b1101], np.uint8), np.array([0b11111011], np.uint8)
    indices = np.array([3, 1, 99, 0, 3], np.uint64)
    taken, valid = called(implementation, "take_fixed", values, bitmaps[0], indices, bitmaps[1])
    assert (taken.tolist(), taken.dtype) == ([40, 20, 0, 10, 40], np.uint64)
    assert (valid.tolist(), valid.dtype) == ([0b11001], np.uint8)
    sound = np.array([3, 0, 2], np.uint64)
    assert called(implementation, "take_fixed", values, bitmaps[0], sound, bitmaps[0][:0])[1].size == 0


def test_tells_of_rows_and_fragments_by_number(implementation: ModuleType) -> None:
    """The message says what was expected and what was got, or where."""
    with pytest.raises(ValueError, match="row 1: expected an index below 2, got 5"):
        called(implementation, "take_rows", np.zeros((2, 3), np.float32), np.array([1, 5, 7], np.uint32))
    offsets = np.array([0, 4, 2], np.int32)
    strings = np.zeros(4, np.uint8), np.array([0, 0, 1], np.uint32)
    with pytest.raises(ValueError, match="row 2"):
        called(implementation, "take_strings", offsets, *strings)
    fragments = np.array([7], np.uint32), np.array([3], np.int64), np.array([0, 1]), np.array([3], np.uint32)
    with pytest.raises(ValueError, match="fragment 0"):
        called(implementation, "map_offsets", np.zeros(0, np.uint64), *fragments)


def test_offsets_past_the_end_are_tombstones(implementation: ModuleType) -> None:
    """Two fragments of 3 rows, the first without its rows 0 and 1: offsets 0 to 3 live."""
    fragments = np.array([9, 4], np.uint32), np.array([3, 3], np.int64)
    deleted = np.array([0, 2, 2]), np.array([0, 1], np.uint32)
    offsets = np.array([4, 3, 0, 1, 2**64 - 1], np.uint64)
    found = called(implementation, "map_offsets", offsets, *fragments, *deleted)
    assert found.tolist() == [TOMBSTONE, 4 << 32 | 2, 9 << 32 | 2, 4 << 32, TOMBSTONE]


def test_the_op_calls_what_the_method_says_and_passes_errors_on(battery_cases: list[Case]) -> None:
    """The reference dressed up as a kernel: its answer and no error; then no answer and its error."""
    dressed = ModuleType("dressed")
    dressed.TakeKernel = lambda: reference  # type: ignore[attr-defined]
    for case in (battery_cases[0], next(case for case in battery_cases if case.name.startswith("corrupt"))):
        for expected, outputs in testing.answers(EXPERIMENT, case, dressed):
            EXPERIMENT.compare(expected, outputs)
            assert len(outputs) == len(expected.names) + 1
            assert outputs[-1].tobytes().startswith(b"ValueError: row") == bool(expected.place)
            assert (outputs[-1].size > 0) == bool(expected.place)
