"""The comparison of a kernel's outputs with the reference, and what is expected of one op."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness_common.tolerance import Mismatch, require_array, require_close, topk_consistent
from pq_l2 import N_CENTROIDS, reference
from referee.workload import Outputs, Value


@dataclass(frozen=True)
class Expected:
    """The reference's answer to one op: the table, the distance of every row, and how many rows to return.

    table      float64[n_sub, 256]
    distances  float64[n]
    """

    table: np.ndarray
    distances: np.ndarray
    k: int


def expect(build_inputs: Mapping[str, Value], op_inputs: Mapping[str, Value]) -> Expected:
    """Return what the reference says about one op, edits applied."""
    codebook, query, codes, k = (
        build_inputs["codebook"],
        op_inputs["query"],
        op_inputs["codes"],
        op_inputs["k"],
    )
    assert isinstance(codebook, np.ndarray)
    assert isinstance(query, np.ndarray)
    assert isinstance(codes, np.ndarray)
    assert isinstance(k, int)
    table = reference.distance_table(codebook, query)
    return Expected(table, reference.distances(table, codes), k)


def compare(expected: Expected, outputs: Outputs) -> None:
    """Do nothing if `outputs` is (table, ids, distances) as expected.

    Raises: Mismatch that names the output, otherwise.
    """
    if len(outputs) != 3:
        raise Mismatch(f"outputs: expected 3 (table, ids, distances), got {len(outputs)}")
    table, ids, distances = outputs
    n_rows = min(expected.k, expected.distances.size)
    require_array("table", table, np.float32, (expected.table.shape[0], N_CENTROIDS))
    require_array("ids", ids, np.uint32, (n_rows,))
    require_array("distances", distances, np.float32, (n_rows,))
    require_close("table", expected.table, table)
    topk_consistent(expected.distances, ids, distances, expected.k)
