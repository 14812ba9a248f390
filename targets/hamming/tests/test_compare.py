"""Kernels that are known to be wrong are caught, and the message names the output."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hamming import DISTANCES, TOP_K, baseline
from hamming.oracle import Expected, compare, expect
from hamming.prepare import prepare
from hamming.run_experiment import EXPERIMENT
from harness_common.tolerance import Mismatch
from referee.testing import answers, read_only, seen
from referee.workload import Case, Outputs

Cases = dict[str, Any]


@pytest.fixture(scope="module")
def cases(battery_cases: list[Case]) -> Cases:
    """Return the battery, by name."""
    return {case.name: case for case in battery_cases}


def answered(case: Any, method: str) -> tuple[Expected, Outputs]:
    """Return what is expected of the first op of `case` that calls `method`, and the baseline's answer."""
    methods = [op_inputs["method"] for op_inputs in case.ops]
    return list(answers(EXPERIMENT, case, baseline))[methods.index(method)]


def one_bit_more(distances: np.ndarray) -> Outputs:
    """One distance wrong by the least that it can be."""
    return (distances + (np.arange(len(distances)) == 17).astype(np.float32),)


def all_zero(distances: np.ndarray) -> Outputs:
    """The answer of a kernel that computes nothing."""
    return (np.zeros_like(distances),)


def byte_counts(distances: np.ndarray) -> Outputs:
    """What is left of a distance in one byte."""
    return (distances.astype(np.uint8).astype(np.float32),)


def nan_distance(distances: np.ndarray) -> Outputs:
    """A distance that was never written."""
    return (np.where(np.arange(len(distances)) == 4, np.float32(np.nan), distances),)


def last_left_out(distances: np.ndarray) -> Outputs:
    """All rows but the last."""
    return (distances[:-1],)


def neighbours(distances: np.ndarray) -> Outputs:
    """Every row has the distance of the next one."""
    return (np.roll(distances, 1),)


def negative_zero(distances: np.ndarray) -> Outputs:
    """Zeros with a sign, which Lance's order of floats would put before others."""
    return (np.where(distances == 0, np.float32(-0.0), distances),)


def whole_numbers(distances: np.ndarray) -> Outputs:
    """Distances of the wrong type."""
    return (distances.astype(np.uint32),)


def columns(distances: np.ndarray) -> Outputs:
    """Distances in the wrong shape."""
    return (distances[:, np.newaxis],)


@pytest.mark.parametrize(
    "spoil",
    [
        *(one_bit_more, all_zero, byte_counts, nan_distance, last_left_out, neighbours),
        *(negative_zero, whole_numbers, columns),
    ],
)
def test_wrong_distances_are_named(cases: Cases, spoil: Callable[..., Outputs]) -> None:
    """Each way of being wrong, from an answer that was right; among its rows is one at 0 and one at 768."""
    expected, outputs = answered(cases["uniform 96 bytes"], DISTANCES)
    compare(expected, outputs)
    with pytest.raises(Mismatch, match=r"^distances: "):
        compare(expected, spoil(*outputs))


