"""Kernels that are known to be wrong are caught, and the message names the output."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from pq_dot import PqShape, baseline, quantizer
from pq_dot.inputs import vectors
from pq_dot.oracle import Expected, compare, expect, rounding_error
from pq_dot.run_experiment import EXPERIMENT
from referee.testing import answers, read_only
from referee.workload import Case, Outputs

Cases = dict[str, Any]


@pytest.fixture(scope="module")
def cases(battery_cases: list[Case]) -> Cases:
    """Return the battery, by name."""
    return {case.name: case for case in battery_cases}


N_SUB = 16


def answered(case: Any) -> tuple[Expected, Outputs]:
    """Return what is expected of the first op of `case`, and the baseline's right answer."""
    return next(answers(EXPERIMENT, case, baseline))


def offset_forgotten(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The ones of the table are still in the sum."""
    return ids, distances + np.float32(N_SUB - 1)


def offset_halved(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Half of them are."""
    return ids, distances + np.float32((N_SUB - 1) / 2)


def one_too_many_taken(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """n_sub taken away in place of n_sub - 1: minus the inner product."""
    return ids, distances - np.float32(1)


def inner_products(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Larger is better, where a distance is asked for."""
    return ids, np.float32(1) - distances


def halved(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """As the cosine distance would be from squared distances."""
    return ids, distances / np.float32(2)


def never_negative(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Distances cut off at 0, where squared ones end."""
    return ids, np.maximum(distances, np.float32(0))


def all_zero(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The answer of a kernel that computes nothing."""
    return np.zeros_like(ids), np.zeros_like(distances)


def all_one(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The distances of a zero query."""
    return ids, np.ones_like(distances)


def nan_distance(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A distance that was never written."""
    return ids, np.where(np.arange(len(distances)) == 4, np.float32(np.nan), distances)


def infinite_distance(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """The start value of a search for the least."""
    return ids, np.where(np.arange(len(distances)) == 4, np.float32(np.inf), distances)


def one_too_few(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """A top-k that stops one row early."""
    return ids[:-1], distances[:-1]


def next_row(ids: np.ndarray, distances: np.ndarray) -> Outputs:
    """Row numbers off by one."""
    return ids + np.uint32(1), distances


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
    (offset_forgotten, "distances"),
    (offset_halved, "distances"),
    (one_too_many_taken, "distances"),
    (inner_products, "distances"),
    (halved, "distances"),
    (never_negative, "distances"),
    (all_zero, "ids"),
    (all_one, "distances"),
    (nan_distance, "distances"),
    (infinite_distance, "distances"),
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


@pytest.mark.parametrize("count", [0, 1, 3])
def test_exactly_two_outputs_are_required(cases: Cases, count: int) -> None:
    """Neither fewer nor more: a table is the kernel's own business."""
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


def test_the_largest_distances_are_not_the_nearest_rows(cases: Cases) -> None:
    """The mistake of who takes the distance for an inner product."""
    expected, _ = answered(cases["gaussian 128x16"])
    ids = np.argsort(-expected.distances, kind="stable")[:10].astype(np.uint32)
    with pytest.raises(Mismatch, match=r"^ids: row"):
        compare(expected, (ids, expected.distances[ids].astype(np.float32)))


@pytest.mark.parametrize("case", ["identical rows 128x16", "zero query 171x9", "orthogonal query 24x1"])
def test_any_of_equal_rows_is_right(cases: Cases, case: str) -> None:
    """All rows alike: the last ten are as good as the first."""
    expected, (_, distances) = answered(cases[case])
    compare(expected, (np.arange(990, 1000, dtype=np.uint32), distances))


def smallest_of(table: np.ndarray, codes: np.ndarray, offset: float) -> Outputs:
    """Return the ten rows of least sum of float32 table entries, less `offset`."""
    sums = baseline.scan(np.ascontiguousarray(table, np.float32), codes)
    return baseline.smallest(sums - np.float32(offset), 10)


def float32_products(case: Any) -> np.ndarray:
    """Return float32[n_sub, 256], the products of the first op's query with all centroids."""
    codebook = case.build_inputs["codebook"]
    return np.asarray((codebook * case.ops[0]["query"].reshape(len(codebook), 1, -1)).sum(2))


@pytest.mark.parametrize("shape", ["128x16", "171x9", "24x1", "1536x192"])
def test_low_precision_fails_where_large_dots_cancel(cases: Cases, shape: str) -> None:
    """Products in float16 and in bytes with a step per sub-vector; in float32, without ones, they pass."""
    case = cases[f"opposed signs {shape}"]
    expected, _ = answered(case)
    products, codes = float32_products(case), case.ops[0]["codes"]
    compare(expected, smallest_of(-products, codes, -1.0))
    if shape == "24x1":  # nothing to cancel with a single sub-vector, and float16 has the digits for it
        return
    least = products.min(axis=1, keepdims=True)
    step = (products - least).max(axis=1, keepdims=True) / 255
    for rounded in (products.astype(np.float16), least + np.round((products - least) / step) * step):
        with pytest.raises(Mismatch):
            compare(expected, smallest_of(-rounded.astype(np.float32), codes, -1.0))


@pytest.mark.parametrize("case", ["gaussian 768x96", "uniform 1536x96", "opposed signs 128x16"])
def test_a_table_with_ones_in_float16_fails(cases: Cases, case: str) -> None:
    """Three digits of 1 - dot are not enough."""
    expected, _ = answered(cases[case])
    table = (1 - float32_products(cases[case])).astype(np.float16)
    codes = cases[case].ops[0]["codes"]
    with pytest.raises(Mismatch):
        compare(expected, smallest_of(table.astype(np.float32), codes, len(table) - 1))


class RemembersCodes(baseline.PqKernel):
    """Keeps the first codes it saw for as long as the same shape comes."""

    seen: np.ndarray | None = None

    def search(self, query: np.ndarray, codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the top-k of the codes of the first call."""
        if self.seen is None or self.seen.shape != codes.shape:
            self.seen = codes.copy()
        return super().search(query, self.seen, k)


def test_a_kernel_that_remembers_codes_fails_at_the_first_edit(cases: Cases) -> None:
    """The edit plants the best row, which the remembered codes do not have."""
    module = ModuleType("remembers_codes")
    module.__dict__["PqKernel"] = RemembersCodes
    first, second, _ = answers(EXPERIMENT, cases["uniform 768x96"], module)
    compare(*first)
    with pytest.raises(Mismatch, match=r"^ids: row"):
        compare(*second)


def test_the_baseline_stays_far_inside_the_tolerance(cases: Cases) -> None:
    """At most a fifth of what is allowed: a right kernel in float32 must not fail by bad luck."""
    for case in cases.values():
        for expected, (ids, distances) in answers(EXPERIMENT, case, baseline):
            error = np.abs(distances - expected.distances[ids])
            assert (error <= expected.allowed[ids] / 5).all(), case.name


def test_the_allowed_error_is_the_usual_one_unless_ones_or_magnitudes_are_many(cases: Cases) -> None:
    """1e-4 * max(1, |distance|) at 16 sub-vectors; at 192 the ones alone may lose 1.1e-3."""
    expected, _ = answered(cases["zero query 128x16"])
    assert set(expected.allowed) == {1e-4}
    expected, _ = answered(cases["zero query 1536x192"])
    assert 0.0011 < expected.allowed.min() == expected.allowed.max() < 0.0012


def searched(shape: PqShape, codebook: np.ndarray, query: np.ndarray, codes: np.ndarray) -> Outputs:
    """Return all rows and their distances by the baseline, handed read-only arrays as a player would."""
    given = read_only({"codebook": codebook, "query": query, "codes": codes})
    kernel = baseline.PqKernel(shape, given["codebook"])
    return kernel.search(given["query"], given["codes"], codes.shape[1])


def test_the_ones_of_the_table_cost_digits() -> None:
    """Unit vectors at 192 sub-vectors: Lance's way is off by more than 1e-4, plain sums by less than 1e-6."""
    shape, stream = PqShape(1536, 192), SplitMix64(1)
    rows = vectors(stream, "embeddings", shape, stream.uniform(-1.0, 1.0, (32, 1536)), 2_000)
    codebook, query = quantizer.train(shape, rows[:1024]), rows[-1]
    codes = quantizer.encode(codebook, rows)
    expected = expect({"codebook": codebook}, {"query": query, "codes": codes, "k": 2_000})
    ids, distances = searched(shape, codebook, query, codes)
    compare(expected, (ids, distances))
    assert abs(distances - expected.distances[ids]).max() > 1e-4
    products = (codebook * query.reshape(192, 1, 8)).sum(axis=2)
    assert abs(1 - baseline.scan(products, codes) - expected.distances).max() < 1e-6


def test_rounding_error_adds_up_as_derived() -> None:
    """One sub-vector of one coordinate, A = 3: (1 + 1 + 2) * 3 + 1 * 4 / 2 + 1 units."""
    assert rounding_error(1, 1, np.array([3.0])).tolist() == [15 * 2.0**-24]


@pytest.mark.parametrize(("n_sub", "sub_dim"), [(1, 1), (1, 40), (16, 8), (96, 16), (192, 3)])
def test_the_baseline_never_loses_more_than_was_derived(n_sub: int, sub_dim: int) -> None:
    """All sub-vectors alike, so that roundings go one way; large dots that cancel; random rows."""
    stream = SplitMix64(n_sub)
    for scale in (1e-3, 1.0, 30.0):
        codebook = (scale * stream.normals((n_sub, 256, sub_dim))).astype(np.float32)
        codebook[:, 0] = codebook[0, 0]
        codebook[:, 1] = codebook[0, 1] * np.where(np.arange(n_sub) % 2, -1, 1)[:, np.newaxis]
        query = np.tile(stream.normals(sub_dim).astype(np.float32), n_sub)
        codes = np.tile(np.arange(256, dtype=np.uint8), (n_sub, 1))
        ids, distances = searched(PqShape(n_sub * sub_dim, n_sub), codebook, query, codes)
        expected = expect({"codebook": codebook}, {"query": query, "codes": codes, "k": 256})
        magnitudes = np.abs(codebook.astype(np.float64) * query.reshape(n_sub, 1, sub_dim)).sum(axis=(0, 2))
        error = np.abs(distances - expected.distances[ids])
        assert (error <= rounding_error(n_sub, sub_dim, magnitudes)[ids]).all()
