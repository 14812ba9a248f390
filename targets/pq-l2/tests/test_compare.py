"""Kernels that are known to be wrong are caught, and the message names the output."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness_common.tolerance import Mismatch
from pq_l2 import PqShape, baseline
from pq_l2.oracle import Expected, compare, expect
from pq_l2.run_experiment import EXPERIMENT
from referee.testing import answers, seen
from referee.workload import Case, Outputs

Cases = dict[str, Any]


@pytest.fixture(scope="module")
def cases(battery_cases: list[Case]) -> Cases:
    """Return the battery, by name."""
    return {case.name: case for case in battery_cases}


def answered(case: Any) -> tuple[Expected, Outputs]:
    """Return what is expected of the first op of `case`, and the baseline's right answer."""
    return next(answers(EXPERIMENT, case, baseline))


def low_precision(table: np.ndarray, ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A table computed in float16."""
    return table.astype(np.float16).astype(np.float32), ids, distances


def float16(table: np.ndarray, ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A table of the wrong type."""
    return table.astype(np.float16), ids, distances


def byte_table(table: np.ndarray, ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A table of 256 steps, as Lance's 4-bit path had it."""
    step = table.max() / np.float32(255)
    return np.round(table / step) * step, ids, distances


def all_zero(table: np.ndarray, ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The answer of a kernel that computes nothing."""
    return np.zeros_like(table), np.zeros_like(ids), np.zeros_like(distances)


def nan_table(table: np.ndarray, ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """One NaN among right entries."""
    table = table.copy()
    table[3, 17] = np.nan
    return table, ids, distances


def nan_distance(table: np.ndarray, ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A distance that was never written."""
    return table, ids, np.where(np.arange(len(distances)) == 4, np.float32(np.nan), distances)


def zero_distances(table: np.ndarray, ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Right rows, no distances."""
    return table, ids, np.zeros_like(distances)


def one_too_few(table: np.ndarray, ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A top-k that stops one row early."""
    return table, ids[:-1], distances[:-1]


def next_row(table: np.ndarray, ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Row numbers off by one."""
    return table, ids + np.uint32(1), distances


def same_row_twice(table: np.ndarray, ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The same row in two places."""
    return table, np.append(ids[:-1], ids[0]), np.append(distances[:-1], distances[0])


def signed_ids(table: np.ndarray, ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Row numbers of the wrong type."""
    return table, ids.astype(np.int64), distances


def double_distances(table: np.ndarray, ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Distances of the wrong type."""
    return table, ids, distances.astype(np.float64)


WRONG: list[tuple[Callable[..., Outputs], str]] = [
    (low_precision, "table"),
    (float16, "table"),
    (byte_table, "table"),
    (all_zero, "table"),
    (nan_table, "table"),
    (nan_distance, "distances"),
    (zero_distances, "distances"),
    (one_too_few, "ids"),
    (next_row, "distances"),
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


@pytest.mark.parametrize("count", [0, 2, 4])
def test_exactly_three_outputs_are_required(cases: Cases, count: int) -> None:
    """Neither fewer nor more."""
    expected, outputs = answered(cases["gaussian 128x16"])
    with pytest.raises(Mismatch, match=rf"^outputs: expected 3 \(table, ids, distances\), got {count}"):
        compare(expected, (*outputs, outputs[0])[:count])


def test_a_worse_row_in_place_of_a_better_one_is_caught(cases: Cases) -> None:
    """Its own distance right, but one row of the right ten left out for it."""
    expected, (table, ids, distances) = answered(cases["gaussian 128x16"])
    worst = int(expected.distances.argmax())
    ids, distances = ids.copy(), distances.copy()
    ids[3], distances[3] = worst, expected.distances[worst]
    with pytest.raises(Mismatch, match=r"^ids: "):
        compare(expected, (table, ids, distances))


def test_any_of_equal_rows_is_right(cases: Cases) -> None:
    """All rows alike: the last ten are as good as the first."""
    expected, (table, _, distances) = answered(cases["identical rows 128x16"])
    compare(expected, (table, np.arange(990, 1000, dtype=np.uint32), distances))


@pytest.mark.parametrize("shape", ["128x16", "171x9"])
def test_norms_and_products_in_float32_fail_at_a_common_offset(cases: Cases, shape: str) -> None:
    """||q||**2 - 2 q.c + ||c||**2 loses every digit there."""
    case = cases[f"common offset {shape}"]
    expected, (_, ids, distances) = answered(case)
    codebook = case.build_inputs["codebook"]
    query = case.ops[0]["query"].reshape(codebook.shape[0], 1, -1)
    table = (query**2).sum(2) - 2 * (query * codebook).sum(2) + (codebook**2).sum(2)
    with pytest.raises(Mismatch, match=r"^table: "):
        compare(expected, (table, ids, distances))


class RemembersCodes(baseline.PqKernel):
    """Keeps the first codes it saw for as long as the same shape comes."""

    seen: np.ndarray | None = None

    def probe_top_k(self, table: np.ndarray, codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the top-k of the codes of the first call."""
        if self.seen is None or self.seen.shape != codes.shape:
            self.seen = codes.copy()
        return super().probe_top_k(table, self.seen, k)


def test_a_kernel_that_remembers_codes_fails_at_the_first_edit(cases: Cases) -> None:
    """The edit plants the nearest row, which the remembered codes do not have."""
    case = cases["uniform 768x96"]
    kernel = RemembersCodes(PqShape(768, 96), case.build_inputs["codebook"])
    ops = seen(case.ops)
    for op_inputs, is_right in ((ops[0], True), (ops[1], False)):
        table = kernel.distance_table(op_inputs["query"])
        outputs = (table, *kernel.probe_top_k(table, op_inputs["codes"], op_inputs["k"]))
        expected = expect(case.build_inputs, op_inputs)
        if is_right:
            compare(expected, outputs)
        else:
            with pytest.raises(Mismatch, match=r"^ids: row"):
                compare(expected, outputs)


def test_the_baseline_stays_far_inside_the_tolerance(cases: Cases) -> None:
    """At most a tenth of what is allowed: a right kernel in float32 must not fail by bad luck."""
    for case in cases.values():
        for expected, (table, ids, distances) in answers(EXPERIMENT, case, baseline):
            for want, got in ((expected.table, table), (expected.distances[ids], distances)):
                finite = np.isfinite(want)
                np.testing.assert_array_equal(np.isfinite(got), finite)
                error = np.abs(got[finite] - want[finite]) / np.maximum(1.0, want[finite])
                assert error.max(initial=0.0) < 1e-5
