"""What is timed is what the page says: the same bits for a seed, planted documents, edits that count."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from posting_intersect import BLOCK, INTERSECT, MISSING, bulk, inputs
from posting_intersect.battery import random_cases
from posting_intersect.inputs import COMBOS, DISTRIBUTIONS, SHAPES, redraw, workload
from posting_intersect.lists import LAST
from posting_intersect.oracle import compare, expect
from posting_intersect.run_experiment import EXPERIMENT
from referee.testing import checksum, seen
from referee.workload import Edit, OpInputs, Workload

SEED = 20_251_115
EVERY_COMBO = pytest.mark.parametrize("combo", COMBOS, ids="-".join)

Drawn = dict[tuple[str, str], list[OpInputs]]

GOLDEN_ROUNDS = {
    "raw-2-half": 2507628320,
    "raw-2-evens": 261608973,
    "raw-2-runs": 2586782233,
    "raw-2-wide": 208793373,
    "raw-2-skewed-clustered": 3247734850,
    "raw-3-skewed-scattered": 1098439550,
    "raw-5-dense": 3625752214,
    "raw-5-zipf": 160404007,
    "raw-2-large-large": 1985957802,
    "blocks-2-tenth": 3360656352,
    "blocks-2-evens": 2407926228,
    "blocks-2-runs": 1524355216,
    "blocks-2-wide": 3634964605,
    "blocks-2-skewed-clustered": 1788687192,
    "blocks-3-skewed-scattered": 4186334354,
    "blocks-5-dense": 1274722287,
    "blocks-5-zipf": 3874430694,
}


@pytest.fixture(scope="module")
def workloads() -> list[Workload]:
    """Return the workloads of one seed."""
    return inputs.speed_workloads(SEED)


@pytest.fixture(scope="module")
def drawn(workloads: list[Workload]) -> Drawn:
    """Return a round of each combo."""
    return {combo: redraw(one, SEED) for combo, one in zip(COMBOS, workloads, strict=True)}


def arrays(ops: Any) -> list[OpInputs]:
    """Return the ops without what is a word."""
    return [{name: value for name, value in op.items() if name != "method"} for op in ops]


def lists_of(op: Any) -> list[np.ndarray]:
    """Return the lists of one op, unpacked."""
    if op["method"] == INTERSECT:
        return [op["docs"][a:b] for a, b in pairwise(op["list_start"])]
    return [
        bulk.unpack(op["blob"], op["block_start"][a:b], int(n))
        for (a, b), n in zip(pairwise(op["blocks_of_list"]), op["length"], strict=True)
    ]


@EVERY_COMBO
def test_a_seed_gives_the_same_bits_on_every_machine(combo: tuple[str, str], drawn: Drawn) -> None:
    """One round of ops, frozen."""
    assert checksum(*arrays(drawn[combo])) == GOLDEN_ROUNDS["-".join(combo)]


def test_another_seed_gives_other_inputs() -> None:
    """Of the lists, of a round of the same lists, and of the battery."""
    for name in ("raw-2", "blocks-5"):
        drawn = workload(name, DISTRIBUTIONS[name][0], 1)
        rounds = [checksum(*arrays(redraw(drawn, seed))) for seed in (1, 2)]
        assert rounds[0] != rounds[1]
        assert checksum(*arrays(redraw(workload(name, DISTRIBUTIONS[name][0], 2), 1))) != rounds[0]
    names = [[case.name for case in random_cases(SplitMix64(seed))] for seed in (1, 2)]
    assert names[0] != names[1]


def test_there_are_shapes_and_distributions_enough(workloads: list[Workload], drawn: Drawn) -> None:
    """Of both forms; in the nearest cache and in none."""
    assert len({one.combo for one in workloads}) == len(COMBOS) >= 15
    sizes = {
        combo: sum(array.nbytes for array in ops[0].values() if isinstance(array, np.ndarray))
        for combo, ops in drawn.items()
    }
    assert sizes["raw-2", "half"] < 1 << 19
    assert sizes["raw-2-large", "large"] > 40 << 20
    assert all(0 < one.least_bytes < 1 << 20 for one in workloads)


@EVERY_COMBO
def test_lists_ascend_and_are_as_long_as_they_say(combo: tuple[str, str], drawn: Drawn) -> None:
    """In the first op and in the last; and `block_first_doc` is the first document of each block."""
    ops = seen(drawn[combo])
    for op in (ops[0], ops[-1]):
        for one in lists_of(op):
            assert (one[1:] > one[:-1]).all()
        if op["method"] != INTERSECT:
            firsts = np.concatenate([one[::BLOCK] for one in lists_of(op)])
            assert firsts.tolist() == op["block_first_doc"].tolist()
            assert (np.diff(op["block_start"]) > 0).all()


@EVERY_COMBO
def test_each_edit_changes_the_answers(combo: tuple[str, str], drawn: Drawn) -> None:
    """Of every ordinary query; one document moves per query, and in one op another for a short query."""
    ops = drawn[combo]
    plain = seen(ops)
    n_queries = SHAPES[combo[0]].n_queries
    for before, op, changes in zip(plain, plain[1:], ops[1:], strict=False):
        with pytest.raises(Mismatch):
            compare(expect({}, op), expect({}, {**before, "queries": op["queries"]}))
        now, old = (
            one["docs"] if one["method"] == INTERSECT else np.concatenate(lists_of(one))
            for one in (op, before)
        )
        moved = np.flatnonzero(now != old)
        assert 1 <= len(moved) <= n_queries + 1
        assert (now[moved] - old[moved]).max() <= 2
        assert any(isinstance(value, Edit) for value in changes.values())
        assert changes["queries"].shape == (n_queries + 3, SHAPES[combo[0]].m)  # type: ignore[union-attr]


def test_edits_meet_first_documents_and_last_blocks() -> None:
    """Over some rounds, the first document of a block, the last of one, and one of a last block move."""
    drawn = workload("blocks-2", "tenth", 1)
    places = set()
    for seed in range(6):
        for before, op in pairwise(seen(redraw(drawn, seed))):
            for one, other in zip(lists_of(before), lists_of(op), strict=True):
                for i in np.flatnonzero(one != other).tolist():
                    places.add(i % BLOCK if i < len(one) // BLOCK * BLOCK else "rest")
    assert {0, BLOCK - 1, "rest"} < places


@EVERY_COMBO
def test_short_queries_are_planted_in_every_op(combo: tuple[str, str], drawn: Drawn) -> None:
    """A missing term; few of a partner's documents; an empty list, a single document, one list twice."""
    m, kinds = SHAPES[combo[0]].m, set()
    for op in seen(drawn[combo]):
        lists = lists_of(op)
        lengths = np.array([len(one) for one in lists])
        queries = op["queries"]
        assert ((queries == MISSING).sum(axis=1) == 1).sum() == 1
        (few,) = np.flatnonzero(lengths == 300)
        start, ids = expect({}, op)
        both = [q for q, query in enumerate(queries) if len({*query.tolist()}) == 2 and few in query]
        shared = [ids[start[q] : start[q + 1]] for q in both]
        assert any(2 <= len(one) <= 5 and one[-1] <= lists[few][-1] for one in shared)
        lasts = [query for query in queries.tolist() if len(set(query)) == 1]
        kinds |= {"empty"} if any(0 in lengths[query] for query in queries if MISSING not in query) else set()
        kinds |= (
            {"single"} if any(1 in lengths[query] for query in queries if MISSING not in query) else set()
        )
        kinds |= {"twice"} if lasts else set()
    assert kinds == {"empty", "single", "twice"}
    assert m in (2, 3, 5)


