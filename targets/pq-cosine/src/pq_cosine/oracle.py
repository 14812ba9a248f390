"""The comparison of a kernel's outputs with the reference, and what is expected of one op."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness_common.tolerance import Mismatch, require_array, topk_consistent
from pq_cosine import reference
from referee.workload import Outputs, Value


@dataclass(frozen=True)
class Expected:
    """The reference's answer to one op: the distance of every row, and how many rows to return.

    distances  float64[n]  over all partitions; all NaN if the query has no direction
    """

    distances: np.ndarray
    k: int


def expect(build_inputs: Mapping[str, Value], op_inputs: Mapping[str, Value]) -> Expected:
    """Return what the reference says about one op, edits applied."""
    built: Mapping[str, Any] = build_inputs
    asked: Mapping[str, Any] = op_inputs
    distances = reference.distances(
        built["codebook"], built["centroids"], asked["query"], asked["codes"], asked["offsets"]
    )
    return Expected(distances, asked["k"])


def compare(expected: Expected, outputs: Outputs) -> None:
    """Do nothing if `outputs` is (ids, distances) as expected.

    Between vectors of length 1 a distance is twice 1 - cosine, 0 to 4, so a tolerance of
    1e-4 * max(1, |expected|) is 5e-5 of a cosine where rows are near, and at most 2e-4 where they are far.

    Raises: Mismatch that names the output, otherwise.
    """
    if len(outputs) != 2:
        raise Mismatch(f"outputs: expected 2 (ids, distances), got {len(outputs)}")
    ids, distances = outputs
    n_rows = min(expected.k, expected.distances.size)
    require_array("ids", ids, np.uint32, (n_rows,))
    require_array("distances", distances, np.float32, (n_rows,))
    topk_consistent(expected.distances, ids, distances, expected.k)
    if np.isnan(expected.distances).any() and not np.array_equal(np.sort(ids), np.arange(n_rows)):
        raise Mismatch(
            f"ids: expected the first {n_rows} rows for a query without a direction, got {np.sort(ids)}"
        )
