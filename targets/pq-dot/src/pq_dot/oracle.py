"""The comparison of a kernel's outputs with the reference, and what is expected of one op."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness_common.tolerance import Mismatch, allowed_error, require_array, topk_consistent
from pq_dot import reference
from referee.workload import Outputs, Value

ROUNDING = 2.0**-24  # the relative error of one float32 operation


@dataclass(frozen=True)
class Expected:
    """The reference's answer to one op: the distance and the allowed error of every row, and k.

    distances  float64[n]
    allowed    float64[n]
    """

    distances: np.ndarray
    allowed: np.ndarray
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
    distances = reference.distances(reference.inner_products(codebook, query), codes)
    magnitudes = 1.0 - reference.distances(reference.inner_products(abs(codebook), abs(query)), codes)
    n_sub, _, sub_dim = codebook.shape
    allowed = np.maximum(allowed_error(distances), rounding_error(n_sub, sub_dim, magnitudes))
    return Expected(distances, allowed, k)


def rounding_error(n_sub: int, sub_dim: int, magnitudes: np.ndarray) -> np.ndarray:
    """Return float64[n], what Lance's order of float32 operations may lose of each row's distance at most.

    magnitudes  float64[n]  A, the sum of |query_j * row_j| over all coordinates of a row

    The dots of the sub-vectors lose sub_dim roundings of A together, each 1 - dot one of 1 + its part of A.
    The m-th partial sum is at most m + A and is rounded once; so is the distance, at most 1 + A. Added up:
    (n_sub + sub_dim + 1) * A for the dots and n_sub * (n_sub + 3) / 2 for the ones, in units of 2**-24. One
    more of each is for products of errors (Higham 2002, section 3.1).

    The part of A holds for any order of the sub-vectors; a kernel that adds the 1 once loses only that part.
    """
    ones = n_sub * (n_sub + 3) / 2
    return ROUNDING * ((n_sub + sub_dim + 2) * magnitudes + ones + 1)


def compare(expected: Expected, outputs: Outputs) -> None:
    """Do nothing if `outputs` is (ids, distances) as expected.

    Raises: Mismatch that names the output, otherwise.
    """
    if len(outputs) != 2:
        raise Mismatch(f"outputs: expected 2 (ids, distances), got {len(outputs)}")
    ids, distances = outputs
    n_rows = min(expected.k, expected.distances.size)
    require_array("ids", ids, np.uint32, (n_rows,))
    require_array("distances", distances, np.float32, (n_rows,))
    topk_consistent(expected.distances, ids, distances, expected.k, allowed=expected.allowed)
