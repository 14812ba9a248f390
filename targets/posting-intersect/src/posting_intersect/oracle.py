"""The comparison of a kernel's outputs with the reference, and what is expected of one op."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from harness_common.tolerance import Mismatch, require_equal
from posting_intersect import INTERSECT, bulk
from posting_intersect.prepare import ARGUMENTS
from referee.workload import Outputs, Value

Expected = tuple[np.ndarray, np.ndarray]


def expect(build_inputs: Mapping[str, Value], op_inputs: Mapping[str, Value]) -> Expected:
    """Return what is right for one op, edits applied: (start, ids).

    By whole arrays: the reference would take a minute for the largest lists.
    """
    method = str(op_inputs["method"])
    function: Any = bulk.intersect if method == INTERSECT else bulk.intersect_blocks
    expected: Expected = function(*[op_inputs[name] for name in ARGUMENTS[method]])
    return expected


def compare(expected: Expected, outputs: Outputs) -> None:
    """Do nothing if `outputs` has the bits of `expected`: (start, ids).

    Nothing is computed, only chosen, so there is no tolerance.

    Raises: Mismatch that names the output, otherwise.
    """
    if len(outputs) != 2:
        raise Mismatch(f"outputs: expected 2 (start, ids), got {len(outputs)}")
    for name, want, got in zip(("start", "ids"), expected, outputs, strict=True):
        require_equal(name, want, got)
