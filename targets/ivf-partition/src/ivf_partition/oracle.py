"""The comparison of a kernel's outputs with the reference, and what is expected of one op."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness_common.tolerance import Mismatch, require_array
from ivf_partition import reference
from referee.workload import Outputs, Value

ROUNDING = 2.0**-24  # one float32 operation, in parts of its result
LEAST_NORMAL = 2.0**-126  # float32: below it digits go, or everything where a CPU flushes to zero


@dataclass(frozen=True)
class Answer:
    """What is expected of one query.

    distances  float64[n]  of every partition; +inf where float32 overflows
    allowed    float64[n]  by how much a right kernel in float32 may be off
    """

    distances: np.ndarray
    allowed: np.ndarray


@dataclass(frozen=True)
class Expected:
    """The reference's answers to the queries of one op, and how many partitions to return for each."""

    answers: list[Answer]
    n_probes: int


def expect(build_inputs: Mapping[str, Value], op_inputs: Mapping[str, Value]) -> Expected:
    """Return what the reference says about one op."""
    centroids, metric = build_inputs["centroids"], build_inputs["metric"]
    queries, n_probes = op_inputs["queries"], op_inputs["n_probes"]
    assert isinstance(centroids, np.ndarray)
    assert isinstance(metric, str)
    assert isinstance(queries, np.ndarray)
    assert isinstance(n_probes, int)
    answers = []
    for query in queries:
        distances = reference.distances(centroids, query, "dot" if metric == "dot" else "l2")
        terms = distances  # squares: they are their own magnitudes
        if metric == "dot":
            terms = 1.0 + reference.products(np.abs(centroids), np.abs(query))
        answers.append(Answer(distances, allowed_error(terms, query.size)))
    return Expected(answers, n_probes)


def allowed_error(terms: np.ndarray, dim: int) -> np.ndarray:
    """Return float64[n]: by how much a float32 sum of `dim` terms may be off.

    terms  float64[n]  the sum of the magnitudes of the terms, the 1 of 1 - dot among them

    With eight running sums or more, added up in any order, each term goes through at most dim / 8 + 8
    additions and three operations before and after: 20 leaves some room, and the first dimensions, where
    one running sum is usual, as well. It is relative to the distance, without the usual floor at 1, because
    Lance multiplies the least distance by a factor to decide how many partitions it searches.
    """
    finite = np.where(np.isfinite(terms), terms, 0.0)  # an infinity must be an infinity
    return np.asarray((dim / 8 + 20) * ROUNDING * finite + dim * LEAST_NORMAL)


def compare(expected: Expected, outputs: Outputs) -> None:
    """Do nothing if `outputs` is (ids, distances) of one query after another, as expected.

    Raises: Mismatch that names the output and the query, otherwise.
    """
    n_outputs = 2 * len(expected.answers)
    if len(outputs) != n_outputs:
        raise Mismatch(f"outputs: expected {n_outputs} (ids, distances for each query), got {len(outputs)}")
    for number, answer in enumerate(expected.answers):
        ids, distances = outputs[2 * number : 2 * number + 2]
        compare_answer(answer, ids, distances, expected.n_probes, f"query {number}")


def compare_answer(answer: Answer, ids: np.ndarray, distances: np.ndarray, n_probes: int, place: str) -> None:
    """Do nothing if `ids` are nearest partitions, each once, and `distances` theirs, ascending.

    Partitions may stand in for each other where their distances, each off by what is allowed, may have come
    out in the other order.

    Cost: O(n).
    Raises: Mismatch otherwise.
    """
    n = answer.distances.size
    count = min(n_probes, n)
    require_array(f"ids of {place}", ids, np.uint32, (count,))
    require_array(f"distances of {place}", distances, np.float32, (count,))
    if count == 0:
        return
    if ids.max() >= n:
        raise Mismatch(f"ids of {place}: expected partitions below {n}, got {ids.max()}")
    returned = np.bincount(ids.astype(np.int64), minlength=n)
    if returned.max() > 1:
        twice = returned.argmax()
        raise Mismatch(f"ids of {place}: expected every partition once, got {twice} {returned[twice]} times")
    require_right(answer.distances[ids], distances, answer.allowed[ids], f"distances of {place}")
    if not (distances[1:] >= distances[:-1]).all():
        first = int((~(distances[1:] >= distances[:-1])).argmax())
        got = f"{distances[first]} before {distances[first + 1]} at {first}"
        raise Mismatch(f"distances of {place}: expected ascending distances, got {got}")
    if count == n:
        return
    least = np.where(returned == 1, answer.distances - answer.allowed, -np.inf)
    most = np.where(returned == 0, answer.distances + answer.allowed, np.inf)
    worst, best = int(least.argmax()), int(most.argmin())
    if not (least[worst] <= most[best]):
        raise Mismatch(
            f"ids of {place}: {worst} was returned, {best} was left out: their expected distances are "
            f"{answer.distances[worst]} and {answer.distances[best]}"
        )


def require_right(expected: np.ndarray, got: np.ndarray, allowed: np.ndarray, name: str) -> None:
    """Do nothing if every element of `got` is within `allowed` of `expected`; NaN never is.

    Raises: Mismatch that names the first that is not.
    """
    with np.errstate(invalid="ignore"):
        right = (got == expected) | (np.abs(got.astype(np.float64) - expected) <= allowed)
    if not right.all():
        first = int((~right).argmax())
        raise Mismatch(
            f"{name}: {np.count_nonzero(~right)} of {right.size} elements differ; first at ({first},): "
            f"expected {expected[first]}, got {got[first]} (allowed error {allowed[first]:.2g})"
        )
