"""Inputs follow from the seed alone, have the stated properties, and plant what they promise."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from pq_cosine import PqShape, quantizer, reference
from pq_cosine.battery import PARTITIONS, correctness_battery
from pq_cosine.cases import KINDS
from pq_cosine.inputs import (
    DISTRIBUTIONS,
    N_OPS,
    N_PARTITIONS,
    N_ROWS,
    OPS_PER_LAYOUT,
    SHAPES,
    K,
    layout,
    redraw,
    units,
    workload,
)
from referee.testing import checksum, seen
from referee.workload import Edit

SEED = 20_251_115
Workloads = dict[str, Any]  # name of the distribution -> Workload
Cases = list[Any]  # untyped: the tests know which input is an array


@pytest.fixture(scope="module")
def small_workloads() -> Workloads:
    """Return the three workloads of the smallest shape."""
    streams = SplitMix64(SEED)
    return {
        distribution: workload(streams.fork(i), "128x16", distribution)
        for i, distribution in enumerate(DISTRIBUTIONS)
    }


def drawn_ops(drawn: Any, seed: int) -> list[Any]:
    """Return the ops of one round, untyped."""
    return list(redraw(drawn, seed))


def distances(drawn: Any, op_inputs: Any) -> np.ndarray:
    """Return the reference's distances of one op."""
    asked = [op_inputs[name] for name in ("query", "codes", "offsets")]
    return reference.distances(drawn.build_inputs["codebook"], drawn.build_inputs["centroids"], *asked)


def part_of_distances(drawn: Any, op_inputs: Any, half: np.ndarray) -> np.ndarray:
    """Return what the sub-vectors of `half` bool[n_sub] add to the reference's distances."""
    built, n_sub, found = drawn.build_inputs, len(half), []
    offsets = op_inputs["offsets"]
    for p, centroid in enumerate(built["centroids"]):
        table = reference.distance_table(
            built["codebook"], reference.direction(op_inputs["query"]) - centroid
        )
        rows = op_inputs["codes"][n_sub * offsets[p] : n_sub * offsets[p + 1]].reshape(n_sub, -1)
        found.append(np.take_along_axis(table[half], rows[half].astype(np.int64), axis=1).sum(axis=0))
    return np.concatenate(found)


# Where one of these fails, the same seed draws other inputs: trials cannot be reproduced there.
GOLDEN_WORKLOADS = {
    "tight": (718674987, 3272308866, 4245952017),
    "separated": (2444672822, 613341708, 3869390703),
    "isotropic": (840185032, 4280256779, 3092905121),
}
GOLDEN_BATTERY = 3535397154


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_seed_gives_the_same_bits_on_every_machine(small_workloads: Workloads, distribution: str) -> None:
    """Codebook and centroids, encoded rows and one round of ops, frozen."""
    drawn = small_workloads[distribution]
    checksums = (
        checksum(drawn.build_inputs["codebook"], drawn.build_inputs["centroids"]),
        checksum(drawn.source.pools),
        checksum(*drawn_ops(drawn, SEED)),
    )
    assert checksums == GOLDEN_WORKLOADS[distribution]


def test_the_battery_is_the_same_bits_on_every_machine(battery_cases: Cases) -> None:
    """Every index and every op, frozen, but for the NaN, whose sign differs between machines."""
    parts = []
    for case in battery_cases:
        parts += [case.build_inputs["codebook"], case.build_inputs["centroids"]]
        parts += [{**op, "query": np.nan_to_num(op["query"])} for op in case.ops]
    assert checksum(*parts) == GOLDEN_BATTERY


def test_another_seed_gives_other_inputs(battery_cases: Cases, small_workloads: Workloads) -> None:
    """In the battery, in its shapes, and in the ops of a round."""
    one, other = battery_cases, correctness_battery(2)
    assert len(one) == len(other)
    assert [case.name for case in one] != [case.name for case in other]
    for a, b in zip(one, other, strict=True):
        assert checksum(a.build_inputs["codebook"]) != checksum(b.build_inputs["codebook"])
    drawn = small_workloads["isotropic"]
    first, second = drawn_ops(drawn, 1), drawn_ops(drawn, 2)
    assert not np.array_equal(first[0]["codes"], second[0]["codes"])
    assert not np.array_equal(first[0]["offsets"], second[0]["offsets"])
    for a, b in zip(first, second, strict=True):
        assert not np.array_equal(a["query"], b["query"])


