"""Inputs follow from the seed alone, have the stated properties, and plant what they promise."""

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from dictionary import CHUNK_ROWS, DECODE_FIXED, draws, reference
from dictionary.battery import CODE_BYTES, LARGE, LENGTHS, ROW_COUNTS, WIDTHS, correctness_battery
from dictionary.inputs import COMBOS, DISTRIBUTIONS, SHAPES, redraw, speed_workloads, workload
from dictionary.ops import FIXED
from dictionary.oracle import expect
from dictionary.prepare import ARGUMENTS
from harness_common.prng import SplitMix64
from referee.testing import checksum, seen
from referee.workload import Case, Edit

SEED = 20_251_115
EVERY = pytest.mark.parametrize("combo", COMBOS, ids="-".join)

GOLDEN_ROUNDS = {
    ("strings-12B-32Ki", "uniform"): 3849043309,
    ("fixed-1B-512Ki", "uniform"): 4196660780,
    ("fixed-16B-large", "uniform"): 3805646097,
    ("packed-12B-12Ki", "uniform"): 2382530347,
    ("strings-60B-8Ki", "zipf"): 338895859,
    ("strings-60B-256Ki", "zipf"): 124256757,
    ("fixed-4B-64Ki", "zipf"): 2509886310,
    ("packed-16B-32Ki", "zipf"): 710491341,
    ("packed-60B-64Ki", "zipf"): 2009584758,
    ("strings-12B-32Ki", "runs"): 635740424,
    ("fixed-1B-512Ki", "runs"): 796625037,
    ("packed-16B-32Ki", "runs"): 3638123681,
    ("strings-12B-32Ki", "nulls"): 1027645382,
    ("strings-60B-8Ki", "nulls"): 1556890390,
    ("fixed-4B-64Ki", "nulls"): 2836419778,
    ("packed-60B-64Ki", "nulls"): 499020670,
}
GOLDEN_BATTERY = 1122750758


@cache
def drawn_ops(combo: tuple[str, str], seed: int = SEED) -> list[Any]:
    """Return the ops of one round, untyped: the tests know which input is an array, and change none."""
    return list(redraw(workload(*combo), seed))


@pytest.fixture(scope="module")
def places_in(battery_cases: list[Case]) -> dict[str, list[tuple[str, ...]]]:
    """Return by the name of a case of the battery what is to be named in each of its ops."""
    return {case.name: [expect({}, op).places for op in seen(case.ops)] for case in battery_cases}


def numbers(ops: list[Any]) -> list[Any]:
    """Return the ops without what is a word."""
    return [{name: value for name, value in op.items() if name != "method"} for op in ops]


def codes_of(op: Any) -> np.ndarray:
    """Return the codes of an op, unpacked."""
    if "codes" in op:
        return np.asarray(op["codes"], np.int64)
    return reference.unpack(op["words"], op["chunk_starts"], op["n_values"])[0].astype(np.int64)


def valid_of(op: Any, n: int) -> np.ndarray:
    """Return bool[n], true where a row of the op is not null."""
    return reference.valid_rows(op["validity"], n)


@EVERY
def test_a_seed_gives_the_same_bits_on_every_machine(combo: tuple[str, str]) -> None:
    """One round of ops, frozen: where this fails, trials cannot be reproduced."""
    assert checksum(*numbers(drawn_ops(combo))) == GOLDEN_ROUNDS[combo]


def test_the_battery_is_the_same_bits_on_every_machine(battery_cases: list[Case]) -> None:
    """Every op, frozen."""
    assert checksum(*(op for case in battery_cases for op in numbers(list(case.ops)))) == GOLDEN_BATTERY


def test_another_seed_gives_other_inputs(battery_cases: list[Case]) -> None:
    """In the battery, in its extents, and in the ops of a round."""
    other = correctness_battery(2)
    assert len(battery_cases) == len(other)
    assert [case.name for case in battery_cases] != [case.name for case in other]
    first, second = drawn_ops(COMBOS[0], 1), drawn_ops(COMBOS[0], 2)
    for a, b in zip(seen(first), seen(second), strict=True):
        assert not np.array_equal(a["data"], b["data"])
        assert (a["codes"] != b["codes"]).mean() > 0.9