def test_the_special_list_meets_its_partner_at_the_ends_of_blocks() -> None:
    """Its first and its last, the last of a block and the first of the next; in the partner as well."""
    for name, way in (("raw-2", "half"), ("raw-2-skewed", "clustered"), ("raw-5", "zipf")):
        pool = workload(name, way, 3).source.pool
        partner, few = (pool.lists[v] for v in pool.special[:2])
        places = np.flatnonzero(bulk.is_in(few, partner))
        assert places.tolist() == [0, BLOCK - 1, BLOCK, len(few) - 1]
        there = np.searchsorted(partner, few[places])
        assert (there[0], there[1] % BLOCK, there[2] % BLOCK, there[3]) == (0, 127, 0, len(partner) - 1)


def test_distributions_are_what_they_say() -> None:
    """By their densities, what they share, and where they lie."""
    for way, low, high in (("tenth", 0.09, 0.11), ("half", 0.49, 0.51), ("runs", 0.3, 0.7)):
        one = workload("raw-2", way, 1).source.pool.lists[0].astype(np.int64)
        assert low < len(one) / (one[-1] - one[0] + 1) < high, way
    runs = workload("raw-2", "runs", 1).source.pool.lists[1].astype(np.int64)
    assert 50 < (np.diff(runs) == 1).sum() / (np.diff(runs) > 1).sum() < 2_000
    pool = workload("raw-2", "evens", 1).source.pool
    assert [set((one % 2).tolist()) for one in pool.lists[:4]] == [{0}, {1}, {0}, {1}]
    wide = workload("raw-2", "wide", 1).source.pool.lists[0]
    assert wide[0] < 2**20
    assert LAST - 2**20 < wide[-1] <= LAST
    assert 0.45 < (wide >= 2**31).mean() < 0.55
    pool = workload("raw-2-skewed", "scattered", 1).source.pool
    rare, often = (len(pool.lists[numbers[0]]) for numbers, _ in pool.groups)
    assert 900 < often / rare < 1_200
    assert often > (1 << 22) / 32
    dense = workload("raw-5", "dense", 1).source.pool.lists[:6]
    assert all(len(one) > 32 * (1 << 16) / 32 / 4 for one in dense)
    lengths = [len(one) for one in workload("raw-5", "zipf", 1).source.pool.lists[:8]]
    assert all(0.9 < n * (k + 1) / lengths[0] < 1.1 for k, n in enumerate(lengths))


