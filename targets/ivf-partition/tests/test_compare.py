"""Kernels that are known to be wrong are caught, and the message names the output."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from ivf_partition import Metric, baseline, reference
from ivf_partition.inputs import DISTRIBUTIONS, vectors
from ivf_partition.oracle import Answer, Expected, allowed_error, compare, require_right
from ivf_partition.run_experiment import EXPERIMENT
from referee.testing import answers
from referee.workload import Case, Outputs

Cases = dict[str, Any]


@pytest.fixture(scope="module")
def cases(battery_cases: list[Case]) -> Cases:
    """Return the battery, by name."""
    return {case.name: case for case in battery_cases}


GAUSSIAN = "gaussian 300x128 l2"


def answered(case: Any) -> tuple[Expected, Outputs]:
    """Return what is expected of the first op of `case`, and the baseline's right answer."""
    return next(answers(EXPERIMENT, case, baseline))


def all_zero(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The answer of a kernel that computes nothing."""
    return np.zeros_like(ids), np.zeros_like(distances)


def zero_distances(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Right partitions, no distances."""
    return ids, np.zeros_like(distances)


def square_roots(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Euclidean distances, not their squares."""
    return ids, np.sqrt(distances)


def half_precision(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Distances with the digits of float16."""
    return ids, distances.astype(np.float16).astype(np.float32)


def five_digits(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """One distance off by a hundred-thousandth: less than the usual tolerance, more than ours."""
    return ids, distances * np.where(np.arange(len(ids)) == 11, np.float32(1 - 1e-5), np.float32(1))


def nan_distance(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A distance that was never written."""
    return ids, np.where(np.arange(len(ids)) == 4, np.float32(np.nan), distances)


def infinite_distance(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """An overflow where there is none."""
    return ids, np.where(np.arange(len(ids)) == 19, np.float32(np.inf), distances)


def one_too_few(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A selection that stops early."""
    return ids[:-1], distances[:-1]


def next_partition(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Partitions off by one."""
    return (ids + np.uint32(1)) % np.uint32(300), distances


def beyond_the_last(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A partition that does not exist."""
    return np.append(ids[:-1], np.uint32(300)), distances


def same_partition_twice(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The same partition in two places, with its right distance."""
    return np.append(ids[0], ids[:-1]), np.append(distances[0], distances[:-1])


def descending(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Everything right but the order."""
    return ids[::-1].copy(), distances[::-1].copy()


def first_two_exchanged(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The nearest one second."""
    places = np.r_[1, 0, 2 : len(ids)]
    return ids[places], distances[places]


def signed_ids(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Partitions of the wrong type."""
    return ids.astype(np.int64), distances


def double_distances(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Distances of the wrong type."""
    return ids, distances.astype(np.float64)


WRONG: list[tuple[Callable[..., Outputs], str]] = [
    (all_zero, "ids of query 0: expected every partition once"),
    (zero_distances, "distances of query 0: 20 of 20 elements differ"),
    (square_roots, "distances of query 0: 20 of 20 elements differ"),
    (half_precision, "distances of query 0"),
    (five_digits, "distances of query 0: 1 of 20 elements differ; first at (11,)"),
    (nan_distance, "distances of query 0: 1 of 20 elements differ; first at (4,)"),
    (infinite_distance, "distances of query 0: 1 of 20 elements differ; first at (19,)"),
    (one_too_few, "ids of query 0: expected uint32[20], got uint32[19]"),
    (next_partition, "distances of query 0"),
    (beyond_the_last, "ids of query 0: expected partitions below 300, got 300"),
    (same_partition_twice, "ids of query 0: expected every partition once"),
    (descending, "distances of query 0: expected ascending distances"),
    (first_two_exchanged, "distances of query 0: expected ascending distances"),
    (signed_ids, "ids of query 0: expected uint32[20], got int64[20]"),
    (double_distances, "distances of query 0: expected float32[20], got float64[20]"),
]


@pytest.mark.parametrize(("spoil", "message"), WRONG, ids=lambda value: getattr(value, "__name__", ""))
def test_wrong_answers_are_named(cases: Cases, spoil: Callable[..., Outputs], message: str) -> None:
    """Each way of being wrong, from an answer that was right."""
    expected, outputs = answered(cases[GAUSSIAN])
    compare(expected, outputs)
    with pytest.raises(Mismatch) as caught:
        compare(expected, spoil(*outputs))
    assert str(caught.value).startswith(message)


def test_the_second_query_of_an_op_is_compared_too(cases: Cases) -> None:
    """The last op of a case asks several."""
    expected, outputs = list(answers(EXPERIMENT, cases[GAUSSIAN], baseline))[-1]
    compare(expected, outputs)
    with pytest.raises(Mismatch, match=r"^distances of query 2: "):
        compare(expected, (*outputs[:5], np.zeros_like(outputs[5])))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_two_outputs_for_each_query_are_required(cases: Cases, count: int) -> None:
    """Neither fewer nor more."""
    expected, outputs = answered(cases[GAUSSIAN])
    message = rf"^outputs: expected 2 \(ids, distances for each query\), got {count}"
    with pytest.raises(Mismatch, match=message):
        compare(expected, (*outputs, outputs[0])[:count])


def test_the_next_partition_in_place_of_the_last_is_caught(cases: Cases) -> None:
    """Its own distance right, but the twentieth left out for the twenty-first."""
    expected, (ids, distances) = answered(cases[GAUSSIAN])
    order = np.argsort(expected.answers[0].distances)
    ids, distances = ids.copy(), distances.copy()
    ids[19], distances[19] = order[20], expected.answers[0].distances[order[20]]
    with pytest.raises(
        Mismatch, match=rf"^ids of query 0: {order[20]} was returned, {order[19]} was left out"
    ):
        compare(expected, (ids, distances))


def test_any_of_equal_partitions_is_right(cases: Cases) -> None:
    """All centroids alike: the last twenty are as good as the first, in any order."""
    expected, (_, distances) = answered(cases["equal centroids, 128 dimensions, l2"])
    compare(expected, (np.arange(299, 279, -1, dtype=np.uint32), distances))


def test_an_infinite_distance_may_not_stand_for_a_finite_one() -> None:
    """Infinities tie with each other and with nothing else."""
    distances = np.array([np.inf, 3, np.inf, np.inf, 5])
    expected = Expected([Answer(distances, allowed_error(distances, 4))], 3)
    right = np.array([3, 5, np.inf], np.float32)
    for last in (0, 2, 3):
        compare(expected, (np.array([1, 4, last], np.uint32), right))
    with pytest.raises(Mismatch, match=r"^ids of query 0: [023] was returned, 4 was left out"):
        compare(expected, (np.array([1, 0, 2], np.uint32), np.array([3, np.inf, np.inf], np.float32)))


def test_a_distance_of_zero_must_be_zero() -> None:
    """But for what float32 cannot hold, nothing is allowed there: no difference of large numbers will do."""
    zero = np.zeros(1)
    allowed = allowed_error(zero, 768)
    require_right(zero, np.float32([1e-36]), allowed, "distances")
    with pytest.raises(Mismatch, match=r"^distances: 1 of 1"):
        require_right(zero, np.float32([1e-30]), allowed, "distances")


@pytest.mark.parametrize("name", ["offset 1024x128-l2-20", "common offset, 19 dimensions, l2"])
def test_norms_and_products_in_float32_fail_at_a_common_offset(cases: Cases, name: str) -> None:
    """||q||**2 - 2 q.c + ||c||**2 loses every digit there, even for the right partitions."""
    expected, (ids, _) = answered(cases[name])
    centroids, query = cases[name].build_inputs["centroids"], cases[name].ops[0]["queries"][0]
    distances = (query**2).sum() - 2 * centroids @ query + (centroids**2).sum(axis=1)
    with pytest.raises(Mismatch, match=r"^distances of query 0: 20 of 20"):
        compare(expected, (ids, distances[ids]))


@pytest.mark.parametrize("metric", ["l2", "dot"])
def test_a_float32_sum_in_any_order_is_within_the_tolerance(metric: Metric) -> None:
    """One running sum from left to right or back, pairs of halves: at most half of what is allowed."""
    for distribution in DISTRIBUTIONS[metric]:
        centres = SplitMix64(1).uniform(-1.0, 1.0, (64, 768))
        centroids = vectors(SplitMix64(2), distribution, centres, 400)
        query = vectors(SplitMix64(3), distribution, centres, 1)[0]
        terms = (centroids - query) ** 2 if metric == "l2" else centroids * query
        wanted = reference.distances(centroids, query, metric)
        sizes = wanted if metric == "l2" else 1 + reference.products(np.abs(centroids), np.abs(query))
        for sums in (
            np.cumsum(terms, axis=1, dtype=np.float32)[:, -1],
            np.cumsum(terms[:, ::-1], axis=1, dtype=np.float32)[:, -1],
            terms.sum(axis=1, dtype=np.float32),
        ):
            got = sums if metric == "l2" else np.float32(1) - sums
            require_right(wanted, got, allowed_error(sizes, 768) / 2, f"{distribution} {metric}")


def test_the_baseline_stays_far_inside_the_tolerance(cases: Cases) -> None:
    """At most three tenths of what is allowed: a right kernel in float32 must not fail by bad luck."""
    for case in cases.values():
        for expected, outputs in answers(EXPERIMENT, case, baseline):
            for answer, ids, distances in zip(expected.answers, outputs[::2], outputs[1::2], strict=True):
                require_right(answer.distances[ids], distances, 0.3 * answer.allowed[ids], case.name)
