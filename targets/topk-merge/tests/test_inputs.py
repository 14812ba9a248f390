"""Inputs follow from the seed alone, have the stated properties, and plant what they promise."""

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from referee.testing import checksum, seen
from referee.workload import Edit
from topk_merge import SORTED, UNSORTED, reference
from topk_merge.battery import DISTANCES, LENGTHS, N_LISTS, ROW_IDS, correctness_battery
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
    ("20x10", "interleaved"): 2615287840,
    ("20x10", "skewed"): 3684809665,
    ("20x10", "ties"): 2516874730,
    ("100x1000", "interleaved"): 796290347,
    ("100x1000", "skewed"): 2822873499,
    ("100x1000", "ties"): 2122803290,
    ("1024x100", "interleaved"): 1756559574,
    ("1024x100", "skewed"): 3956061719,
    ("1024x100", "ties"): 3789290666,
    ("64x4000", "interleaved"): 1975112302,
    ("64x4000", "skewed"): 625283301,
    ("64x4000", "ties"): 1607761331,
    ("25x8192", "interleaved"): 2403918261,
    ("25x8192", "skewed"): 3571037533,
    ("25x8192", "ties"): 1295357543,
}
GOLDEN_BATTERY = 4090367564


@COMBOS
def test_a_seed_gives_the_same_bits_on_every_machine(shape_name: str, distribution: str) -> None:
    """One round of ops, frozen."""
    ops = numbers(drawn_ops(shape_name, distribution))
    assert checksum(*ops) == GOLDEN_ROUNDS[shape_name, distribution]


def test_the_battery_is_the_same_bits_on_every_machine() -> None:
    """Every op, frozen."""
    assert (
        checksum(*(op for case in correctness_battery(SEED) for op in numbers(list(case.ops))))
        == GOLDEN_BATTERY
    )


def test_another_seed_gives_other_inputs() -> None:
    """In the battery, in its extents, and in the ops of a round."""
    one, other = correctness_battery(1), correctness_battery(2)
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
    """In every query: -0.0 before a 0.0 of a lower row id, and a tie that float64 cannot decide."""
    for op in seen(drawn_ops(shape_name, distribution)[:8]):
        distances, row_ids, offsets = reference.merge(op["distances"], op["row_ids"], op["offsets"], op["k"])
        for start in offsets[:-1]:
            first, its_ids = distances[start : start + 8], row_ids[start : start + 8].tolist()
            assert (first[0], np.signbit(first[0])) == (0.0, True)
            zeros = np.flatnonzero((first == 0) & ~np.signbit(first))
            assert its_ids[0] - 2 in [its_ids[i] for i in zeros]
            tied = np.flatnonzero(first == np.float32(2.0**-149))
            assert its_ids[tied[1]] - its_ids[tied[0]] == 1
            assert float(its_ids[tied[1]]) == float(its_ids[tied[0]])


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
    """At most five planted and seven put back per query."""
    for shape_name, shape in SHAPES.items():
        for op in drawn_ops(shape_name, "skewed")[1:]:
            assert isinstance(op["distances"], Edit)
            assert np.array_equal(op["distances"].at, op["row_ids"].at)
            assert len(np.unique(op["row_ids"].at)) == len(op["row_ids"].at) <= 12 * shape.n_queries


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
    ordinary = op["row_ids"][op["distances"] >= 1]
    assert (ordinary > 2**63).all()
    assert set((ordinary >> 32) - 2**31) == {0, 1, 2, 3}


def test_the_battery_holds_every_demanded_case() -> None:
    """Kinds of distance and of row id, extents, empty and equal lists, timed shapes, in both orders."""
    cases = correctness_battery(SEED)
    names = [case.name for case in cases]
    assert len(set(names)) == len(names) >= 70
    for distances, row_ids in product(DISTANCES, ROW_IDS):
        assert f"{distances}, {row_ids}" in names
    for n in LENGTHS:
        case = cases[names.index(f"lists of {n}")]
        assert {op["k"] for op in case.ops if "k" in op} == {1, 10, n, 3 * n - 1, 3 * n, 3 * n + 3}
    for n in N_LISTS:
        assert f"{n} lists" in names
    assert sum(name.startswith("random: ") for name in names) == 10
    assert sorted(name.split("/")[-1] for name in names if name.startswith("timed: ")) == sorted(SHAPES)
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
    for case in cases:
        orders = {op["order"] for op in seen(case.ops)}
        assert orders == {SORTED, UNSORTED} or case.name.startswith("timed: ")


def test_the_battery_is_what_its_names_say() -> None:
    """Values of each kind are there; sorted lists are sorted; edits change the answer; nothing is NaN."""
    for case in correctness_battery(SEED):
        before: list[Any] | None = None
        for op, plain in zip(case.ops, seen(case.ops), strict=True):
            distances, row_ids = plain["distances"], plain["row_ids"]
            assert not np.isnan(distances).any()
            if plain["order"] == SORTED:
                keys = reference.ordered(distances).astype(object) * 2**64 + row_ids.astype(object)
                rises = keys[1:] >= keys[:-1]
                assert set(np.flatnonzero(~rises.astype(bool)) + 1) <= set(
                    plain["offsets"].reshape(-1).tolist()
                )
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
