"""Inputs follow from the seed alone, have the stated properties, and plant what they promise."""

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from referee.testing import checksum, seen
from referee.workload import Case, Edit
from topk_merge import SORTED, UNSORTED, reference
from topk_merge.battery import DISTANCES, LENGTHS, N_LISTS, ODD, ROW_IDS, correctness_battery
from topk_merge.inputs import CUT_EVERY, DISTRIBUTIONS, N_OPS, SHAPES, redraw, speed_workloads, workload

SEED = 20_251_115
PARTS = ("distances", "row_ids", "offsets")
COMBOS = pytest.mark.parametrize(("shape_name", "distribution"), list(product(SHAPES, DISTRIBUTIONS)))


def drawn_ops(shape_name: str, distribution: str, seed: int = SEED) -> list[Any]:
    """Return the ops of one round, untyped: the tests know which input is an array."""
    return list(redraw(workload(shape_name, distribution), seed))


def numbers(ops: list[Any]) -> list[Any]:
    """Return the ops without what is a word."""
    return [{name: value for name, value in op.items() if name != "order"} for op in ops]


# Where one of these fails, the same seed draws other inputs: trials cannot be reproduced there.
GOLDEN_ROUNDS = {
    ("20x10", "interleaved"): 621400254,
    ("20x10", "skewed"): 2501576271,
    ("20x10", "ties"): 402515655,
    ("100x1000", "interleaved"): 2400096539,
    ("100x1000", "skewed"): 2217403198,
    ("100x1000", "ties"): 2212572805,
    ("1024x100", "interleaved"): 3385552751,
    ("1024x100", "skewed"): 2956226379,
    ("1024x100", "ties"): 3721080928,
    ("64x4000", "interleaved"): 3951454003,
    ("64x4000", "skewed"): 887468706,
    ("64x4000", "ties"): 3257439211,
    ("25x8192", "interleaved"): 2625119984,
    ("25x8192", "skewed"): 1278528465,
    ("25x8192", "ties"): 478391647,
}
GOLDEN_BATTERY = 2593275712


@COMBOS
def test_a_seed_gives_the_same_bits_on_every_machine(shape_name: str, distribution: str) -> None:
    """One round of ops, frozen."""
    ops = numbers(drawn_ops(shape_name, distribution))
    assert checksum(*ops) == GOLDEN_ROUNDS[shape_name, distribution]


def test_the_battery_is_the_same_bits_on_every_machine(battery_cases: list[Case]) -> None:
    """Every op, frozen."""
    assert checksum(*(op for case in battery_cases for op in numbers(list(case.ops)))) == GOLDEN_BATTERY


def test_another_seed_gives_other_inputs(battery_cases: list[Case]) -> None:
    """In the battery, in its extents, and in the ops of a round."""
    one, other = battery_cases, correctness_battery(2)
    assert len(one) == len(other)
    assert [case.name for case in one] != [case.name for case in other]
    for a, b in zip(one, other, strict=True):
        if "empty" not in a.name and a.name != "0 lists" and "same row" not in a.name:
            assert checksum(*numbers(list(a.ops))) != checksum(*numbers(list(b.ops))), a.name
    first, second = drawn_ops("20x10", "ties", 1), drawn_ops("20x10", "ties", 2)
    for a, b in zip(seen(first), seen(second), strict=True):
        assert not np.array_equal(a["offsets"], b["offsets"])
        assert len(np.intersect1d(a["row_ids"], b["row_ids"])) < 10


def test_workloads_are_every_shape_with_every_distribution() -> None:
    """And the seed of `speed_workloads` says nothing, because `redraw` draws everything."""
    combos = [one.combo for one in speed_workloads(1)]
    assert combos == [f"{distribution}/{name}" for name, distribution in product(SHAPES, DISTRIBUTIONS)]
    assert speed_workloads(1) == speed_workloads(2)


def test_the_least_traffic_is_spelled_out() -> None:
    """20 lists of 10: 1,280 rows out of 2,304 lists; 25 batches: all distances of 22, counted half."""
    assert workload("20x10", "ties").least_bytes == 24 * 1_280 + 8 * 129 + 8 * 18 * 128 + 4 * (
        18 * 128 - 1_280
    )
    assert workload("64x4000", "ties").least_bytes == 24 * 4_000 + 8 * 2 + 8 * 56
    assert workload("25x8192", "ties").least_bytes == 24 * 100 + 8 * 2 + 2 * 22 * 8_192


