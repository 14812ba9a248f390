"""Kernels that are known to be wrong are caught, and the message names the output."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness_common.tolerance import Mismatch
from referee.testing import answers, seen
from referee.workload import Case, Outputs
from topk_merge import baseline, inputs
from topk_merge.oracle import Expected, compare, expect
from topk_merge.run_experiment import EXPERIMENT

Cases = dict[str, Case]


@pytest.fixture(scope="module")
def cases(battery_cases: list[Case]) -> Cases:
    """Return the battery, by name."""
    return {case.name: case for case in battery_cases}


def answered(cases: Cases, name: str) -> tuple[Expected, Outputs]:
    """Return what is expected of the first op of a case, and the baseline's right answer."""
    return next(answers(EXPERIMENT, cases[name], baseline))


def all_zero(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> Outputs:
    """The answer of a kernel that computes nothing."""
    return np.zeros_like(distances), np.zeros_like(row_ids), np.zeros_like(offsets)


def zero_row_ids(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> Outputs:
    """Right distances, no row ids."""
    return distances, np.zeros_like(row_ids), offsets


def zero_offsets(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> Outputs:
    """Right rows, which belong to nobody."""
    return distances, row_ids, np.zeros_like(offsets)


def one_too_few(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> Outputs:
    """The last row left out."""
    return distances[:-1], row_ids[:-1], np.minimum(offsets, len(distances) - 1)


def one_too_many(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> Outputs:
    """The last row twice."""
    return np.append(distances, distances[-1]), np.append(row_ids, row_ids[-1]), offsets


def swapped(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> Outputs:
    """All the right rows of the first query, the first two in the wrong order."""
    order = np.arange(len(distances))
    order[[0, 1]] = 1, 0
    return distances[order], row_ids[order], offsets


def ids_swapped(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> Outputs:
    """Two row ids in each other's place."""
    order = np.arange(len(distances))
    order[[0, -1]] = order[[-1, 0]]
    return distances, row_ids[order], offsets


def last_bit(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> Outputs:
    """One distance off by its last bit, far within every tolerance."""
    bits = distances.view(np.uint32).copy()
    bits[3] ^= 1
    return bits.view(np.float32), row_ids, offsets


def through_float64(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> Outputs:
    """Row ids that were float64 on their way."""
    return distances, np.nextafter(row_ids.astype(np.float64), 0).astype(np.uint64), offsets


def signed_order(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> Outputs:
    """Of the first query's row ids those beyond 2**63 first, as int64 has them."""
    first = np.sort(row_ids[: offsets[1]].view(np.int64)).view(np.uint64)
    return distances, np.append(first, row_ids[offsets[1] :]), offsets


def signed_row_ids(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> Outputs:
    """Row ids of the wrong type, with the right bits."""
    return distances, row_ids.view(np.int64), offsets


def double_distances(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> Outputs:
    """Distances of the wrong type."""
    return distances.astype(np.float64), row_ids, offsets


def nan_distance(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> Outputs:
    """A distance that was never written."""
    return np.where(np.arange(len(distances)) == 4, np.float32(np.nan), distances), row_ids, offsets


def short_offsets(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> Outputs:
    """Where queries begin, without the end."""
    return distances, row_ids, offsets[:-1]


WRONG: list[tuple[Callable[..., Outputs], str]] = [
    (all_zero, "distances"),
    (zero_row_ids, "row_ids"),
    (zero_offsets, "offsets"),
    (one_too_few, "distances"),
    (one_too_many, "distances"),
    (swapped, "distances"),
    (ids_swapped, "row_ids"),
    (last_bit, "distances"),
    (through_float64, "row_ids"),
    (signed_order, "row_ids"),
    (signed_row_ids, "row_ids"),
    (double_distances, "distances"),
    (nan_distance, "distances"),
    (short_offsets, "offsets"),
]


@pytest.mark.parametrize(("spoil", "name"), WRONG, ids=lambda value: getattr(value, "__name__", value))
def test_wrong_answers_are_named(cases: Cases, spoil: Callable[..., Outputs], name: str) -> None:
    """Each way of being wrong, from an answer that was right."""
    expected, outputs = answered(cases, "gaussian, around 2**63")
    compare(expected, outputs)
    with pytest.raises(Mismatch, match=f"^{name}"):
        compare(expected, spoil(*outputs))


@pytest.mark.parametrize("count", [0, 2, 4])
def test_exactly_three_outputs_are_required(cases: Cases, count: int) -> None:
    """Neither fewer nor more."""
    expected, outputs = answered(cases, "gaussian, fragments")
    with pytest.raises(Mismatch, match=rf"^outputs: expected 3 \(distances, row_ids, offsets\), got {count}"):
        compare(expected, (*outputs, outputs[0])[:count])


def test_the_sign_of_a_zero_counts(cases: Cases) -> None:
    """-0.0 == 0.0, and yet it is another row."""
    expected, (distances, row_ids, offsets) = answered(cases, "zeros, fragments")
    assert np.signbit(distances).any()
    with pytest.raises(Mismatch, match=r"^distances: .* expected -0.0, got 0.0"):
        compare(expected, (np.abs(distances), row_ids, offsets))


def test_neighbours_beyond_float64_count() -> None:
    """Of two equal distances the wrong row id first; as float64 the two are one."""
    ops = seen(inputs.redraw(inputs.workload("100x1000", "ties"), 5))
    distances, row_ids, offsets = expected = expect({}, ops[0])
    assert (distances[2], float(row_ids[2])) == (distances[3], float(row_ids[3]))
    order = np.arange(len(distances))
    order[[2, 3]] = 3, 2
    with pytest.raises(Mismatch, match=r"^row_ids: first difference at \(2,\)"):
        compare(expected, (distances[order], row_ids[order], offsets))


@pytest.mark.parametrize("shape_name", ["20x10", "25x8192"])
def test_a_kernel_that_remembers_fails_at_the_first_edit(shape_name: str) -> None:
    """The rows of the first op, for as long as arrays of the same shape come."""
    ops: list[Any] = seen(inputs.redraw(inputs.workload(shape_name, "interleaved"), 5))
    remembered = expect({}, ops[0])
    compare(expect({}, ops[0]), remembered)
    with pytest.raises(Mismatch, match=r"^distances: first difference at \(6,\)"):
        compare(expect({}, ops[1]), remembered)
