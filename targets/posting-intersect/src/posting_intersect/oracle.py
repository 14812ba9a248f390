"""The comparison of a kernel's outputs with the reference, and what is expected of one op."""

from collections.abc import Mapping

import numpy as np

from harness_common.tolerance import Mismatch, require_equal
from posting_intersect import reference
from referee.workload import Outputs, Value

Expected = tuple[np.ndarray, np.ndarray, np.ndarray]


def expect(build_inputs: Mapping[str, Value], op_inputs: Mapping[str, Value]) -> Expected:
    """Return what the reference says about one op, edits applied: (distances, row_ids, offsets)."""
    distances, row_ids, offsets, k = (op_inputs[name] for name in ("distances", "row_ids", "offsets", "k"))
    assert isinstance(distances, np.ndarray)
    assert isinstance(row_ids, np.ndarray)
    assert isinstance(offsets, np.ndarray)
    assert isinstance(k, int)
    return reference.merge(distances, row_ids, offsets, k)


def compare(expected: Expected, outputs: Outputs) -> None:
    """Do nothing if `outputs` has the bits of `expected`: (distances, row_ids, offsets).

    Nothing is computed, only chosen, so there is no tolerance; -0.0 is not 0.0.

    Raises: Mismatch that names the output, otherwise.
    """
    if len(outputs) != 3:
        raise Mismatch(f"outputs: expected 3 (distances, row_ids, offsets), got {len(outputs)}")
    for name, want, got in zip(("distances", "row_ids", "offsets"), expected, outputs, strict=True):
        require_equal(name, want, got)
