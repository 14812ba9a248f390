"""Inputs follow from the seed alone, have the stated properties, and plant what they promise."""

from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from ivf_partition import baseline, inputs, reference
from ivf_partition.battery import DIMS, KINDS, LARGE, METRICS, PARTITION_COUNTS, correctness_battery
from ivf_partition.inputs import (
    COMBOS,
    JITTER,
    N_CLOSE,
    N_OPS,
    N_TWINS,
    OFFSET,
    SHAPES,
    drawn_half,
    first_half,
    redraw,
    vectors,
    workload,
)
from ivf_partition.oracle import compare, expect
from ivf_partition.prepare import prepare
from referee.testing import checksum, read_only
from referee.workload import OpInputs

SEED = 20_251_115
Cases = list[Any]  # untyped: the tests know which input is an array
SMALL = [combo for combo in COMBOS if combo[0] == "1024x128-l2-20"]
DRAWN = [*SMALL, *(combo for combo in COMBOS if combo[0] == "4096x768-dot-20")]
EACH_DRAWN = pytest.mark.parametrize("combo", DRAWN, ids="-".join)
Workloads = dict[tuple[str, str], Any]  # shape and distribution -> Workload


@pytest.fixture(scope="module")
def workloads() -> Workloads:
    """Return the workloads of the smallest shape and of the products."""
    streams = SplitMix64(SEED)
    return {combo: workload(streams.fork(i), *combo) for i, combo in enumerate(DRAWN)}


def drawn_ops(drawn: Any, seed: int) -> list[Any]:
    """Return the ops of one round, untyped."""
    return list(redraw(drawn, seed))


def planted(drawn: Any, number: int, coin: int, is_heads: bool) -> Any:
    """Return the first query of op `number` of a round whose coin fell as stated."""
    seed = next(s for s in range(99) if bool(SplitMix64(s).fork(1).integers(0, 2, 2)[coin]) == is_heads)
    return drawn_ops(drawn, seed)[number]["queries"][:1]


def all_distances(drawn: Any, query: np.ndarray) -> np.ndarray:
    """Return the reference's distances of one query to all centroids of a workload."""
    return reference.distances(drawn.build_inputs["centroids"], query, drawn.build_inputs["metric"])


# Where one of these fails, the same seed draws other inputs: trials cannot be reproduced there.
GOLDEN_WORKLOADS = {
    ("1024x128-l2-20", "clustered"): (408913208, 3836580286),
    ("1024x128-l2-20", "uniform"): (1671343056, 4046387704),
    ("1024x128-l2-20", "offset"): (1443258718, 1825225437),
    ("4096x768-dot-20", "clustered"): (93383581, 1175465450),
    ("4096x768-dot-20", "uniform"): (1781924259, 3064787868),
    ("4096x768-dot-20", "heavy"): (2533878501, 1417837363),
}
GOLDEN_BATTERY = 415734902


@EACH_DRAWN
def test_a_seed_gives_the_same_bits_on_every_machine(workloads: Workloads, combo: tuple[str, str]) -> None:
    """Centroids and one round of ops, frozen."""
    drawn = workloads[combo]
    checksums = checksum(drawn.build_inputs["centroids"]), checksum(*drawn_ops(drawn, SEED))
    assert checksums == GOLDEN_WORKLOADS[combo]


def test_the_battery_is_the_same_bits_on_every_machine(battery_cases: Cases) -> None:
    """Every set of centroids and every op, frozen."""
    cases = battery_cases
    assert checksum(*(part for case in cases for part in (case.build_inputs["centroids"], *case.ops))) == (
        GOLDEN_BATTERY
    )


def test_another_seed_gives_other_inputs(battery_cases: Cases, workloads: Workloads) -> None:
    """In the battery, in its shapes, and in every query of a round."""
    one, other = battery_cases, correctness_battery(2)
    assert len(one) == len(other)
    assert [case.name for case in one] != [case.name for case in other]
    for a, b in zip(one, other, strict=True):
        if a.build_inputs["centroids"].shape[0] < 4096:  # distances in a set order are what they are
            assert checksum(a.build_inputs["centroids"]) != checksum(b.build_inputs["centroids"])
    for drawn in workloads.values():
        asked = [
            query.tobytes() for seed in (1, 2) for op in drawn_ops(drawn, seed) for query in op["queries"]
        ]
        if drawn.build_inputs["metric"] == "l2":
            assert len(set(asked)) == len(asked) == 2 * N_OPS * drawn.source.shape.n_queries
        else:  # of the planted queries with a single one there are as many as coordinates
            assert len(set(asked)) >= len(asked) - 1