def test_workloads_are_the_combos() -> None:
    """Every method, nine shapes, four distributions, no combo twice; the seed says nothing."""
    combos = [one.combo for one in speed_workloads(1)]
    assert combos == [f"{distribution}/{shape}" for shape, distribution in COMBOS]
    assert len(set(combos)) == 16
    assert {shape for shape, _ in COMBOS} == set(SHAPES)
    assert {distribution for _, distribution in COMBOS} == set(DISTRIBUTIONS)
    assert {SHAPES[shape].method for shape, _ in COMBOS} == set(ARGUMENTS)


def test_the_least_traffic_is_spelled_out() -> None:
    """Strings of 12 bytes for half of the rows at least; values of 16 bytes and codes of 4; 33 chunks."""
    assert workload("strings-12B-32Ki", "nulls").least_bytes == (
        4 * 32_772 + 12 * 16_385 + (4 * 32_771 + 4_096) // 2
    )
    assert workload("fixed-16B-large", "uniform").least_bytes == 18 * 786_435
    assert workload("packed-16B-32Ki", "zipf").least_bytes == 16 * 32_771 + 6 * 33


@EVERY
def test_the_least_traffic_is_less_than_what_an_op_has(combo: tuple[str, str]) -> None:
    """Outputs are written in full, and strings are longer than the bound."""
    one = workload(*combo)
    op = seen(drawn_ops(combo)[:1])[0]
    written = sum(array.nbytes for array in expect({}, op).answer.values())
    read = sum(op[name].nbytes for name in ("codes", "words", "chunk_starts", "validity") if name in op)
    assert one.least_bytes <= written + read / 2


def test_one_shape_stays_in_the_second_cache_and_one_leaves_every_cache() -> None:
    """Half of 512 KiB, and 32 MiB, on the machine of the published figures."""
    sizes = {}
    for combo in COMBOS:
        op = seen(drawn_ops(combo)[:1])[0]
        arrays = [value for value in op.values() if isinstance(value, np.ndarray)]
        sizes[combo] = sum(array.nbytes for array in [*arrays, *expect({}, op).answer.values()])
    assert sum(size < 1 << 20 for size in sizes.values()) >= 8
    assert sizes["packed-12B-12Ki", "uniform"] < 1 << 18
    assert max(sizes.values()) > 40 << 20


