"""The comparison of a kernel's outputs with the reference, and what is expected of one op."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness_common.tolerance import Mismatch, require_array, require_equal, topk_consistent
from predicate import DISTANCES, reference
from referee.workload import Outputs, Value

EXACT = 0.0  # a distance is an integer below 2**24, which float32 holds


@dataclass(frozen=True)
class Expected:
    """The reference's answer to one op: the distance of every row, and how many rows were asked for.

    distances  int64[n]
    k          None where all distances were asked for
    """

    distances: np.ndarray
    k: int | None


def expect(build_inputs: Mapping[str, Value], op_inputs: Mapping[str, Value]) -> Expected:
    """Return what the reference says about one op, edits applied."""
    query, codes = op_inputs["query"], op_inputs["codes"]
    assert isinstance(query, np.ndarray)
    assert isinstance(codes, np.ndarray)
    distances = reference.distances(query, codes)
    if op_inputs["method"] == DISTANCES:
        return Expected(distances, None)
    k = op_inputs["k"]
    assert isinstance(k, int)
    return Expected(distances, k)


def compare(expected: Expected, outputs: Outputs) -> None:
    """Do nothing if `outputs` is (distances,), or (ids, distances) of the k nearest, as expected.

    Among rows at the k-th distance any will do.

    Raises: Mismatch that names the output, otherwise.
    """
    if expected.k is None:
        if len(outputs) != 1:
            raise Mismatch(f"outputs: expected 1 (distances), got {len(outputs)}")
        require_equal("distances", expected.distances.astype(np.float32), outputs[0])
        return
    if len(outputs) != 2:
        raise Mismatch(f"outputs: expected 2 (ids, distances), got {len(outputs)}")
    ids, distances = outputs
    n_rows = min(expected.k, expected.distances.size)
    require_array("ids", ids, np.uint32, (n_rows,))
    require_array("distances", distances, np.float32, (n_rows,))
    topk_consistent(expected.distances.astype(np.float64), ids, distances, expected.k, tolerance=EXACT)