def test_distributions_are_what_they_say() -> None:
    """Spans, noise around 64 centres, the offset, and lengths with a heavy tail."""
    centres = SplitMix64(1).uniform(-1.0, 1.0, (64, 32))
    names = ("uniform", "offset", "heavy", "clustered")
    uniform, offset, heavy, clustered = (vectors(SplitMix64(2), name, centres, 4_000) for name in names)
    for drawn in (uniform, offset, heavy, clustered):
        assert drawn.dtype == np.float32
        assert drawn.shape == (4_000, 32)
        assert drawn.flags.c_contiguous
    assert -1.0 <= uniform.min() < -0.99 < 0.99 < uniform.max() <= 1.0
    assert OFFSET - 1 <= offset.min() < OFFSET - 0.99 < OFFSET + 0.99 < offset.max() <= OFFSET + 1
    lengths = np.linalg.norm(heavy, axis=1) / np.linalg.norm(
        vectors(SplitMix64(2), "uniform", centres, 4_000), axis=1
    )
    assert lengths.min() == pytest.approx(1.0, abs=0.01)
    assert lengths.max() > 20
    assert np.mean(lengths > 2) == pytest.approx(0.25, abs=0.03)
    offsets = clustered[:, np.newaxis, :] - centres
    nearest = (offsets**2).sum(axis=2).argmin(axis=1)
    assert set(nearest) == set(range(64))
    assert offsets[np.arange(4_000), nearest].std() == pytest.approx(0.1, abs=0.002)


def test_the_offset_leaves_the_plants_exact() -> None:
    """float32 has a step of 2**-10 at 10,000, so a jitter moves a centroid by just that."""
    assert np.spacing(np.float32(OFFSET)) == JITTER
    assert np.spacing(np.float32(OFFSET - 2)) == JITTER


def test_workloads_have_the_stated_extents(workloads: Workloads) -> None:
    """Partitions, dimensions, probes and queries, and the least traffic spelled out."""
    for (name, distribution), drawn in workloads.items():
        shape = SHAPES[name]
        assert drawn.combo == f"{distribution}/{name}"
        centroids = drawn.build_inputs["centroids"]
        assert (centroids.shape, centroids.dtype) == ((shape.n_partitions, shape.dim), np.float32)
        assert drawn.build_inputs["metric"] == shape.metric
        ops = drawn_ops(drawn, SEED)
        assert len(ops) == N_OPS
        for op in ops:
            assert (op["queries"].shape, op["n_probes"]) == ((shape.n_queries, shape.dim), shape.n_probes)
    least = {name: drawn.least_bytes for (name, _), drawn in workloads.items()}
    assert least == {"1024x128-l2-20": 8 * (20 * 136 + 512), "4096x768-dot-20": 20 * 776 + 3072}
    assert [name for name, shape in SHAPES.items() if shape.n_probes == shape.n_partitions] == [
        "4096x768-l2-all"
    ]
    assert len(COMBOS) == 11


def test_the_least_bytes_lie_below_what_an_answer_takes(workloads: Workloads) -> None:
    """With one byte for a coordinate, most distances are off by more than is allowed."""
    drawn = workloads["1024x128-l2-20", "uniform"]
    centroids, query = drawn.build_inputs["centroids"], drawn_ops(drawn, SEED)[0]["queries"][0]
    in_bytes = (np.round((centroids + 1) * 127.5) / 127.5 - 1).astype(np.float32)
    answer = expect(drawn.build_inputs, {"queries": query[np.newaxis], "n_probes": 20}).answers[0]
    error = np.abs(reference.distances(in_bytes, query, "l2") - answer.distances)
    assert np.median(error / answer.allowed) > 10


@EACH_DRAWN
def test_the_boundary_falls_among_equals(workloads: Workloads, combo: tuple[str, str]) -> None:
    """24 centroids are one and the same, and in the second op of some rounds they are the nearest ones.

    Not where lengths have a heavy tail: there a longer one comes first.
    """
    drawn = workloads[combo]
    centroids, shape = drawn.build_inputs["centroids"], drawn.source.shape
    twins = np.flatnonzero((centroids == centroids[drawn.source.twin]).all(axis=1))
    assert len(twins) == N_TWINS > shape.n_probes
    distances = all_distances(drawn, planted(drawn, 1, 0, is_heads=False)[0])
    assert np.ptp(distances[twins]) == 0
    if combo[1] != "heavy":
        assert set(np.argsort(distances, kind="stable")[:N_TWINS]) == set(twins)
    if shape.metric == "l2":
        assert 0 < distances.min() < 1e-2


