"""Every way in which an answer can be wrong is refused, and by name."""

from collections.abc import Callable

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from predicate import BETWEEN, INT32
from predicate.expressions import build_inputs, leaf
from predicate.oracle import compare, expect
from predicate.random_filters import draw_op
from referee.testing import seen

Outputs = tuple[np.ndarray, ...]
TREE = leaf(BETWEEN, 0, 3, 1 << 30)
PROGRAM = build_inputs((INT32,), TREE)
(OP,) = seen([draw_op(SplitMix64(1), (INT32,), TREE, (100, 77), (True,), 0.1)])
EXPECTED = expect(PROGRAM, OP)


def right() -> Outputs:
    """Return the right answer: bitmap and rows of two batches."""
    return tuple(output.copy() for pair in EXPECTED for output in pair)


def changed(output: int, change: Callable[[np.ndarray], np.ndarray]) -> Outputs:
    """Return the right answer with one output changed."""
    outputs = right()
    return (*outputs[:output], change(outputs[output]), *outputs[output + 1 :])


def flipped(output: int, place: int, bit: int) -> Outputs:
    """Return the right answer with one bit of one element flipped."""

    def flip(array: np.ndarray) -> np.ndarray:
        array[place] ^= 1 << bit
        return array

    return changed(output, flip)


def test_the_right_answer_is_accepted() -> None:
    """And has rows in it, and rows that are not."""
    compare(EXPECTED, right())
    assert all(5 < len(rows) < 60 for _, rows in EXPECTED)


WRONG = [
    (flipped(0, 3, 5), "batch 0: bitmap: first difference at (3,)"),
    (flipped(0, 12, 7), "batch 0: bitmap: first difference at (12,)"),  # behind the last of 100 rows
    (flipped(2, 9, 5), "batch 1: bitmap: first difference at (9,)"),  # behind the last of 77
    (flipped(1, 4, 0), "batch 0: rows: first difference at (4,)"),
    (flipped(3, 0, 31), "batch 1: rows: first difference at (0,)"),
    (changed(1, lambda rows: rows[:-1]), "batch 0: rows: expected uint32["),
    (changed(1, lambda rows: rows[::-1].copy()), "batch 0: rows: first difference at (0,)"),
    (changed(3, lambda rows: rows.astype(np.uint64)), "batch 1: rows: expected uint32["),
    (changed(0, lambda bitmap: bitmap.view(bool)), "batch 0: bitmap: expected uint8[13], got bool[13]"),
    (changed(0, lambda bitmap: np.append(bitmap, bitmap[:3])), "batch 0: bitmap: expected uint8[13]"),
    (changed(2, np.zeros_like), "batch 1: bitmap: first difference"),
    (changed(3, np.zeros_like), "batch 1: rows: first difference"),
    (tuple(np.zeros_like(output) for output in right()), "batch 0: bitmap: first difference"),
    ((right()[2], right()[3], *right()[:2]), "batch 0: bitmap: expected uint8[13], got uint8[10]"),
]


@pytest.mark.parametrize(("outputs", "reason"), WRONG)
def test_a_wrong_answer_is_refused(outputs: Outputs, reason: str) -> None:
    """One bit, one row, another type, another length, zeros, batches in another order."""
    with pytest.raises(Mismatch) as caught:
        compare(EXPECTED, outputs)
    assert str(caught.value).startswith(reason)


def test_the_number_of_outputs_counts() -> None:
    """One too few, and one too many."""
    for some in (right()[1:], (*right(), np.zeros(0, np.uint8))):
        with pytest.raises(Mismatch, match=r"outputs: expected 4, two of each batch, got [35]"):
            compare(EXPECTED, some)