@COMBOS
def test_lists_have_the_stated_extents_and_order(shape_name: str, distribution: str) -> None:
    """Seven of eight lists whole, the eighth cut, none of the sorted ones out of order."""
    shape = SHAPES[shape_name]
    ops = drawn_ops(shape_name, distribution)
    assert len(ops) == N_OPS
    for op in seen(ops[:6])[::5]:
        distances, row_ids, offsets = op["distances"], op["row_ids"], op["offsets"]
        assert (op["order"], op["k"], offsets.shape) == (
            shape.order,
            shape.k,
            (shape.n_queries, shape.n_lists + 1),
        )
        assert (distances.dtype, row_ids.dtype, offsets.dtype) == (np.float32, np.uint64, np.int64)
        assert (offsets[0, 0], offsets[-1, -1]) == (0, len(distances))
        assert (offsets[1:, 0] == offsets[:-1, -1]).all()
        lengths = np.diff(offsets, axis=1)
        is_cut = np.arange(shape.n_lists) % CUT_EVERY == CUT_EVERY - 1
        assert (lengths[:, ~is_cut] == shape.length).all()
        assert (lengths[:, is_cut] >= 0).all()
        assert (lengths[:, is_cut] < shape.length).all()
        assert np.isfinite(distances).all()
        keys = reference.ordered(distances).astype(np.int64)
        falls = (np.diff(keys) < 0) | ((np.diff(keys) == 0) & (row_ids[1:] < row_ids[:-1]))
        inside = np.setdiff1d(np.flatnonzero(falls) + 1, offsets)
        assert (len(inside) == 0) == (shape.order == SORTED)


@COMBOS
def test_each_op_plants_what_a_shortcut_gets_wrong(shape_name: str, distribution: str) -> None:
    """In every query of every op: -0.0 before a 0.0 of a lower row id, and a tie that float64 cannot decide.

    Signs as well: two distances below zero, which signed integers have the wrong way round, and in the tie
    a row id below 2**63, which they put last.
    """
    for op in seen(drawn_ops(shape_name, distribution)):
        distances, row_ids, offsets = reference.merge(op["distances"], op["row_ids"], op["offsets"], op["k"])
        for start in offsets[:-1]:
            first, its_ids = distances[start : start + 8], row_ids[start : start + 8].tolist()
            assert first[:4].tolist() == [-(2.0**-30)] + [-(2.0**-149)] * 3
            assert (np.diff(first[:2].view(np.int32)) < 0).all()
            assert its_ids[1] < 2**63 <= its_ids[2] == its_ids[3] - 1
            assert float(its_ids[2]) == float(its_ids[3])
            assert (first[4], np.signbit(first[4])) == (0.0, True)
            zeros = np.flatnonzero((first == 0) & ~np.signbit(first))
            assert its_ids[4] - 2 in [its_ids[i] for i in zeros]


@COMBOS
def test_each_op_is_wrong_with_signed_integers(shape_name: str, distribution: str) -> None:
    """In every query, whether distances or row ids are compared so; all else right."""
    for op in seen(drawn_ops(shape_name, distribution)):
        right = reference.merge(op["distances"], op["row_ids"], op["offsets"], op["k"])[1]
        bits, row_ids = op["distances"].view(np.int32), op["row_ids"]
        keys = reference.ordered(op["distances"])
        # The rows that are planted, and no others: what comes first need not be sorted to the end.
        near = op["distances"] <= np.float32(2.0**-30)
        for wrong in ((row_ids, bits), (row_ids.view(np.int64), keys)):
            for query, lists in enumerate(op["offsets"]):
                some = lists[0] + np.flatnonzero(near[lists[0] : lists[-1]])
                got = row_ids[some[np.lexsort([key[some] for key in wrong])]]
                start = query * op["k"]
                assert not np.array_equal(got, right[start : start + len(got)])


@COMBOS
def test_each_edit_changes_the_answer_of_every_query(shape_name: str, distribution: str) -> None:
    """An answer kept from the op before is wrong everywhere, in its distances or in its row ids."""
    ops = seen(drawn_ops(shape_name, distribution)[:8])
    answers = [reference.merge(op["distances"], op["row_ids"], op["offsets"], op["k"]) for op in ops]
    for (_, before, starts), (_, after, _) in pairwise(answers):
        differs = np.add.reduceat((before != after).astype(int), starts[:-1])
        assert (differs > 0).all()


def test_a_list_may_change_behind_its_first_row() -> None:
    """In each query one list per op begins as before, and another row of it counts."""
    for before, after in pairwise(seen(drawn_ops("100x1000", "interleaved"))):
        starts = after["offsets"][0, :-1][np.diff(after["offsets"][0]) > 1]
        same = before["row_ids"][starts] == after["row_ids"][starts]
        second = before["row_ids"][starts + 1] != after["row_ids"][starts + 1]
        assert (same & second).sum() == 1
        changed = after["row_ids"][starts + 1][same & second]
        assert np.isin(changed, reference.merge(*(after[name] for name in PARTS), after["k"])[1]).all()


def test_only_a_few_rows_change_from_op_to_op() -> None:
    """At most eight planted and seven put back per query."""
    for shape_name, shape in SHAPES.items():
        for op in drawn_ops(shape_name, "skewed")[1:]:
            assert isinstance(op["distances"], Edit)
            assert np.array_equal(op["distances"].at, op["row_ids"].at)
            assert len(np.unique(op["row_ids"].at)) == len(op["row_ids"].at) <= 15 * shape.n_queries