@EACH_DRAWN
def test_the_nearest_of_many_close_ones_are_asked_for(workloads: Workloads, combo: tuple[str, str]) -> None:
    """128 centroids within a few steps of 2**-10; the oracle tells their distances apart."""
    drawn = workloads[combo]
    centroids = drawn.build_inputs["centroids"]
    close = np.flatnonzero(np.abs(centroids - centroids[drawn.source.close]).max(axis=1) < 10 * JITTER)
    assert len(close) == N_CLOSE
    query = planted(drawn, 1, 0, is_heads=True)
    answer = expect(drawn.build_inputs, {"queries": query, "n_probes": 20}).answers[0]
    nearest = np.argsort(answer.distances, kind="stable")[:N_CLOSE]
    if combo[1] != "heavy":
        assert set(nearest) == set(close)
    allowed = answer.allowed[close].max()
    assert np.ptp(answer.distances[close]) > 50 * allowed
    if drawn.build_inputs["metric"] == "l2":
        assert np.mean(np.diff(np.sort(answer.distances[close])) > 2 * allowed) > 0.9


@EACH_DRAWN
def test_a_centroid_and_a_single_coordinate_are_asked_for(
    workloads: Workloads, combo: tuple[str, str]
) -> None:
    """Distance 0 in the third op of some rounds; in others one step of 2**-6, or a single product."""
    drawn = workloads[combo]
    centroids = drawn.build_inputs["centroids"]
    itself, beside = (planted(drawn, 2, 1, is_heads)[0] for is_heads in (True, False))
    assert (centroids == itself).all(axis=1).any()
    if drawn.build_inputs["metric"] == "l2":
        assert all_distances(drawn, itself).min() == 0
        assert all_distances(drawn, beside).min() == pytest.approx(2.0**-12, rel=1e-4)
    else:
        assert (np.count_nonzero(beside), beside.max()) == (1, 1.0)


@EACH_DRAWN
def test_a_late_bloomer_is_in_the_answer(workloads: Workloads, combo: tuple[str, str]) -> None:
    """Over half of the coordinates it is farther than 40 % of all, for dot 90 %; for l2 it is the nearest.

    In every op where an op has several queries, else in two, one of them with the first half.
    """
    drawn = workloads[combo]
    centroids, shape = drawn.build_inputs["centroids"], drawn.source.shape
    for seed in range(3):
        late = SplitMix64(seed).fork(5)
        ops = drawn_ops(drawn, seed)
        for i in range(N_OPS) if shape.n_queries > 1 else (3, 4):
            half = first_half(shape.dim) if i % 2 else drawn_half(late.fork(2 * i), shape.dim)
            assert half.sum() == shape.dim // 2
            query = ops[i]["queries"][-1]
            distances = all_distances(drawn, query)
            over_half = reference.distances(centroids[:, half], query[half], shape.metric)
            answer = np.argsort(distances, kind="stable")[: shape.n_probes]
            is_l2 = shape.metric == "l2"
            assert np.mean(over_half < over_half[answer].max()) > (0.4 if is_l2 else 0.9)
            if is_l2:
                assert np.mean(over_half < over_half[answer[0]]) > 0.4


@pytest.mark.parametrize("distribution", ["clustered", "offset"])
def test_with_one_probe_the_late_bloomer_is_the_answer(distribution: str) -> None:
    """At the largest shape, the two ops of a round: among the farthest fifth over half of the coordinates."""
    drawn: Any = workload(SplitMix64(SEED), "16384x768-l2-1", distribution)
    for i in (3, 4):
        half = first_half(768) if i == 3 else drawn_half(SplitMix64(SEED).fork(5).fork(2 * i), 768)
        query = drawn_ops(drawn, SEED)[i]["queries"][0]
        over_half = reference.distances(drawn.build_inputs["centroids"][:, half], query[half], "l2")
        assert np.mean(over_half < over_half[all_distances(drawn, query).argmin()]) > 0.8


@EACH_DRAWN
def test_twelve_ops_of_a_round_are_ordinary(workloads: Workloads, combo: tuple[str, str]) -> None:
    """Their first queries come as they are drawn, so that the median over ops is one of theirs."""
    drawn = workloads[combo]
    shape, distribution = drawn.source.shape, combo[1]
    stream = SplitMix64(SEED).fork(0)
    as_drawn = vectors(stream, distribution, drawn.source.centres, N_OPS * shape.n_queries)
    firsts = as_drawn.reshape(N_OPS, shape.n_queries, shape.dim)[:, 0]
    same = [
        (op["queries"][0] == first).all() for op, first in zip(drawn_ops(drawn, SEED), firsts, strict=True)
    ]
    assert sum(same) >= 12


def first_answer_again(drawn: Any, ops: list[OpInputs]) -> tuple[Any, Any]:
    """Return what the baseline answers to the first op, and what is expected of the second."""
    op = prepare(baseline, read_only(drawn.build_inputs))
    first, second = (expect(drawn.build_inputs, op_inputs) for op_inputs in ops[:2])
    outputs = op(read_only(ops[0]))
    compare(first, outputs)
    return outputs, second


