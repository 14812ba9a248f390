"""Inputs follow from the seed alone, have the stated properties, and plant what they promise."""

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from hamming import DISTANCES, TOP_K, reference
from hamming.battery import LONG_ROWS, ROW_COUNTS, ROW_LENGTHS, correctness_battery
from hamming.inputs import (
    COMBOS,
    DISTRIBUTIONS,
    N_OPS,
    SHAPES,
    query_vectors,
    random_bytes,
    redraw,
    speed_workloads,
    vectors,
    workload,
)
from hamming.late_rows import halves
from hamming.oracle import compare, expect
from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from referee.testing import checksum, seen
from referee.workload import Edit

SEED = 20_251_115
Workloads = dict[str, Any]  # name of the combo -> Workload
Cases = list[Any]  # untyped: the tests know which input is an array


@pytest.fixture(scope="module")
def workloads() -> Workloads:
    """Return all workloads of one seed."""
    return {drawn.combo: drawn for drawn in speed_workloads(SEED)}


@pytest.fixture(scope="module")
def ops_of(workloads: Workloads) -> dict[str, list[Any]]:
    """Return one round of each workload; no test changes it."""
    return {combo: list(redraw(drawn, SEED)) for combo, drawn in workloads.items()}


@pytest.fixture(scope="module")
def rounds(ops_of: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return one round of each workload, as each op sees it."""
    return {combo: seen(ops) for combo, ops in ops_of.items()}


COMBO_NAMES = [f"{distribution}/{name}" for name, distribution in COMBOS]
ORDINARY = [name for name in COMBO_NAMES if "large" not in name]

# Where one of these fails, the same seed draws other inputs: trials cannot be reproduced there.
GOLDEN_WORKLOADS = {
    "clustered/all-96B": (1395720053, 3749897295),
    "uniform/top10-16B": (3488481085, 2155728353),
    "sparse/top100-192B": (1036929623, 3911844824),
    "clustered/top10-128B-large": (3600297909, 1326524187),
}
GOLDEN_BATTERY = 2826056660


@pytest.mark.parametrize("combo", GOLDEN_WORKLOADS)
def test_a_seed_gives_the_same_bits_on_every_machine(
    workloads: Workloads, ops_of: dict[str, list[Any]], combo: str
) -> None:
    """Rows and one round of ops, frozen."""
    arrays = [{name: op[name] for name in ("query", "codes")} for op in ops_of[combo]]
    assert (checksum(workloads[combo].source.pool), checksum(*arrays)) == GOLDEN_WORKLOADS[combo]


def test_the_battery_is_the_same_bits_on_every_machine(battery_cases: Cases) -> None:
    """Every op, frozen."""
    arrays = [{name: op[name] for name in ("query", "codes")} for case in battery_cases for op in case.ops]
    assert checksum(*arrays) == GOLDEN_BATTERY


def test_another_seed_gives_other_inputs(
    workloads: Workloads, ops_of: dict[str, list[Any]], battery_cases: Cases
) -> None:
    """In the battery, in its shapes, and in the ops of a round."""
    other = correctness_battery(2)
    assert len(battery_cases) == len(other)
    assert [case.name for case in battery_cases] != [case.name for case in other]
    first, second = ops_of["uniform/all-96B"], list(redraw(workloads["uniform/all-96B"], 2))
    assert not np.array_equal(np.asarray(first[0]["codes"]), np.asarray(second[0]["codes"]))
    for a, b in zip(first, second, strict=True):
        assert not np.array_equal(np.asarray(a["query"]), np.asarray(b["query"]))


def test_distributions_are_what_they_say() -> None:
    """Half of uniform bits are set, 1 in 128 of sparse; 1 in 32 of a clustered row is not its centre's."""
    centres = random_bytes(SplitMix64(1), (32, 64))
    uniform, sparse, clustered = (
        vectors(SplitMix64(2), name, centres, 4_000) for name in ("uniform", "sparse", "clustered")
    )
    for drawn in (uniform, sparse, clustered):
        assert (drawn.dtype, drawn.shape, drawn.flags.c_contiguous) == (np.uint8, (4_000, 64), True)
    n_bits = 4_000 * 512
    assert np.bitwise_count(uniform).sum(dtype=int) / n_bits == pytest.approx(1 / 2, abs=0.002)
    assert np.bitwise_count(sparse).sum(dtype=int) / n_bits == pytest.approx(1 / 128, rel=0.03)
    to_centres = np.stack([reference.distances(centre, clustered) for centre in centres])
    assert set(to_centres.argmin(axis=0)) == set(range(32))
    assert to_centres.min(axis=0).sum() / n_bits == pytest.approx(1 / 32, rel=0.03)


@pytest.mark.parametrize("dim_bytes", [1, 7, 8, 9, 24])
def test_rows_of_any_length_have_all_bits_drawn(dim_bytes: int) -> None:
    """No byte repeats another or stays constant, where a row is not a whole number of draws either."""
    rows = random_bytes(SplitMix64(SEED), (2_000, dim_bytes))
    assert rows.shape == (2_000, dim_bytes)
    ones = np.unpackbits(rows, axis=1).mean(axis=0)
    assert ones.min() > 0.45
    assert ones.max() < 0.55
    assert len(np.unique(rows, axis=1).T) == dim_bytes


def test_sparse_queries_stand_apart() -> None:
    """A byte of ones besides the usual bits; other distributions have queries like their rows."""
    centres = random_bytes(SplitMix64(1), (32, 16))
    queries = query_vectors(SplitMix64(3), "sparse", centres, 64)
    assert ((queries == 255).sum(axis=1) >= 1).all()
    assert np.bitwise_count(queries).sum() < 64 * 12
    uniform = query_vectors(SplitMix64(3), "uniform", centres, 64)
    np.testing.assert_array_equal(uniform, vectors(SplitMix64(3).fork(0), "uniform", centres, 64))


def test_workloads_are_the_stated_ones(workloads: Workloads) -> None:
    """Five shapes in three distributions, a large one in one; extents and the least traffic spelled out."""
    assert list(workloads) == COMBO_NAMES
    assert len(COMBO_NAMES) == 16
    n_rows = {"16B": 60_003, "32B": 30_003, "96B": 20_003, "192B": 10_003, "128B": 32_771}
    for combo, drawn in workloads.items():
        method, length = combo.split("/")[1].split("-")[:2]
        dim_bytes, n = int(length[:-1]), n_rows[length]
        assert drawn.build_inputs == {"dim_bytes": dim_bytes}
        assert drawn.source.pool.shape == (n, dim_bytes)
        assert drawn.least_bytes == (n * dim_bytes // 2 if method == "all" else n)


@pytest.mark.parametrize("combo", COMBO_NAMES)
def test_each_op_asks_for_what_its_shape_says(ops_of: dict[str, list[Any]], combo: str) -> None:
    """The method and k of the combo's name, sixteen times, and as many in every workload."""
    ops = ops_of[combo]
    assert len(ops) == N_OPS == 16
    name = combo.split("/")[1].split("-")[0]
    for op in ops:
        assert op["method"] == (DISTANCES if name == "all" else TOP_K)
        assert op.get("k") == {"all": None, "top10": 10, "top100": 100}[name]
        assert isinstance(op["query"], np.ndarray)
        assert (op["query"].dtype, op["query"].ndim) == (np.uint8, 1)


@pytest.mark.parametrize("combo", ORDINARY)
def test_each_op_plants_its_query_and_a_row_one_bit_away(rounds: dict[str, list[Any]], combo: str) -> None:
    """They are there in their own op and were not in the op before; the bit is in the first or last byte."""
    before = np.zeros((0, rounds[combo][0]["query"].size), np.uint8)
    for op, op_inputs in enumerate(rounds[combo]):
        query, codes = op_inputs["query"], op_inputs["codes"]
        at_once = reference.distances(query, codes)
        place = 0 if op % 2 == 0 else len(query) - 1
        others = np.delete(codes, place, axis=1) == np.delete(query, place)
        assert (at_once == 0).any()
        assert (others.all(axis=1) & (at_once == 1)).any()
        if "uniform" in combo:
            assert (reference.distances(query, before) > 1).all()
        before = codes


@pytest.mark.parametrize("combo", ORDINARY)
def test_each_edit_changes_the_answer(rounds: dict[str, list[Any]], combo: str) -> None:
    """The answer for the rows as they were is refused, in every op of a round."""
    for before, after in pairwise(rounds[combo]):
        expected = expect({}, after)
        stale = reference.distances(after["query"], before["codes"])
        outputs: tuple[np.ndarray, ...]
        if after["method"] == DISTANCES:
            outputs = (stale.astype(np.float32),)
        else:
            ids = np.argsort(stale, kind="stable")[: after["k"]].astype(np.uint32)
            outputs = ids, stale[ids].astype(np.float32)
        with pytest.raises(Mismatch):
            compare(expected, outputs)


def test_the_first_ops_use_the_ends_and_every_fourth_the_farthest_row(rounds: dict[str, list[Any]]) -> None:
    """The query is the last row of the first op, its neighbour the first; complements come three times."""
    for combo, ops in rounds.items():
        if combo not in ORDINARY:
            continue
        first = reference.distances(ops[0]["query"], ops[0]["codes"])
        assert (first[-1], first[0]) == (0, 1)
        n_bits = 8 * ops[0]["query"].size
        farthest = [
            op
            for op, one in enumerate(ops)
            if reference.distances(one["query"], one["codes"]).max() == n_bits
        ]
        assert farthest == [4, 8, 12], combo


@pytest.mark.parametrize(("combo", "n_planted"), [("uniform/all-96B", 2), ("uniform/top10-96B", 4)])
def test_each_op_changes_few_rows(rounds: dict[str, list[Any]], combo: str, n_planted: int) -> None:
    """Two or four planted, as many taken away, and every fourth time the farthest."""
    ops = rounds[combo]
    for op, (before, after) in enumerate(pairwise(op_inputs["codes"] for op_inputs in ops), start=1):
        assert (before != after).any(axis=1).sum() == 2 * n_planted + (op % 4 == 0)


def places_of_late_rows(ops: list[Any]) -> list[np.ndarray]:
    """Return int64[2] for each op of a round: an edit ends with them, and the next begins with its four."""
    dim_bytes = ops[0]["query"].size
    edited = [op_inputs["codes"].at[::dim_bytes] // dim_bytes for op_inputs in ops[1:]]
    return [edited[0][2:4], *(rows[-2:] for rows in edited)]


@pytest.mark.parametrize("combo", [name for name in COMBO_NAMES if "top" in name])
def test_each_op_has_rows_of_the_answer_that_look_far_in_half(
    ops_of: dict[str, list[Any]], rounds: dict[str, list[Any]], combo: str
) -> None:
    """How much of all rows is nearer in that half, per distribution, as `redraw` promises."""
    n_checked = 0
    places = places_of_late_rows(ops_of[combo])
    for op, (op_inputs, late) in enumerate(zip(rounds[combo], places, strict=True)):
        query, codes, k = op_inputs["query"], op_inputs["codes"], op_inputs["k"]
        differing = np.bitwise_count(codes ^ query)
        distances = differing.sum(axis=1, dtype=int)
        if distances[late].min() == 0:
            assert "clustered/top10-16B" in combo
            continue
        for row in late:
            assert (distances <= distances[row]).sum() <= k  # so no right answer is without it
        first, second = differing[late]
        ways = [half for half in halves(len(query)) if not first[~half].any() and not second[half].any()]
        far = [differing[:, part].sum(axis=1, dtype=int) for part in (ways[0], ~ways[0])]
        own = distances < 2 * len(query)  # of the query's centre, unless it is a stray
        nearer = [in_half < in_half[row] for in_half, row in zip(far, late, strict=True)]
        n_checked += 1
        if "uniform" in combo:
            assert min(rows.mean() for rows in nearer) > 0.9
        elif "sparse" in combo:
            assert max(rows.mean() for rows in nearer) > 0.9
        elif op % 4 == 3:
            assert min(rows.mean() for rows in nearer) > 0.6
        elif "16B" not in combo:
            assert min(rows[own].mean() for rows in nearer) > 0.6
    assert n_checked >= 4


@pytest.mark.parametrize("combo", [f"{distribution}/top10-96B" for distribution in DISTRIBUTIONS])
def test_whatever_half_a_kernel_ranks_by_loses_a_row(
    ops_of: dict[str, list[Any]], rounds: dict[str, list[Any]], combo: str
) -> None:
    """First or second half, every other byte or word: in some op its best 40 % lack one of the answer."""
    masks = np.array([part for first in halves(96) for part in (first, ~first)], np.float32)
    n_lost = np.zeros(len(masks), int)
    for op_inputs, late in zip(rounds[combo], places_of_late_rows(ops_of[combo]), strict=True):
        differing = np.bitwise_count(op_inputs["codes"] ^ op_inputs["query"])
        in_half = differing.astype(np.float32) @ masks.T  # whole numbers, so exact
        n_lost += ((in_half[:, np.newaxis] < in_half[late]).mean(axis=0) > 0.4).any(axis=0)
    assert n_lost.min() >= 1


def test_the_first_op_brings_the_pool_in_a_new_order(
    workloads: Workloads, ops_of: dict[str, list[Any]]
) -> None:
    """Row for row, but for the four that were planted."""
    drawn = workloads["uniform/top10-16B"]
    codes = ops_of[drawn.combo][0]["codes"]
    in_pool = set(map(bytes, drawn.source.pool))
    assert sum(bytes(row) not in in_pool for row in codes) == 4
    assert not np.array_equal(codes, drawn.source.pool)
    assert (codes.dtype, codes.flags.c_contiguous) == (np.uint8, True)


def test_ties_are_everywhere_in_short_rows(rounds: dict[str, list[Any]]) -> None:
    """In sparse rows of 16 bytes k = 10 cuts through more equal ones than it keeps."""
    for op_inputs in rounds["sparse/top10-16B"]:
        distances = reference.distances(op_inputs["query"], op_inputs["codes"])
        kth = reference.smallest(distances, 10)[-1]
        assert (distances == kth).sum() > 10
    for op_inputs in rounds["clustered/top10-16B"]:
        distances = reference.distances(op_inputs["query"], op_inputs["codes"])
        assert len(np.unique(distances)) < 129


def test_the_battery_holds_every_demanded_case(battery_cases: Cases) -> None:
    """Lengths, row counts, k below, at and above n, distributions, ties, orders, long rows, timed sizes."""
    cases = battery_cases
    names = [case.name for case in cases]
    assert len(set(names)) == len(names) >= 90
    assert {1, 7, 8, 9, 16, 32, 63, 64, 65, 96, 128, 192} <= set(ROW_LENGTHS)
    assert {0, 1, 7, 8, 9, 63, 64, 65} <= set(ROW_COUNTS)
    for dim_bytes in (*ROW_LENGTHS, *LONG_ROWS):
        name = f"long rows of {dim_bytes} bytes" if dim_bytes in LONG_ROWS else f"rows of {dim_bytes} bytes"
        assert cases[names.index(name)].build_inputs == {"dim_bytes": dim_bytes}
    for n in ROW_COUNTS:
        for dim_bytes in (9, 16):
            case = cases[names.index(f"{n} rows of {dim_bytes} bytes")]
            assert case.ops[0]["codes"].shape == (n, dim_bytes)
            assert {op["k"] for op in case.ops if op["method"] == TOP_K} == {1, 10, max(n, 1), n + 3}
    for dim_bytes in {shape.dim_bytes for shape in SHAPES.values()}:
        for distribution in DISTRIBUTIONS:
            assert f"{distribution} {dim_bytes} bytes" in names
    assert "changing row count" in names
    timed = {shape.dim_bytes: shape.n_rows for shape in SHAPES.values()} | {65: 20_003}
    at_timed_sizes = [case for case in cases if case.name.startswith("timed size")]
    assert [case.build_inputs["dim_bytes"] for case in at_timed_sizes] == list(timed)
    for case, n_timed in zip(at_timed_sizes, timed.values(), strict=True):
        assert 0.89 * n_timed < len(case.ops[0]["codes"]) < 1.31 * n_timed
        assert len(case.ops[0]["codes"]) % 2 == 1
        assert {op["k"] for op in case.ops if op["method"] == TOP_K} == {1, 10, 33, 100}
    assert sum(name.startswith("random shape") for name in names) == 6
    for what in (
        *("all zeros", "all ones", "ones against zeros", "identical rows", "query among the rows"),
        *("complement among the rows", "ties at the boundary", "one bit in each row"),
        *("rows from near to far", "rows from far to near"),
    ):
        assert {f"{what} 96 bytes", f"{what} 65 bytes"} <= set(names)


def test_every_case_calls_both_methods_and_edits_in_between(battery_cases: Cases) -> None:
    """The first case warms up a process: it must compile all that a workload needs."""
    for case in battery_cases:
        assert {op["method"] for op in case.ops} == {DISTANCES, TOP_K}
        edited = [isinstance(op["codes"], Edit) for op in case.ops]
        has_rows = case.name != "changing row count" and len(seen(case.ops)[0]["codes"]) > 0
        assert edited == [False] + [has_rows] * (len(edited) - 1)


def test_the_battery_is_what_its_names_say(battery_cases: Cases) -> None:
    """Distances of the first op: the same everywhere, sorted, cut among ties, or all bits."""
    for case in battery_cases:
        first = seen(case.ops)[0]
        distances = reference.distances(first["query"], first["codes"])
        n_bits = 8 * case.build_inputs["dim_bytes"]
        if case.name.startswith(("all zeros", "all ones")):
            assert not distances.any()
        elif case.name.startswith("ones against zeros"):
            assert (distances == n_bits).all()
        elif case.name.startswith(("identical rows", "one bit in each row")):
            assert len(np.unique(distances)) == 1
            assert len(distances) >= 500
        elif case.name.startswith("query among"):
            assert (distances == 0).any()
        elif case.name.startswith("complement among"):
            assert (distances == n_bits).any()
        elif case.name.startswith("ties at"):
            order = np.sort(distances)
            assert order[6] < order[7] == order[9] == order[10] == order[21] < order[22]
        elif case.name.startswith("timed size"):
            zero, ones, row, complement = (op["query"] for op in seen(case.ops)[1:])
            assert (zero.any(), (~ones).any(), (row ^ ~complement).any()) == (False, False, False)
            assert max(Counter(map(bytes, first["codes"])).values()) >= 7
            for op in seen(case.ops)[2:4]:  # k = 10 and k = 100 cut through equal rows
                order = np.sort(reference.distances(op["query"], op["codes"]))
                assert order[op["k"] - 1] == order[op["k"]]
        elif case.name.startswith("rows from near"):
            assert (np.diff(distances) >= 0).all()
        elif case.name.startswith("rows from far"):
            assert (np.diff(distances) <= 0).all()


def test_the_battery_passes_what_a_byte_and_what_two_can_count(battery_cases: Cases) -> None:
    """Complements are planted from the second op on, so every case reaches its greatest distance."""
    greatest = 0
    for case in battery_cases:
        for op_inputs in seen(case.ops)[1:]:
            if len(op_inputs["codes"]) > 1 and case.name != "changing row count":
                distances = reference.distances(op_inputs["query"], op_inputs["codes"])
                assert distances.min() == 0
                assert distances.max() == 8 * case.build_inputs["dim_bytes"]
                greatest = max(greatest, int(distances.max()))
    assert greatest > 2**16


def test_inputs_come_in_c_order(battery_cases: Cases) -> None:
    """Arrays of the stated types, as the player's memory will hold them."""
    for case in battery_cases:
        for op in case.ops:
            assert (op["query"].dtype, op["query"].shape) == (np.uint8, (case.build_inputs["dim_bytes"],))
            codes = op["codes"]
            assert isinstance(codes, Edit) or (codes.dtype, codes.flags.c_contiguous) == (np.uint8, True)
            assert isinstance(op["k"], int)


def test_a_workload_of_its_own_is_that_of_the_list(workloads: Workloads) -> None:
    """Drawn alone from the same stream, it is the same."""
    place = COMBO_NAMES.index("sparse/all-32B")
    alone = workload(SplitMix64(SEED).fork(place), *COMBOS[place])
    np.testing.assert_array_equal(alone.source.pool, workloads["sparse/all-32B"].source.pool)
