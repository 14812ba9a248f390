"""Inputs follow from the seed alone, have the stated properties, and plant what they promise."""

import functools
import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from fts_bm25 import BLOCK, draws, inputs, oracle, reference
from fts_bm25.battery import GAPS, LENGTHS, STRETCHES, score_cases, small_battery
from fts_bm25.inputs import COMBOS, LARGE, SHAPES, redraw, speed_workloads, workload
from fts_bm25.traps import LAST, fold_case
from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from referee.testing import checksum, seen
from referee.workload import Case, Edit, Workload

SEED = 20_251_115
SMALL = pytest.mark.parametrize("combo", [combo for combo in COMBOS if combo[0] != LARGE], ids="/".join)

# Where one of these fails, the same seed draws other inputs: trials cannot be reproduced there.
GOLDEN: dict[tuple[str, str], int] = {
    ("3x-top10", "uniform"): 333305339,
    ("3x-top10", "clustered"): 2768009191,
    ("3x-top10", "equal"): 1814351384,
    ("stop+2-top10", "uniform"): 3053371148,
    ("stop+2-top10", "clustered"): 2866752239,
    ("stop+2-top10", "equal"): 2902158621,
    ("12x-top1000", "uniform"): 499136729,
    ("12x-top1000", "clustered"): 1728709896,
    ("5x-top100-large", "uniform"): 605166562,
}
GOLDEN_BATTERY = 711405441


@functools.cache
def drawn_once(shape_name: str, distribution: str) -> Workload:
    """Return the workload of `SEED`."""
    return workload(shape_name, distribution, SEED)


@pytest.mark.parametrize("combo", COMBOS, ids="/".join)
def test_a_seed_gives_the_same_bits_on_every_machine(combo: tuple[str, str]) -> None:
    """What a kernel is built from, and one round of ops, frozen."""
    drawn = drawn_once(*combo)
    assert checksum(drawn.build_inputs, *redraw(drawn, SEED)) == GOLDEN[combo]


def test_the_battery_is_the_same_bits_on_every_machine(battery_cases: list[Case]) -> None:
    """Every build input and every op, frozen."""
    parts = [part for case in battery_cases for part in (case.build_inputs, *case.ops)]
    assert checksum(*parts) == GOLDEN_BATTERY


def test_another_seed_gives_other_inputs(battery_cases: list[Case]) -> None:
    """In the battery, in its extents, in the lists and in the ops of a round."""
    other = small_battery(2)
    one = battery_cases[: len(other)]
    assert battery_cases[len(one)].name.startswith("timed: ")
    assert [case.name for case in one] != [case.name for case in other]
    same = [a.name for a, b in zip(one, other, strict=True) if checksum(*a.ops) == checksum(*b.ops)]
    assert set(same) <= {"no postings at all", "a sum that is rounded up"}
    drawn = drawn_once(*COMBOS[0])
    assert checksum(drawn.build_inputs) != checksum(workload(*COMBOS[0], 2).build_inputs)
    first, second = seen(redraw(drawn, 1)), seen(redraw(drawn, 2))
    for a, b in zip(first, second, strict=True):
        for name in ("blob", "blocks_of_term", "length", "terms", "idf"):
            assert not np.array_equal(a[name], b[name])