def nothing_computed(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The answer of a kernel that computes nothing."""
    return np.zeros_like(ids), np.zeros_like(distances)


def first_rows(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The answer of a kernel that looks at nothing."""
    return np.arange(len(ids), dtype=np.uint32), distances


def zero_distances(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Right rows, no distances."""
    return ids, np.zeros_like(distances)


def wrong_order(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Rows in order of their distance, distances in the order of the heap."""
    return ids, distances[::-1].copy()


def nan_in_top_k(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A distance that was never written."""
    return ids, np.where(np.arange(len(distances)) == 4, np.float32(np.nan), distances)


def half_a_bit_off(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Distances within what floats are allowed elsewhere."""
    return ids, (distances * np.float32(1 + 5e-5)).astype(np.float32)


def one_too_few(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A top-k that stops one row early."""
    return ids[:-1], distances[:-1]


def same_row_twice(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The same row in two places."""
    return np.append(ids[:-1], ids[0]), np.append(distances[:-1], distances[0])


def beyond_the_rows(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A row number that no row has."""
    return np.append(ids[:-1], np.uint32(500)), distances


def signed_ids(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Row numbers of the wrong type."""
    return ids.astype(np.int64), distances


def double_distances(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Distances of the wrong type."""
    return ids, distances.astype(np.float64)


WRONG: list[tuple[Callable[..., Outputs], str]] = [
    (nothing_computed, "ids"),
    (first_rows, "distances"),
    (zero_distances, "distances"),
    (wrong_order, "distances"),
    (nan_in_top_k, "distances"),
    (half_a_bit_off, "distances"),
    (one_too_few, "ids"),
    (same_row_twice, "ids"),
    (beyond_the_rows, "ids"),
    (signed_ids, "ids"),
    (double_distances, "distances"),
]


@pytest.mark.parametrize(("spoil", "name"), WRONG, ids=lambda value: getattr(value, "__name__", value))
def test_wrong_top_k_is_named(cases: Cases, spoil: Callable[..., Outputs], name: str) -> None:
    """Each way of being wrong, from an answer that was right."""
    expected, outputs = answered(cases["uniform 96 bytes"], TOP_K)
    compare(expected, outputs)
    with pytest.raises(Mismatch, match=f"^{name}: "):
        compare(expected, spoil(*outputs))


@pytest.mark.parametrize(
    ("method", "right"), [(DISTANCES, r"1 \(distances\)"), (TOP_K, r"2 \(ids, distances\)")]
)
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_the_number_of_outputs_is_that_of_the_method(
    cases: Cases, method: str, right: str, count: int
) -> None:
    """Neither fewer nor more; the outputs of one method are no answer to the other."""
    expected, outputs = answered(cases["uniform 96 bytes"], method)
    if count == len(outputs):
        return
    with pytest.raises(Mismatch, match=f"^outputs: expected {right}, got {count}$"):
        compare(expected, (outputs * 3)[:count])


def test_a_worse_row_in_place_of_a_better_one_is_caught(cases: Cases) -> None:
    """Its own distance right and one more than that of the row left out for it."""
    expected, (ids, distances) = answered(cases["ties at the boundary 96 bytes"], TOP_K)
    worse = int(np.flatnonzero(expected.distances > 1)[expected.distances[expected.distances > 1].argmin()])
    ids, distances = ids.copy(), distances.copy()
    ids[distances.argmax()], distances[distances.argmax()] = worse, expected.distances[worse]
    with pytest.raises(Mismatch, match=r"^ids: row"):
        compare(expected, (ids, distances))


def test_any_of_equal_rows_is_right(cases: Cases) -> None:
    """All rows alike: the last ten are as good as the first. Of fifteen at the boundary, any three."""
    expected, (_, distances) = answered(cases["identical rows 96 bytes"], TOP_K)
    compare(expected, (np.arange(490, 500, dtype=np.uint32), distances))
    expected, _ = answered(cases["ties at the boundary 96 bytes"], TOP_K)
    nearest, tied = (np.flatnonzero(expected.distances == distance) for distance in (0, 1))
    assert (len(nearest), len(tied)) == (7, 15)
    for three in (tied[:3], tied[-3:]):
        ids = np.concatenate([nearest, three]).astype(np.uint32)
        compare(expected, (ids, expected.distances[ids].astype(np.float32)))


def test_a_large_distance_is_exact_to_the_bit(cases: Cases) -> None:
    """131,128 bits: one more or less is seen, where the usual tolerance would allow thirteen."""
    expected, (distances,) = answered(cases["long rows of 16391 bytes"], DISTANCES)
    assert distances.max() == 8 * 16_391
    for error in (-1, 1):
        wrong = distances.copy()
        wrong[distances.argmax()] += error
        with pytest.raises(Mismatch, match=r"^distances: first difference"):
            compare(expected, (wrong,))


class RemembersCodes(baseline.HammingKernel):
    """Keeps the first codes it saw for as long as the same shape comes."""

    remembered: np.ndarray | None = None

    def of_first_call(self, codes: np.ndarray) -> np.ndarray:
        """Return the codes of the first call."""
        if self.remembered is None or self.remembered.shape != codes.shape:
            self.remembered = codes.copy()
        return self.remembered

    def distances(self, query: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Return the distances of the codes of the first call."""
        return super().distances(query, self.of_first_call(codes))

    def top_k(self, query: np.ndarray, codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the top-k of the codes of the first call."""
        return super().top_k(query, self.of_first_call(codes), k)


@pytest.mark.parametrize("name", ["clustered 96 bytes", "uniform 16 bytes", "sparse 192 bytes"])
def test_a_kernel_that_remembers_codes_fails_at_the_first_edit(cases: Cases, name: str) -> None:
    """The edit plants the nearest row and the farthest, which the remembered codes do not have."""
    case = cases[name]
    kernel = RemembersCodes(case.build_inputs["dim_bytes"])
    first, second = map(read_only, seen(case.ops)[:2])
    compare(expect(case.build_inputs, first), kernel.top_k(first["query"], first["codes"], first["k"]))
    expected = expect(case.build_inputs, second)
    with pytest.raises(Mismatch, match=r"^distances: "):
        compare(expected, (kernel.distances(second["query"], second["codes"]),))
    expected = expect(case.build_inputs, {**second, "method": TOP_K, "k": 10})
    with pytest.raises(Mismatch, match=r"^ids: row"):
        compare(expected, kernel.top_k(second["query"], second["codes"], 10))


def test_the_op_calls_the_method_it_is_asked_for() -> None:
    """A stand-in for kernels.py that only says what it was asked."""

    class Asked:
        def __init__(self, dim_bytes: int) -> None:
            self.dim_bytes = dim_bytes

        def distances(self, *arguments: Any) -> Any:
            return ("distances", self.dim_bytes, *arguments)

        def top_k(self, *arguments: Any) -> Any:
            return ("top_k", self.dim_bytes), arguments

    stand_in: Any = type("module", (), {"HammingKernel": Asked})
    op: Any = prepare(stand_in, {"dim_bytes": 24})
    inputs = {"query": "q", "codes": "c"}
    assert op({"method": DISTANCES, **inputs}) == (("distances", 24, "q", "c"),)
    assert op({"method": TOP_K, **inputs, "k": 3}) == (("top_k", 24), ("q", "c", 3))
