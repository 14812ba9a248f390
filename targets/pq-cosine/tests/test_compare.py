"""Kernels that are known to be wrong are caught, and the message names the output."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness_common.tolerance import Mismatch
from pq_cosine import PqShape, baseline
from pq_cosine.oracle import Expected, compare, expect
from pq_cosine.run_experiment import EXPERIMENT
from referee.testing import answers, read_only, seen
from referee.workload import Case, Outputs

Cases = dict[str, Any]


@pytest.fixture(scope="module")
def cases(battery_cases: list[Case]) -> Cases:
    """Return the battery, by name."""
    return {case.name: case for case in battery_cases}


def answered(case: Any) -> tuple[Expected, Outputs]:
    """Return what is expected of the first op of `case`, and the baseline's right answer."""
    return next(answers(EXPERIMENT, case, baseline))


def all_zero(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The answer of a kernel that computes nothing."""
    return np.zeros_like(ids), np.zeros_like(distances)


def zero_distances(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Right rows, no distances."""
    return ids, np.zeros_like(distances)


def nan_distance(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A distance that was never written."""
    return ids, np.where(np.arange(len(distances)) == 4, np.float32(np.nan), distances)


def all_nan(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The answer to a query without a direction."""
    return np.arange(len(ids), dtype=np.uint32), np.full_like(distances, np.nan)


def halved(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """1 - cosine instead of twice that."""
    return ids, np.float32(0.5) * distances


def square_root(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The distance instead of its square."""
    return ids, np.sqrt(distances)


def a_little_off(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Twice the tolerance."""
    return ids, distances + np.float32(2e-4) * np.maximum(np.float32(1), distances)


def swapped(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The distances of the rows in reverse."""
    return ids, distances[::-1].copy()


def one_too_few(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A top-k that stops one row early."""
    return ids[:-1], distances[:-1]


def one_too_many(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A top-k of eleven."""
    return np.append(ids, ids[:1] + np.uint32(1)), np.append(distances, distances[:1])


def rows_of_the_partition(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Row numbers that begin anew in the fourth partition."""
    return np.where(ids >= 187, ids - np.uint32(187), ids).astype(np.uint32), distances


def beyond_the_last_row(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A row that is not there."""
    return np.append(ids[:-1], np.uint32(557)), distances


def same_row_twice(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The same row in two places."""
    return np.append(ids[:-1], ids[0]), np.append(distances[:-1], distances[0])


def signed_ids(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Row numbers of the wrong type."""
    return ids.astype(np.int64), distances


def double_distances(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Distances of the wrong type."""
    return ids, distances.astype(np.float64)


WRONG: list[tuple[Callable[..., Outputs], str]] = [
    (all_zero, "ids"),
    (zero_distances, "distances"),
    (nan_distance, "distances"),
    (all_nan, "distances"),
    (halved, "distances"),
    (square_root, "distances"),
    (a_little_off, "distances"),
    (swapped, "distances"),
    (one_too_few, "ids"),
    (one_too_many, "ids"),
    (rows_of_the_partition, "distances"),
    (beyond_the_last_row, "ids"),
    (same_row_twice, "ids"),
    (signed_ids, "ids"),
    (double_distances, "distances"),
]


@pytest.mark.parametrize(("spoil", "name"), WRONG, ids=lambda value: getattr(value, "__name__", value))
def test_wrong_answers_are_named(cases: Cases, spoil: Callable[..., Outputs], name: str) -> None:
    """Each way of being wrong, from an answer that was right."""
    expected, outputs = answered(cases["gaussian 128x16"])
    compare(expected, outputs)
    with pytest.raises(Mismatch, match=f"^{name}"):
        compare(expected, spoil(*outputs))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_exactly_two_outputs_are_required(cases: Cases, count: int) -> None:
    """Neither fewer nor more."""
    expected, outputs = answered(cases["gaussian 128x16"])
    with pytest.raises(Mismatch, match=rf"^outputs: expected 2 \(ids, distances\), got {count}"):
        compare(expected, (*outputs, outputs[0])[:count])


def test_a_worse_row_in_place_of_a_better_one_is_caught(cases: Cases) -> None:
    """Its own distance right, but one row of the right ten left out for it."""
    expected, (ids, distances) = answered(cases["gaussian 128x16"])
    worst = int(expected.distances.argmax())
    ids, distances = ids.copy(), distances.copy()
    ids[3], distances[3] = worst, expected.distances[worst]
    with pytest.raises(Mismatch, match=r"^ids: "):
        compare(expected, (ids, distances))


def test_any_of_equal_rows_is_right(cases: Cases) -> None:
    """All rows alike, in all partitions: the last ten are as good as the first."""
    expected, (_, distances) = answered(cases["identical rows 128x16"])
    compare(expected, (np.arange(547, 557, dtype=np.uint32), distances))


def test_any_order_is_right(cases: Cases) -> None:
    """Lance sorts; a caller that merges on does not need it."""
    expected, (ids, distances) = answered(cases["gaussian 128x16"])
    compare(expected, (ids[::-1].copy(), distances[::-1].copy()))


def test_a_query_without_a_direction_has_one_answer(cases: Cases) -> None:
    """Any order of the first rows, every distance NaN; no other rows, and no number."""
    expected, (ids, distances) = answered(cases["query without a direction 128x16"])
    compare(expected, (ids[::-1].copy(), distances))
    with pytest.raises(Mismatch, match=r"^ids: expected the first 10 rows"):
        compare(expected, (ids + np.uint32(1), distances))
    for wrong in (0.0, 2.0, np.inf):
        with pytest.raises(Mismatch, match=r"^distances: "):
            compare(expected, (ids, np.full_like(distances, wrong)))


class RemembersCodes(baseline.PqKernel):
    """Keeps the first codes it saw for as long as there are as many rows."""

    seen: np.ndarray | None = None

    def search(
        self, query: np.ndarray, codes: np.ndarray, offsets: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the top-k of the codes of the first call."""
        if self.seen is None or self.seen.shape != codes.shape:
            self.seen = codes.copy()
            self.seen.setflags(write=False)
        return super().search(query, self.seen, offsets, k)


def test_a_kernel_that_remembers_codes_fails_at_the_first_edit(cases: Cases) -> None:
    """The edit plants the nearest row of a partition, which the remembered codes do not have."""
    case = cases["gaussian 768x96"]
    build = case.build_inputs
    handed = read_only(build)
    kernel = RemembersCodes(PqShape(768, 96), handed["codebook"], handed["centroids"])
    ops = seen(case.ops)
    for op_inputs, is_right in ((ops[0], True), (ops[1], False)):
        outputs = kernel.search(**read_only(op_inputs))
        expected = expect(build, op_inputs)
        if is_right:
            compare(expected, outputs)
        else:
            with pytest.raises(Mismatch, match=r"^ids: row"):
                compare(expected, outputs)


def test_the_baseline_stays_far_inside_the_tolerance(cases: Cases) -> None:
    """At most a tenth of what is allowed: a right kernel in float32 must not fail by bad luck."""
    for case in cases.values():
        for expected, (ids, distances) in answers(EXPERIMENT, case, baseline):
            want = expected.distances[ids]
            with_direction = ~np.isnan(want)
            np.testing.assert_array_equal(~np.isnan(distances), with_direction)
            error = np.abs(distances - want)[with_direction]
            assert error.max(initial=0.0) < 1e-5