def test_workloads_are_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three shapes with three distributions, and a large one with one."""
    monkeypatch.setattr(inputs, "workload", lambda name, distribution, seed: drawn_once(name, distribution))
    workloads = speed_workloads(3)
    assert [one.combo for one in workloads] == [f"{distribution}/{name}" for name, distribution in COMBOS]
    assert len(COMBOS) == 9
    assert {len(redraw(one, 1)) for one in workloads[:1]} == {8}


def test_the_large_shape_is_beyond_the_last_cache() -> None:
    """40 MiB and more of inputs, and four ops."""
    drawn = drawn_once(LARGE, "uniform")
    ops = redraw(drawn, 5)
    assert len(ops) == 4
    n_bytes = sum(value.nbytes for value in seen(ops)[0].values() if isinstance(value, np.ndarray))
    assert n_bytes + drawn.source.doc_length.nbytes >= 40 << 20


def test_the_smallest_shape_fits_a_cache() -> None:
    """Half of a mebibyte, with what is returned."""
    drawn = drawn_once("12x-top1000", "uniform")
    first = seen(redraw(drawn, 5))[0]
    n_bytes = sum(value.nbytes for value in first.values() if isinstance(value, np.ndarray))
    assert n_bytes + drawn.source.doc_length.nbytes + 8 * 2_000 < 1 << 19


def test_the_least_traffic_is_spelled_out() -> None:
    """Four queries of three terms and k of 10; two of twelve and k of 1,000."""
    assert drawn_once("3x-top10", "equal").least_bytes == 8 * 40 + 16 + 8 * 12 // 2
    assert inputs.least_bytes(SHAPES["12x-top1000"]) == 8 * 2_000 + 8 + 8 * 24 // 2


@SMALL
def test_an_index_is_in_order(combo: tuple[str, str]) -> None:
    """Blocks follow each other, documents ascend, lengths and stored idf fit the lists."""
    drawn = drawn_once(*combo)
    shape = SHAPES[combo[0]]
    first: Any = seen(redraw(drawn, 6))[0]
    assert (first["block_start"][0], first["block_start"][-1]) == (0, len(first["blob"]))
    assert (first["length"] > 0).all()
    n_blocks = -(-first["length"] // BLOCK)
    np.testing.assert_array_equal(np.diff(first["blocks_of_term"]), n_blocks)
    assert (first["stored_idf"] > 0).all()
    for term in range(0, len(first["length"]), 7):
        documents, frequencies = oracle.decoded(first, term)
        assert len(documents) == first["length"][term]
        assert (np.diff(documents.astype(np.int64)) > 0).all()
        assert documents[-1] < shape.n_documents
        assert (frequencies >= 1).all()
        blocks = slice(*first["blocks_of_term"][term : term + 2])
        np.testing.assert_array_equal(first["block_first_doc"][blocks], documents[::BLOCK])


@SMALL
def test_every_op_changes_what_a_kernel_could_remember(combo: tuple[str, str]) -> None:
    """Terms, idf, mean length; and a block in place, without which the answer of query 0 or 1 is another."""
    drawn = drawn_once(*combo)
    ops = redraw(drawn, 9, 4)
    plain: list[Any] = seen(ops)
    for number, (op, (before, after)) in enumerate(zip(ops[1:], pairwise(plain), strict=True)):
        assert not np.array_equal(before["terms"], after["terms"])
        assert not np.array_equal(before["idf"], after["idf"])
        assert before["avgdl"] != after["avgdl"]
        assert isinstance(op["blob"], Edit)
        assert isinstance(op["block_max_score"], Edit)
        right = oracle.expect(drawn.build_inputs, after)
        stale = oracle.expect(drawn.build_inputs, {**after, "blob": before["blob"]})
        assert not np.array_equal(right[1][number % 2], stale[1][number % 2])
        with pytest.raises(Mismatch):
            oracle.compare(right, oracle.expect(drawn.build_inputs, before))


@SMALL
def test_what_is_planted_is_there(combo: tuple[str, str]) -> None:
    """Query 1 asks again; in some ops unknown and repeated terms and an idf of 0; masks that matter."""
    drawn = drawn_once(*combo)
    plain: list[Any] = seen(redraw(drawn, 11))
    n_changed = 0
    for number in inputs.AGAIN[len(plain)]:
        before, after = plain[number - 1 : number + 1]
        np.testing.assert_array_equal(before["terms"][1], after["terms"][1])
        np.testing.assert_array_equal(np.nextafter(before["idf"][1], np.float32(9e9)), after["idf"][1])
        again = oracle.expect(drawn.build_inputs, after)
        idf = after["idf"].copy()
        idf[1] = before["idf"][1]
        other = oracle.expect(drawn.build_inputs, {**after, "idf": idf})
        n_changed += int(not np.array_equal(again[1][1], other[1][1]))
    assert n_changed >= 1  # where all scores are alike, a sum may be rounded to what it was
    for number, op in enumerate(plain):
        odd = number in inputs.ODD
        assert (op["terms"] == -1).any() == odd
        assert (op["idf"] == 0).any() == odd
        repeated = [len(set(row[row >= 0].tolist())) < (row >= 0).sum() for row in op["terms"]]
        assert any(repeated) == odd
        assert (len(op["mask"]) > 0) == (number in inputs.MASKED)
        if len(op["mask"]):
            right = oracle.expect(drawn.build_inputs, op)
            without = oracle.expect(drawn.build_inputs, {**op, "mask": np.zeros(0, np.uint8)})
            # In the others a block of query 1 has changed, and so perhaps who would come first.
            assert number % 2 == 0 or without[0][1, 0] not in right[0][1]
            assert not np.array_equal(without[0][1], right[0][1])


def test_distributions_are_what_they_say() -> None:
    """Lengths and frequencies that vary; documents in runs; everything the same."""
    stream = SplitMix64(4)
    lengths = draws.document_lengths(stream, 2**17, "uniform")
    assert lengths.min() <= 3
    assert 1_000 < lengths.max() <= 4_000
    assert len({lengths[i : i + 64].tobytes() for i in range(0, len(lengths), 64)}) == len(lengths) // 64
    assert 60 < np.median(lengths) < 120
    assert set(draws.document_lengths(stream, 1_000, "equal")) == {draws.EQUAL_LENGTH}
    for distribution, least, most in (("uniform", 0.0, 0.2), ("clustered", 0.8, 1.0), ("equal", 0.0, 0.2)):
        documents, frequencies = draws.posting_list(stream, lengths, 4_000, distribution)
        per_run = np.sort(np.bincount(documents // draws.RUN, minlength=64))[::-1]
        assert least <= per_run[:6].sum() / len(documents) <= most, distribution
        assert (len(set(frequencies.tolist())) == 1) == (distribution == "equal")
    assert draws.idf_of(100, 1_000_000) == pytest.approx(np.log(1_000_000.5 / 100.5), rel=0.02)


def test_the_battery_holds_every_demanded_case(battery_cases: list[Case]) -> None:
    """Lengths, gaps, mean lengths, masks, timed shapes, timed sizes."""
    cases = {case.name: case for case in battery_cases}
    names = [*cases]
    assert len(cases) == len(battery_cases) >= 70
    for length in LENGTHS:
        assert f"lists of {length}" in cases
    for gap in GAPS:
        assert f"gaps of {gap}" in cases
    for stretch in STRETCHES:
        assert f"mean length {stretch} of the stored one" in cases
    for name in ("nobody", "the last", "everybody", "half", "without the best"):
        assert f"mask: {name}" in cases
    for name in (
        "idf of 0",
        "unknown and repeated terms, k of 0",
        "sixteen terms, near ties",
        "a sum that is rounded up",
        "differences of 1 to 23 bits",
        "frequencies of 1 to 32 bits",
        "seventy slots",
        "2,100 terms, forty queries",
        "idf at their ends, mean length 1",
        "idf at their ends, mean length 4294967296",
        *(f"tight bounds at {stretch} times the mean, 6145 documents" for stretch in (1.0, 2.0, 50.0)),
    ):
        assert name in cases
    assert sorted(name.split("/")[-1] for name in names if name.startswith("timed: ")) == sorted(SHAPES)
    for shape_name, shape in SHAPES.items():
        sizes = [
            len(cases[name].build_inputs["doc_length"])  # type: ignore[arg-type]
            for name in names
            if name.startswith(f"large: {shape_name},")
        ]
        assert len(sizes) == 2
        assert shape.n_documents in sizes
        assert any(re.fullmatch(f"tight .*mean, {shape.n_documents} documents", name) for name in names)
        assert all(0.9 * shape.n_documents <= size <= 1.3 * shape.n_documents for size in sizes)


def test_the_rounded_sum_wins() -> None:
    """Two queries sum up document 20,000 to one bit more than document 0 has, the third to a tie."""
    case = fold_case()
    op: Any = seen(case.ops)[0]
    ids, scores, _ = oracle.expect(case.build_inputs, op)
    assert ids[:, 0].tolist() == [20_000, 20_000, 0]
    assert scores[:2, 0].tolist() == [np.float32(2.7779381275)] * 2
    assert scores[2, 0] == np.float32(2.7779378891) < scores[0, 0]


def test_frequencies_and_differences_have_every_width(battery_cases: list[Case]) -> None:
    """In whole blocks of the cases that are there for it."""
    for start, widths, after in (
        ("frequencies of", range(1, 33), True),
        ("differences of", range(1, 24), False),
    ):
        case = next(case for case in battery_cases if case.name.startswith(start))
        op: Any = case.ops[0]
        found = set()
        for block in np.flatnonzero(np.diff(op["block_start"]) > 0):
            head = op["block_start"][block] + 8
            if block + 1 in op["blocks_of_term"]:
                continue
            width = int(op["blob"][head])
            found.add(int(op["blob"][head + 1 + 16 * width]) if after else width)
        assert found >= set(widths)


def test_lengths_and_frequencies_reach_their_ends() -> None:
    """Documents of no words and of 2**32 - 1, terms that stand there 2**32 - 1 times."""
    case = next(case for case in score_cases(SplitMix64(SEED)) if case.name.startswith("lengths and freq"))
    assert {0, LAST} <= set(np.asarray(case.build_inputs["doc_length"]).tolist())
    op: Any = seen(case.ops)[0]
    frequencies = np.concatenate([oracle.decoded(op, term)[1] for term in range(3)])
    assert {1, 10**9, LAST} <= set(frequencies.tolist())
    assert reference.contribution(np.float32(1), LAST, LAST, 1000.0) > 0
