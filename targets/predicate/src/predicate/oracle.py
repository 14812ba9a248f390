"""The comparison of a kernel's outputs with the definition, and what is expected of one op."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from harness_common.tolerance import Mismatch, require_equal
from predicate.whole_columns import selected
from referee.workload import Outputs, Value

Expected = list[tuple[np.ndarray, np.ndarray]]


def expect(build_inputs: Mapping[str, Value], op_inputs: Mapping[str, Value]) -> Expected:
    """Return the bitmap and the rows of each batch, edits applied."""
    built: Mapping[str, Any] = build_inputs
    inputs: Mapping[str, Any] = op_inputs
    dtypes, nodes = built["dtypes"], built["nodes"]
    literals, nulls = built["literals"], built["literal_nulls"]
    buffer, columns = inputs["buffer"], inputs["columns"]
    return [
        selected(dtypes, nodes, literals, nulls, buffer, columns[b], n)
        for b, n in enumerate(inputs["n_rows"].tolist())
    ]


def compare(expected: Expected, outputs: Outputs) -> None:
    """Do nothing if `outputs` is every batch's bitmap and rows, and 0 the bits behind its last row.

    Raises: Mismatch that names the batch and the array, otherwise.
    """
    if len(outputs) != 2 * len(expected):
        raise Mismatch(f"outputs: expected {2 * len(expected)}, two of each batch, got {len(outputs)}")
    for b, (bitmap, rows) in enumerate(expected):
        require_equal(f"batch {b}: bitmap", bitmap, outputs[2 * b])
        require_equal(f"batch {b}: rows", rows, outputs[2 * b + 1])