def test_lists_move_up_from_round_to_round() -> None:
    """By nothing, by all there is room for, and by numbers in between; and they change their order."""
    drawn = workload("raw-2", "wide", 1)
    firsts, orders = set(), set()
    for seed in range(24):
        op = redraw(drawn, seed)[0]
        docs, list_start = op["docs"], op["list_start"]
        assert isinstance(docs, np.ndarray)
        assert isinstance(list_start, np.ndarray)
        firsts.add(int(docs.max()))
        orders.add(tuple(np.diff(list_start).tolist()))
    assert 2**32 - 1 in firsts
    assert LAST in firsts
    assert len(firsts) > 8
    assert len(orders) > 15


def test_each_op_on_the_largest_lists_asks_for_another() -> None:
    """So that an op finds nothing in a cache that the one before left there."""
    ops = redraw(workload("raw-2-large", "large", 1), 1)
    lengths = np.diff(ops[0]["list_start"])  # type: ignore[arg-type]
    long = [{v for v in np.unique(op["queries"]).tolist() if lengths[v] > 2_000_000} for op in ops]
    assert [len(lists - set.union(*long[:i], set())) for i, lists in enumerate(long)].count(0) == 0
    assert len(set.union(*long)) == 4


def test_a_kernel_that_remembers_fails_at_the_first_edit(drawn: Drawn) -> None:
    """It answers for lists that are gone; with each form."""
    for combo in (("raw-2", "runs"), ("blocks-2", "runs")):
        first, second = seen(drawn[combo])[:2]
        with pytest.raises(Mismatch):
            EXPERIMENT.compare(expect({}, second), expect({}, {**first, "queries": second["queries"]}))


def test_queries_take_their_terms_in_any_order() -> None:
    """The shortest list is first as often as last."""
    drawn = workload("raw-3-skewed", "scattered", 1)
    places = []
    for seed in range(20):
        for op in seen(redraw(drawn, seed)):
            lengths = np.diff(op["list_start"])
            places += [
                int(np.argmin(lengths[query]))
                for query in op["queries"]
                if MISSING not in query and lengths[query].min() > 310  # none of the short queries
            ]
    assert min(np.bincount(places, minlength=3)) > len(places) / 6