@EVERY
def test_ops_are_what_the_shape_says(combo: tuple[str, str]) -> None:
    """Types, extents, ops in fours, and no fault."""
    shape = SHAPES[combo[0]]
    ops = drawn_ops(combo)
    assert len(ops) == shape.n_ops
    assert shape.n_ops % 4 == 0
    for op in seen(ops[:2]):
        assert expect({}, op).places == ()
        codes = codes_of(op)
        assert len(codes) == shape.n_rows
        assert len(op["validity"]) == (-(-shape.n_rows // 8) if combo[1] == "nulls" else 0)
        if shape.method in FIXED:
            assert op["values"].nbytes == shape.card * shape.width
        else:
            lengths = np.diff(op["offsets"])
            assert len(lengths) == shape.n_entries
            assert tuple(lengths[shape.card :]) == draws.SPECIAL_LENGTHS
            assert op["offsets"][-1] == len(op["data"])
            ordinary = lengths[: shape.card]
            assert shape.lengths[0] - 1 <= ordinary.min() <= ordinary.max() <= shape.lengths[1] + 1
        if shape.method == DECODE_FIXED:
            assert op["codes"].itemsize == shape.code_bytes


@EVERY
def test_each_op_has_every_special_entry_and_ends_with_the_last(combo: tuple[str, str]) -> None:
    """The last entry, which ends where the data ends, is that of the last row, and the row is valid."""
    shape = SHAPES[combo[0]]
    special = range(shape.card - (shape.width > 0), shape.n_entries)
    for op in seen(drawn_ops(combo)[:2]):
        codes = codes_of(op)
        valid = valid_of(op, shape.n_rows)
        assert (codes[-1], valid[-1]) == (shape.n_entries - 1, True)
        assert (np.bincount(codes[valid], minlength=shape.n_entries)[special] > 0).all()


@EVERY
def test_each_edit_changes_the_answer(combo: tuple[str, str]) -> None:
    """With the codes of the op before, or with its dictionary, every op's answer would be another."""
    ops = seen(drawn_ops(combo)[:3])
    for before, after in pairwise(ops):
        right = expect({}, after).answer
        parts = [("values", "offsets", "data"), ("codes", "words", "chunk_starts")]
        if after is ops[1] and combo[1] == "nulls":
            parts.append(("validity",))
        for names in parts:
            old = {**after, **{name: before[name] for name in names if name in before}}
            answer = expect({}, old).answer
            assert any(not np.array_equal(answer[name], right[name]) for name in right), names


@EVERY
def test_every_other_op_brings_all_codes_anew(combo: tuple[str, str]) -> None:
    """And the ones between change some in place, as every op but the first changes the dictionary."""
    for i, op in enumerate(drawn_ops(combo)):
        codes = op.get("codes", op.get("words"))
        # packed codes that need another width come in other places, and so all anew
        assert isinstance(codes, np.ndarray) == (i % 2 == 0) or SHAPES[combo[0]].is_packed
        assert isinstance(op.get("validity"), Edit) == (i % 2 == 1 and combo[1] == "nulls")
        entries = [op[name] for name in ("values", "offsets") if name in op]
        assert all(isinstance(edit, Edit) == (i > 0) for edit in entries)


@pytest.mark.parametrize("combo", [combo for combo in COMBOS if combo[1] == "nulls"], ids="-".join)
def test_nulls_have_codes_that_no_entry_has(combo: tuple[str, str]) -> None:
    """One row of eight is null; most of them would be an error, and valid rows are not."""
    shape = SHAPES[combo[0]]
    for op in seen(drawn_ops(combo)[:3]):
        codes, valid = codes_of(op), valid_of(op, shape.n_rows)
        assert 0.11 < (~valid).mean() < 0.14
        assert (codes[valid] < shape.n_entries).all()
        assert (codes[~valid] >= shape.n_entries).mean() > 0.5
        assert len(np.unique(codes[~valid])) > 10


@pytest.mark.parametrize("combo", [combo for combo in COMBOS if combo[1] == "runs"], ids="-".join)
def test_runs_are_long_and_some_are_broken(combo: tuple[str, str]) -> None:
    """Nearly all neighbours agree; blocks of eight with equal ends and another code inside are there."""
    for op in seen(drawn_ops(combo)[:3]):
        codes = codes_of(op)
        assert 0.96 < (np.diff(codes) == 0).mean() < 0.999
        blocks = codes[: len(codes) // 8 * 8].reshape(-1, 8)
        broken = (blocks[:, 0] == blocks[:, 7]) & (blocks != blocks[:, :1]).any(axis=1)
        assert broken.sum() >= 50


@pytest.mark.parametrize("combo", [combo for combo in COMBOS if SHAPES[combo[0]].is_packed], ids="-".join)
def test_what_fills_up_the_last_chunk_has_codes_that_no_entry_has(combo: tuple[str, str]) -> None:
    """Half of it at least, and the chunk is no wider for it: its last row has the last entry."""
    shape = SHAPES[combo[0]]
    for op in seen(drawn_ops(combo)[:2]):
        n_chunks = len(op["chunk_starts"]) - 1
        codes = reference.unpack(op["words"], op["chunk_starts"], n_chunks * CHUNK_ROWS)[0]
        assert (codes[shape.n_rows :] >= shape.n_entries).mean() >= 0.5
        assert op["words"][op["chunk_starts"][-2]] == (shape.n_entries - 1).bit_length()


def test_sorted_codes_are_packed_in_chunks_of_different_widths() -> None:
    """Closes one width for all chunks; the zipf codes of the same shape all have twelve bits."""
    op = seen(drawn_ops(("packed-16B-32Ki", "runs"))[:1])[0]
    widths = op["words"][op["chunk_starts"][:-1]]
    assert len(np.unique(widths)) >= 3
    op = seen(drawn_ops(("packed-16B-32Ki", "zipf"))[:1])[0]
    assert set(op["words"][op["chunk_starts"][:-1]].tolist()) == {12}


def test_zipf_codes_follow_the_law() -> None:
    """Code 0 twice as often as code 1, ten times as often as code 9; codes far out come, too."""
    table = draws.zipf_table(65_500)
    counts = np.bincount(table, minlength=65_500)
    assert abs(counts[0] / counts[1] - 2) < 0.01
    assert abs(counts[0] / counts[9] - 10) < 0.1
    assert counts.min() >= 1
    codes = draws.zipf_codes(SplitMix64(1), table, 100_000)
    assert abs((codes == 0).mean() - counts[0] / len(table)) < 0.005
    assert codes.max() > 60_000


def test_the_battery_holds_every_demanded_case(battery_cases: list[Case]) -> None:
    """Types, lengths, counts, nulls, widths, faults, extents drawn afresh, timed shapes and sizes."""
    names = [case.name for case in battery_cases]
    assert len(set(names)) == len(names) >= 150
    for width in WIDTHS:
        for code_bytes in CODE_BYTES:
            assert f"{width} bytes, codes of {code_bytes}" in names
    for length in LENGTHS:
        assert f"strings of {length} bytes" in names
    for n in ROW_COUNTS:
        assert f"{n} rows" in names
    for width in range(33):
        assert f"packed: width {width}" in names
    for name in (
        *("all null", "garbage under nulls", "no entry and 1500 nulls", "one entry", "no entry and no row"),
        *("256 entries", "65536 entries", "all rows are entry 6", "text of several bytes per letter"),
        *("bytes before and after all entries", "an entry that is too long for all rows"),
        *(
            "packed: every place once",
            "packed: widths that differ",
            "packed: words before, between and after",
        ),
        *("corrupt: code in row 0", "corrupt: code in row 1023", "corrupt: code in row 1024"),
        *("corrupt: code in row 5000", "corrupt: no entry and a valid row", "corrupt: too many bytes"),
        "corrupt: n_values",
        *("corrupt: chunk 0", "corrupt: chunk 2", "corrupt: chunk 4", "corrupt: entry, two of them"),
    ):
        assert name in names
    assert sum(name.startswith("random: ") for name in names) == 8
    for shape in SHAPES:
        large = [name for name in names if name.startswith(f"corrupt: large, {shape}, ")]
        assert len(large) == 1
        n = int(large[0].split(", ")[2].split()[0])
        assert 0.9 * SHAPES[shape].n_rows <= n <= 1.3 * SHAPES[shape].n_rows + 1
        assert f"corrupt: as timed, {shape}, {SHAPES[shape].n_rows} rows" in names
    assert any(name.startswith("corrupt: large, too many bytes, ") for name in names)
    for shape in LARGE:
        assert any(name.startswith(f"large: {shape}, ") for name in names)


def test_faults_are_where_the_battery_says(
    battery_cases: list[Case], places_in: dict[str, list[tuple[str, ...]]]
) -> None:
    """Corrupt cases end well, all but the large ones, and name the place in all other ops."""
    for case in battery_cases:
        places = places_in[case.name]
        if not case.name.startswith("corrupt: "):
            assert not any(places), case.name
        elif ": large" in case.name or ": as timed" in case.name:
            assert all(places), case.name
        else:
            assert places[-1] == (), case.name
            assert sum(place == () for place in places) <= 4, case.name
        if case.name == "corrupt: code in row 1024":
            assert set(places[:-4]) == {("row 1024", "chunk 1")}
        if case.name == "corrupt: entry, one begins below 0":
            assert set(places[:-2]) == {("entry 39",)}
        if case.name == "corrupt: chunk 2":
            assert {place for place in places if place and place[0].startswith("row")} == {
                ("row 2047", "chunk 1")
            }
            assert {("chunk 1",), ("chunk 2",)} <= set(places)
        if case.name == "corrupt: n_values":
            assert set(places[:-4]) == {("chunk 0",), ("chunk 4",)}
        if case.name == "corrupt: too many bytes":
            assert set(places) == {
                (),
                ("chunk 1",),
                ("chunk 2",),
                ("row 3", "chunk 0"),
                ("row 2040", "chunk 1"),
                ("row 2047", "chunk 1"),
                ("row 2048", "chunk 2"),
            }


def test_large_faults_are_of_every_kind(
    battery_cases: list[Case], places_in: dict[str, list[tuple[str, ...]]]
) -> None:
    """Codes with and without nulls, entries of strings, and chunks; in as many rows as are timed, too."""
    for size in ("large", "as timed"):
        for name, shape in SHAPES.items():
            case = next(case for case in battery_cases if case.name.startswith(f"corrupt: {size}, {name}, "))
            places = places_in[case.name]
            assert [len(op["validity"]) > 0 for op in seen(case.ops[:4])] == [False, True] * 2
            assert all(place[0].startswith("row ") for place in places[:4])
            n_wrong_entries = 0 if shape.method in FIXED else 2
            assert [place[0].split()[0] for place in places[4:]] == (
                ["entry"] * n_wrong_entries + ["chunk"] * (13 if shape.is_packed else 0)
            )


def test_widths_are_what_the_battery_says(battery_cases: list[Case]) -> None:
    """The first chunk of `packed: width w` has w bits, though no entry has a code of more than nine."""
    for case in battery_cases:
        if case.name.startswith("packed: width "):
            op = seen(case.ops)[0]
            assert op["words"][op["chunk_starts"][0]] == int(case.name.split()[-1])
