"""The baseline and the kernel give the definition's answers, in the battery and at the edges of the API."""

import dataclasses
from types import ModuleType

import numpy as np
import pytest

from predicate import BETWEEN, FLOAT64, IN, INT64, NOT, UINT8, reference
from predicate.expressions import any_of, bits_of, build_inputs, leaf
from predicate.run_experiment import EXPERIMENT
from referee import testing
from referee.workload import Case

PARTS = (
    "batches",
    "random",
    "kleene",
    "IN",
    "leaves",
    "times",
    "on the left",
    "all types",
    "literal",
    "rows",
)


@pytest.mark.parametrize("part", PARTS)
def test_agree_with_the_definition(
    part: str, battery_cases: list[Case], implementations: list[ModuleType]
) -> None:
    """Every op of every case of the battery, which has ops of every workload, too."""
    cases = [case for case in battery_cases if next(name for name in PARTS if name in case.name) == part]
    assert cases
    for case in cases:
        expected = [EXPERIMENT.expect(case.build_inputs, op) for op in testing.seen(case.ops)]
        for implementation in implementations:
            answers = iter(expected)
            known = dataclasses.replace(EXPERIMENT, expect=lambda *_, answers=answers: next(answers))
            try:
                testing.check_case(known, case, implementation)
            except Exception as error:
                raise AssertionError(implementation.__name__, case.name) from error


def test_answers_a_small_question(implementation: ModuleType) -> None:
    """`price BETWEEN 2 AND 4 OR code IN (200, 7)`: 1.5, 2.0, null, 4.0, -0.0 and 1, 1, 7, 1, 200."""
    tree = any_of(leaf(BETWEEN, 0, bits_of(FLOAT64, 2), bits_of(FLOAT64, 4)), leaf(IN, 1, 200, 7))
    prices = np.array([1.5, 2.0, 3.0, 4.0, -0.0]).view(np.uint8)
    buffer = np.concatenate([prices, np.array([0b11011, 1, 1, 7, 1, 200], np.uint8)])
    columns = np.array([[0, 40, 0], [41, -1, 0]], np.int64)
    kernel = implementation.PredicateKernel(**testing.read_only(build_inputs((FLOAT64, UINT8), tree)))
    handed = testing.read_only({"buffer": buffer, "columns": columns})
    bitmap, rows = kernel.evaluate(handed["buffer"], handed["columns"], 5)
    assert (bitmap.tolist(), bitmap.dtype) == ([0b11110], np.uint8)
    assert (rows.tolist(), rows.dtype) == ([1, 2, 3, 4], np.uint32)


def test_one_kernel_serves_batches_of_any_size(implementation: ModuleType) -> None:
    """None, then many, then one: nothing is kept from batch to batch."""
    tree = (NOT, leaf(IN, 0, 1, 2, 3, 4, 5))
    kernel = implementation.PredicateKernel(**testing.read_only(build_inputs((INT64,), tree)))
    for n in (0, 5_000, 1):
        handed = testing.read_only({"buffer": np.arange(n).view(np.uint8), "columns": np.array([[0, -1, 0]])})
        bitmap, rows = kernel.evaluate(handed["buffer"], handed["columns"], n)
        assert rows.tolist() == [row for row in range(n) if not 1 <= row <= 5]
        assert len(bitmap) == -(-n // 8)


def test_the_op_evaluates_every_batch(battery_cases: list[Case]) -> None:
    """The definition dressed up as a kernel: its answers, two outputs a batch."""

    class Definition:
        def __init__(self, *program: np.ndarray) -> None:
            self.program = program

        def evaluate(self, buffer: np.ndarray, columns: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
            return reference.selected(*self.program, buffer, columns, n)

    dressed = ModuleType("dressed")
    dressed.PredicateKernel = Definition  # type: ignore[attr-defined]
    for expected, outputs in testing.answers(EXPERIMENT, battery_cases[0], dressed):
        EXPERIMENT.compare(expected, outputs)
        assert len(outputs) == 4