def test_distributions_are_what_they_say(small_workloads: Workloads) -> None:
    """Tight: cosines of 0.7 to 0.9; separated: 0.8 in a partition, 0 between; isotropic: 0 everywhere."""
    homes = np.repeat(np.arange(N_PARTITIONS), 50)
    same = (homes[:, np.newaxis] == homes) & ~np.eye(len(homes), dtype=bool)
    other = homes[:, np.newaxis] != homes
    for distribution, within, between in (
        ("tight", 0.82, 0.76),
        ("separated", 0.82, 0.0),
        ("isotropic", 0.01, 0.0),
    ):
        drawn = units(SplitMix64(3), distribution, small_workloads[distribution].source, homes)
        assert drawn.dtype == np.float32
        assert drawn.shape == (400, 128)
        np.testing.assert_allclose((drawn.astype(np.float64) ** 2).sum(axis=1), 1.0, atol=1e-6)
        cosines = drawn @ drawn.T
        assert cosines[same].mean() == pytest.approx(within, abs=0.05)
        assert cosines[other].mean() == pytest.approx(between, abs=0.05)
        if distribution == "tight":
            assert np.quantile(cosines[same | other], 0.05) > 0.65
            assert np.quantile(cosines[same | other], 0.95) < 0.9


def test_workloads_have_the_stated_extents(small_workloads: Workloads) -> None:
    """Eight partitions, 16 ops of k = 10, and the least traffic spelled out."""
    for distribution, drawn in small_workloads.items():
        build = drawn.build_inputs
        assert drawn.combo == f"{distribution}/128x16"
        assert (build["codebook"].shape, build["codebook"].dtype) == ((16, 256, 8), np.float32)
        assert (build["centroids"].shape, build["centroids"].dtype) == ((8, 128), np.float32)
        assert drawn.source.pools.shape == (8, 16, N_ROWS["128x16"] // 8)
        assert drawn.least_bytes == 128 * 4 + 9 * 8 + 10 * 16
    assert [(shape.dim, shape.n_sub) for shape in SHAPES.values()] == [(128, 16), (768, 96), (1536, 96)]


def test_centroids_are_the_means_of_their_partitions(small_workloads: Workloads) -> None:
    """As k-means leaves them: shorter than 1, by much where a partition has no direction."""
    for distribution, least, most in (
        ("tight", 0.85, 0.95),
        ("separated", 0.85, 0.95),
        ("isotropic", 0, 0.2),
    ):
        drawn = small_workloads[distribution]
        lengths = np.sqrt((drawn.build_inputs["centroids"].astype(np.float64) ** 2).sum(axis=1))
        assert least < lengths.min() <= lengths.max() < most


def test_a_layout_has_an_empty_and_a_short_partition() -> None:
    """Of eight, all rows shared among them, and the rest uneven."""
    for seed in range(50):
        offsets = layout(SplitMix64(seed), 8_000)
        lengths = np.diff(offsets)
        assert offsets.dtype == np.int64
        assert (offsets[0], offsets[-1], len(lengths)) == (0, 8_000, 8)
        first, second, third, *_ = np.sort(lengths)
        assert first == 0 < second < K < third
    assert len({bytes(layout(SplitMix64(seed), 8_000)) for seed in range(50)}) == 50


def test_queries_have_all_lengths(small_workloads: Workloads) -> None:
    """From 2**-20 to 2**21, hardly ever near 1: who does not normalise is wrong in every op."""
    for drawn in small_workloads.values():
        queries = np.stack([op["query"] for op in drawn_ops(drawn, SEED)]).astype(np.float64)
        lengths = np.sqrt((queries**2).sum(axis=1))
        assert lengths.min() < 2.0**-5
        assert lengths.max() > 2.0**5
        assert (np.abs(lengths - 1) > 0.01).all()


def test_a_round_has_two_layouts_and_edits_between(small_workloads: Workloads) -> None:
    """All codes and all offsets with the first op and the ninth; else five to seven rows in place."""
    ops = drawn_ops(small_workloads["tight"], SEED)
    assert len(ops) == N_OPS
    for i, op in enumerate(ops):
        assert op["k"] == K
        if i % OPS_PER_LAYOUT == 0:
            assert op["codes"].shape == (16 * N_ROWS["128x16"],)
            assert "offsets" in op
        else:
            assert isinstance(op["codes"], Edit)
            assert "offsets" not in op
            assert len(op["codes"].at) in ((16 * 6, 16 * 7) if i % 4 == 3 else (16 * 5, 16 * 6))
    assert not np.array_equal(ops[0]["offsets"], ops[OPS_PER_LAYOUT]["offsets"])


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_each_op_plants_the_best_row_for_its_query(small_workloads: Workloads, distribution: str) -> None:
    """It is in the answer, and is not if the codes are those of the op before."""
    drawn = small_workloads[distribution]
    ops = seen(drawn_ops(drawn, SEED))
    for number, (before, now) in enumerate(pairwise(ops), start=1):
        if number % OPS_PER_LAYOUT == 0:
            continue
        right = distances(drawn, now)
        stale = distances(drawn, {**now, "codes": before["codes"]})
        kth = np.partition(right, K - 1)[K - 1]
        missed = (right < kth + 1e-4) & (stale > kth + 1e-3)
        assert missed.any(), number


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_row_of_another_partition_is_in_the_answer(small_workloads: Workloads, distribution: str) -> None:
    """Each op plants the last row of a partition that is not the query's, now and then of a far one.

    In `separated` the query is between the two, so it is one of the two nearest.
    """
    drawn = small_workloads[distribution]
    centroids = drawn.build_inputs["centroids"]
    ranks = []
    for op_inputs in seen(drawn_ops(drawn, SEED)):
        found = distances(drawn, op_inputs)
        kth = np.partition(found, K - 1)[K - 1]
        offsets = op_inputs["offsets"]
        last = offsets[1:][np.diff(offsets) > 0] - 1
        from_end = [row for row in last if found[row] <= kth]
        assert from_end
        order = np.argsort(((reference.direction(op_inputs["query"]) - centroids) ** 2).sum(axis=1))
        partition = np.searchsorted(offsets, from_end[-1], side="right") - 1
        ranks.append(int(np.flatnonzero(order == partition)[0]))
    assert max(ranks) >= (1 if distribution == "separated" else N_PARTITIONS - 2)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_each_op_plants_a_row_that_is_late(small_workloads: Workloads, distribution: str) -> None:
    """It is in the answer, and at one of four halves of the sub-vectors it is not among the best rows.

    On it a third of its partition's rows are nearer, at least, and in the median more than 0.85; and of
    all rows a third, but in `separated`, where only two partitions are near.
    """
    drawn = small_workloads[distribution]
    n_sub = drawn.build_inputs["n_sub"]
    numbers = np.arange(n_sub)
    first, even = numbers < n_sub // 2, numbers % 2 == 0
    in_partition, in_all, halves_seen = [], [], set()
    for op_inputs in seen(drawn_ops(drawn, SEED)):
        found = distances(drawn, op_inputs)
        answer = np.flatnonzero(found < np.partition(found, K - 1)[K - 1] - 1e-3)
        lates = []
        for number, half in enumerate((first, ~first, even, ~even)):
            partial = part_of_distances(drawn, op_inputs, half)
            for row in answer:
                p = int(np.searchsorted(op_inputs["offsets"], row, side="right"))
                own = partial[op_inputs["offsets"][p - 1] : op_inputs["offsets"][p]]
                if len(own) >= K:
                    nearer = float((own < partial[row]).mean()), float((partial < partial[row]).mean())
                    lates.append((*nearer, number))
        own_share, share, number = max(lates)
        in_partition.append(own_share)
        in_all.append(share)
        halves_seen.add(number)
    assert min(in_partition) > 0.33
    assert np.median(in_partition) > 0.85
    assert halves_seen == {0, 1, 2, 3}
    if distribution != "separated":
        assert min(in_all) > 0.33


def test_encoding_finds_the_nearest_codeword_and_the_first_of_equals() -> None:
    """Against the definition; then with all codewords equal."""
    stream = SplitMix64(SEED)
    codebook = stream.normals((3, 256, 5)).astype(np.float32)
    vectors = stream.normals((40, 15)).astype(np.float32)
    for vector, code in zip(vectors, quantizer.encode(codebook, vectors).T, strict=True):
        assert code.tolist() == reference.distance_table(codebook, vector).argmin(axis=1).tolist()
    codebook[:] = codebook[:, :1]
    assert not quantizer.encode(codebook, vectors).any()


def test_training_moves_codewords_to_the_means_of_their_vectors() -> None:
    """256 pairs one unit wide and far apart: two iterations end at the middle of each."""
    middles = 100.0 * np.arange(256, dtype=np.float32)[:, np.newaxis]
    sample = np.concatenate([middles - 0.5, middles + 0.5])
    np.testing.assert_array_equal(quantizer.train(PqShape(1, 1), sample)[0], middles)


def test_the_battery_holds_every_demanded_case(battery_cases: Cases) -> None:
    """Kinds of value, shapes, partitions, k below, at and above n, ties, and queries of all lengths."""
    cases = battery_cases
    names = [case.name for case in cases]
    assert len(set(names)) == len(names) >= 60
    for name, n_timed in (*N_ROWS.items(), ("odd", N_ROWS["128x16"])):
        sized = [case for case in cases if case.name.startswith(f"timed size {name}")]
        assert len(sized) == (2 if name in ("128x16", "odd") else 1)
        for case in sized:
            n_rows = int(case.ops[0]["offsets"][-1])
            assert 0.9 * n_timed <= n_rows <= 1.3 * n_timed
            assert n_rows % 2 == 1
            assert {33, 10, 100} <= {op["k"] for op in case.ops}
    for kind in KINDS:
        for shape_name in SHAPES:
            assert f"{kind} {shape_name}" in names
    for lengths in PARTITIONS:
        case = cases[names.index(f"partitions of {lengths} rows")]
        assert np.diff(case.ops[0]["offsets"]).tolist() == list(lengths)
        assert {op["k"] for op in case.ops} == {1, 10, max(sum(lengths), 1), sum(lengths) + 3}
    assert "changing partitions" in names
    shapes = {(case.build_inputs["n_sub"], case.build_inputs["codebook"].shape[2]) for case in cases}
    assert {3, 5, 20} <= {sub_dim for _, sub_dim in shapes}
    assert {1, 192} <= {n_sub for n_sub, _ in shapes}
    for what in (
        "codes 0 and 255",
        "rows from near to far",
        "rows from far to near",
        "identical rows",
        "identical partitions",
        "antipodal partitions",
        "ties across partitions",
        "exact match",
        "nearest row in the farthest partition",
        "scaled query",
        "unit query",
        "query along a centroid",
        "query of a row",
        "query opposite to a row",
        "query without a direction",
    ):
        assert sum(name.startswith(what) for name in names) == 2


def test_the_battery_is_what_its_names_say(battery_cases: Cases) -> None:
    """Matches at 0, ties across k = 10 and across partitions, and a NaN only without a direction."""
    for case in battery_cases:
        drawn, ops = case, seen(case.ops)
        assert len(ops) >= 3
        found = distances(drawn, ops[0])
        offsets = ops[0]["offsets"]
        nowhere = [bool(np.isnan(reference.direction(op["query"])).any()) for op in ops]
        if case.name.startswith("query without a direction"):
            assert nowhere == [True, False, True, True, True, True, True, False]
        elif case.name.startswith("partitions of"):
            assert nowhere == [False] * 4 + [True]
        elif case.name.startswith("timed size") and not case.name.endswith("near"):
            assert nowhere == [False] * 3 + [True, False]
            assert np.sort(found)[9] == np.sort(found)[32] == np.sort(found)[33]
        else:
            assert not any(nowhere)
        if case.name.startswith("exact match"):
            assert found.min() == pytest.approx(0.0, abs=1e-12)
        if case.name.startswith("nearest row in the farthest partition"):
            gaps = reference.direction(ops[0]["query"]) - drawn.build_inputs["centroids"]
            assert offsets[3] <= found.argmin() < offsets[4]
            assert (gaps**2).sum(axis=1).argmax() == 3
        if case.name.startswith("ties across partitions"):
            order = np.sort(found)
            assert order[6] < order[7] == order[9] == order[10] == order[14] < order[15]
            tied = np.flatnonzero(found == order[10])
            assert len(set(np.searchsorted(offsets, tied, side="right"))) == 2
        if case.name.startswith("identical partitions"):
            parts = np.split(found, offsets[1:-1])
            assert all(np.array_equal(part, parts[0]) for part in parts)


def test_the_battery_stays_where_normalised_vectors_are(battery_cases: Cases) -> None:
    """Centroids no longer than 1, no distance above 25, and no length that float32 can hold but hardly."""
    for case in battery_cases:
        lengths = (case.build_inputs["centroids"].astype(np.float64) ** 2).sum(axis=1)
        assert lengths.max() < 1 + 1e-6
        for op_inputs in seen(case.ops):
            found = distances(case, op_inputs)
            assert not (found > 25).any()
            with np.errstate(over="ignore", under="ignore"):
                square = np.cumsum(op_inputs["query"] ** 2, dtype=np.float32)[-1]
            if 0 < square < np.inf:
                assert 1e-35 < square < 1e35


def test_inputs_come_in_c_order_with_the_stated_types(battery_cases: Cases) -> None:
    """As the player's memory will hold them."""
    for case in battery_cases:
        n_rows = -1
        for op in case.ops:
            arrays = [case.build_inputs["codebook"], case.build_inputs["centroids"], op["query"]]
            for array in arrays:
                assert (array.dtype, array.flags.c_contiguous) == (np.float32, True)
            if "offsets" in op:
                assert op["offsets"].dtype == np.int64
                assert (np.diff(op["offsets"]) >= 0).all()
                n_rows = op["offsets"][-1]
            codes = op["codes"]
            if not isinstance(codes, Edit):
                assert (codes.dtype, codes.flags.c_contiguous) == (np.uint8, True)
                assert codes.shape == (n_rows * case.build_inputs["n_sub"],)
            assert isinstance(op["k"], int)