def test_distributions_are_what_they_say() -> None:
    """Interleaved: all lists count. Skewed: only near ones. Ties: few distances, equal at the boundary."""
    for distribution, least, most in (("interleaved", 80, 100), ("skewed", 6, 16), ("ties", 80, 100)):
        op = seen(drawn_ops("100x1000", distribution))[0]
        distances, row_ids, _ = reference.merge(op["distances"], op["row_ids"], op["offsets"], op["k"])
        places = np.flatnonzero(np.isin(op["row_ids"], row_ids))
        lists = np.unique(np.searchsorted(op["offsets"][0], places, side="right"))
        assert least <= len(lists) <= most, distribution
        if distribution == "ties":
            assert 55 <= len(np.unique(op["distances"])) <= 61 + 3
            boundary = op["distances"] == distances[-1]
            assert boundary.sum() > (distances == distances[-1]).sum() > 1


def test_row_ids_are_fragments_beyond_float64() -> None:
    """Of four fragments, one per list, and many row ids between two float64."""
    op = seen(drawn_ops("1024x100", "ties"))[0]
    ordinary = op["row_ids"][op["distances"] >= 1]  # the planted ones are nearer
    assert (ordinary > 2**63).all()
    assert set((ordinary >> 32) - 2**31) == {0, 1, 2, 3}


def test_the_battery_holds_every_demanded_case(battery_cases: list[Case]) -> None:
    """Kinds of distance and of row id, extents, empty and equal lists, timed shapes, timed sizes, orders."""
    names = [case.name for case in battery_cases]
    assert len(set(names)) == len(names) >= 70
    for distances, row_ids in product(DISTANCES, ROW_IDS):
        assert f"{distances}, {row_ids}" in names
    for n in LENGTHS:
        case = battery_cases[names.index(f"lists of {n}")]
        assert {op["k"] for op in case.ops if "k" in op} == {1, 10, n, 3 * n - 1, 3 * n, 3 * n + 3}
    for n in N_LISTS:
        assert f"{n} lists" in names
    assert sum(name.startswith("random: ") for name in names) == 10
    assert sorted(name.split("/")[-1] for name in names if name.startswith("timed: ")) == sorted(SHAPES)
    large = [name for name in names if name.startswith("large: ")]
    assert [name.split(": ")[1].split(",")[0] for name in large] == [*SHAPES, "odd"]
    for name, shape in zip(large, [*SHAPES.values(), ODD], strict=True):
        case = battery_cases[names.index(name)]
        assert {op["k"] for op in case.ops if "k" in op} == {1, 10, 33, 100}
        n_rows, n_timed = len(seen(case.ops)[0]["distances"]), shape.n_queries * shape.n_lists * shape.length
        assert 0.9 * n_timed <= n_rows <= 1.3 * n_timed
        assert n_rows % 2 == 1
    for name in (
        "all lists empty",
        "some lists empty",
        "only the last list has rows",
        "one list holds all that count",
        "the same list five times",
        "lists from near to far",
        "lists from far to near",
        "rows from far to near",
        "the same row many times",
        "a query without rows among others",
    ):
        assert name in names
    for case in battery_cases:
        orders = {op["order"] for op in seen(case.ops)}
        assert orders == {SORTED, UNSORTED} or case.name.startswith("timed: ")


def test_the_battery_is_what_its_names_say(battery_cases: list[Case]) -> None:
    """Values of each kind are there; sorted lists are sorted; edits change the answer; nothing is NaN."""
    for case in battery_cases:
        before: list[Any] | None = None
        for op, plain in zip(case.ops, seen(case.ops), strict=True):
            distances, row_ids = plain["distances"], plain["row_ids"]
            assert not np.isnan(distances).any()
            if plain["order"] == SORTED:
                keys = reference.ordered(distances)
                rises = (keys[1:] > keys[:-1]) | ((keys[1:] == keys[:-1]) & (row_ids[1:] >= row_ids[:-1]))
                assert np.isin(np.flatnonzero(~rises) + 1, plain["offsets"]).all()
            answer = [
                array.tolist() for array in reference.merge(*(plain[name] for name in PARTS), plain["k"])
            ]
            if isinstance(op.get("row_ids"), Edit):
                assert answer != before, case.name
            before = answer
        first = seen(case.ops)[0]
        if case.name.startswith("zeros, "):
            assert set(np.signbit(first["distances"])) == {True, False}
        if case.name.startswith("infinite, "):
            assert {np.inf, -np.inf} < set(first["distances"].tolist())
        if case.name.startswith("subnormal, "):
            assert 0 < np.abs(first["distances"]).max() < np.finfo(np.float32).tiny
        if case.name.endswith("near 2**64"):
            assert first["row_ids"].min() > 2**64 - 1002
        if case.name.endswith("around 2**63"):
            assert first["row_ids"].min() < 2**63 < first["row_ids"].max()