@EACH_DRAWN
def test_a_kernel_that_remembers_fails_at_the_second_op(workloads: Workloads, combo: tuple[str, str]) -> None:
    """No two ops have the same answer."""
    drawn = workloads[combo]
    outputs, expected = first_answer_again(drawn, drawn_ops(drawn, SEED))
    with pytest.raises(Mismatch, match=r"^distances of query 0: "):
        compare(expected, outputs)


def test_the_battery_holds_every_demanded_case(battery_cases: Cases) -> None:
    """Kinds of value, shapes, numbers of probes below, at and above n, ties, infinities, orders."""
    cases = battery_cases
    names = [case.name for case in cases]
    assert len(set(names)) == len(names) >= 105
    for name in ("1024x128-l2-20", "4096x768-dot-20", "4096x768-l2-all"):
        assert sum(case.endswith(name) for case in names) == 1
    for kind in KINDS:
        for metric in METRICS:
            assert {f"{kind} 300x{dim} {metric}" for dim in (45, 128)} <= set(names)
    for n in PARTITION_COUNTS:
        case = cases[names.index(f"{n} partitions")]
        assert case.build_inputs["centroids"].shape[0] == n
        assert {op["n_probes"] for op in case.ops} == {0, 1, n - 1, n, n + 3}
    for dim in DIMS:
        assert {f"{dim} dimensions, {metric}" for metric in METRICS} <= set(names)
    for what in (
        *("query of a centroid", "equal centroids", "close centroids", "zero query", "large finite values"),
        *("query beside a centroid", "opposite query", "infinite query", "overflowing query"),
        *("centroids that overflow", "common offset", "squares below float32's range", "denormal squares"),
        *("denormal values", "ties at the boundary"),
    ):
        assert sum(name.startswith(what) for name in names) in (2, 4)
    for about, dim in LARGE:
        for metric in METRICS:
            (case,) = (case for case in cases if case.name.startswith(f"about {about}x{dim} {metric}, "))
            n = case.build_inputs["centroids"].shape[0]
            assert 0.9 * about - 1 <= n < 1.3 * about
            assert [op["n_probes"] for op in case.ops] == [33, 1, 10, 100, 34, 33]
    assert {"near to far", "far to near", "near in the middle", "two distances", "shuffled"} <= set(names)
    assert {case.ops[-1]["queries"].shape[0] for case in cases} >= {2, 3, 4, 5}


def test_the_battery_is_what_its_names_say(battery_cases: Cases) -> None:
    """Distance 0 for a centroid, +inf for the extremes, ties across the boundary, orders as stated."""
    for case in battery_cases:
        metric, centroids = case.build_inputs["metric"], case.build_inputs["centroids"]
        query = case.ops[0]["queries"][0]
        distances = reference.distances(centroids, query, metric)
        assert not np.isnan(distances).any()
        n_infinite = np.count_nonzero(np.isinf(distances))
        if case.name.startswith("query of a centroid") and metric == "l2":
            assert distances.min() == 0
        if case.name.startswith(("infinite query", "overflowing query")):
            assert n_infinite == len(distances)
        elif case.name.startswith("centroids that overflow"):
            assert n_infinite == 200
            assert {op["n_probes"] for op in case.ops} == {20, 150, 300}
        else:
            assert n_infinite == 0
        if case.name.startswith(("equal centroids", "zero query, 128 dimensions, dot")):
            assert np.ptp(distances) == 0
        if case.name.startswith("ties at the boundary"):
            order = np.sort(distances)
            assert order[6] < order[8] == order[19] == order[20] == order[29] < order[33]
        if case.name.startswith("about"):
            order = np.sort(distances)
            assert order[0] == order[32] == order[39] < order[40]
        if case.name.startswith("wide"):
            assert np.abs(centroids).max() > 500 > 0.01 > np.abs(centroids).max(axis=1).min()
        if case.name in ("near to far", "far to near"):
            steps = np.diff(distances)
            assert (steps > 0).all() if case.name == "near to far" else (steps < 0).all()


def test_inputs_never_hold_nan_and_come_in_c_order(battery_cases: Cases) -> None:
    """Arrays of the stated types, as the player's memory will hold them."""
    for case in battery_cases:
        assert np.isfinite(case.build_inputs["centroids"]).all()
        for op in case.ops:
            for array in (case.build_inputs["centroids"], op["queries"]):
                assert (array.dtype, array.flags.c_contiguous) == (np.float32, True)
                assert not np.isnan(array).any()
            assert isinstance(op["n_probes"], int)
            if case.build_inputs["metric"] == "dot":
                assert np.isfinite(op["queries"]).all()


def test_importing_inputs_draws_nothing() -> None:
    """Only constants live in the module."""
    assert not [name for name, value in vars(inputs).items() if isinstance(value, np.ndarray)]
