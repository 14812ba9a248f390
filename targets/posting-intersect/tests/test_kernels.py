"""Baseline and kernel are right in all of the battery and at the edges of the API; what the battery has."""

from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np

from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from posting_intersect import BLOCK, INTERSECT, bulk, inputs, reference
from posting_intersect.battery import COUNTS, LENGTHS, length_cases
from posting_intersect.forms import both_forms
from posting_intersect.inputs import DISTRIBUTIONS, redraw, workload
from posting_intersect.run_experiment import EXPERIMENT
from referee import testing
from referee.testing import checksum, seen
from referee.workload import Case, OpInputs

SEED = 20_251_115
GOLDEN_BATTERY = 3797957639


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


def test_the_battery_is_the_same_bits_on_every_machine(battery_cases: list[Case]) -> None:
    """Every op of every case, frozen."""
    assert checksum(*(op for case in battery_cases for op in arrays(case.ops))) == GOLDEN_BATTERY


def test_the_battery_has_what_is_demanded(battery_cases: list[Case]) -> None:
    """By the names of its cases; every case asks for both forms but the largest."""
    names = [case.name for case in battery_cases]
    assert names[0] == "both forms"
    assert len(set(names)) == len(names)
    for part in (
        *(f"lists of {n}" for n in LENGTHS),
        *(f"{m} terms" for m in COUNTS),
        *(f"width {width}" for width in range(1, 33)),
        *("all of one list before the other", "one list twice", "even and odd", "runs"),
        *("shared: first", "shared: last", "shared: last of a block", "shared: first of the next block"),
        *("another list ends first, short", "another list ends first, long", "ends of the type, "),
        *("300 lists and queries", "65600 lists", "ends of the type, in a block alone"),
        *("no terms", "no queries", "no lists", "all missing", "empty lists", "random: "),
        *(f"large: {way}, 1.000, apart, timed" for ways in DISTRIBUTIONS.values() for way in ways),
    ):
        assert any(name.startswith(part) for name in names), part
    for case in battery_cases:
        if not case.name.startswith(("large", "timed")):
            assert {op["method"] for op in case.ops} == {"intersect", "intersect_blocks"}
    scales = [float(name.split(", ")[1]) for name in names if name.startswith("large")]
    assert min(scales) >= 0.9
    assert max(scales) <= 1.3


def test_the_battery_has_blocks_of_every_width(battery_cases: list[Case]) -> None:
    """Of the documents 1 to 32 bits, of long lists up to 31; of the frequencies 4 to 32."""
    found, tf_found, of_long = set(), set(), set()
    for case in battery_cases:
        op = next((one for one in seen(case.ops) if one["method"] != INTERSECT), None)
        if op is None or not case.name.startswith(("width", "large")):
            continue
        blob, is_large = op["blob"], case.name.startswith("large")
        for first, n in zip(op["blocks_of_list"], op["length"], strict=False):
            starts = op["block_start"][first : first + n // BLOCK]
            widths = blob[starts + 8]
            (of_long if is_large else found).update(widths.tolist())
            tf_found.update(blob[starts + 9 + 16 * widths.astype(np.int64)].tolist())
    assert found == set(range(1, 33))
    assert tf_found == set(range(4, 33))
    assert 31 in of_long


def test_a_large_case_has_the_extents_of_a_timed_op(battery_cases: list[Case]) -> None:
    """As many lists, and queries of as many terms; in `evens` exactly as many documents, with both ends."""
    (case,) = (case for case in battery_cases if case.name.startswith("large: evens, 1.000, apart, timed"))
    timed, op = redraw(workload("raw-2", "evens", 1), 1)[0], case.ops[0]
    for name in ("docs", "list_start", "queries"):
        assert op[name].shape == timed[name].shape  # type: ignore[union-attr]
    for one in lists_of(op)[:4]:
        assert (one[0], one[-1]) == (0, 2**32 - 1)
        assert np.diff(one).max() > 2**30


def test_large_lists_end_in_full_blocks_and_in_one_document(battery_cases: list[Case]) -> None:
    """Among those that a large case has beside the timed ones."""
    for case in battery_cases:
        if case.name.startswith("large") and "more lists" in case.name:
            long = [one for one in lists_of(case.ops[0]) if len(one) > 2_000]
            assert any(len(one) % BLOCK == 0 for one in long)
            assert any(
                len(one) % BLOCK == 1 and (one[-1] == 2**32 - 1 or "apart" in case.name) for one in long
            )


def test_agrees_with_the_reference(implementation: ModuleType, battery_cases: list[Case]) -> None:
    """In every case, and in ops of all workloads."""
    timed = [Case(one.combo, {}, redraw(one, 1)[:3]) for one in inputs.speed_workloads(2)]
    for case in [*battery_cases, *timed]:
        try:
            testing.check_case(EXPERIMENT, case, implementation)
        except Mismatch as wrong:
            wrong.add_note(case.name)
            raise


def called(function: Any, arrays: dict[str, np.ndarray], queries: list[list[int]], m: int) -> Any:
    """Return what a function answers to arrays as a player hands them over: others Numba compiles anew."""
    rows = np.array(queries, np.int32).reshape(-1, m)
    return function(*testing.read_only({**arrays, "queries": rows}).values())


def test_answers_a_small_question(implementation: ModuleType) -> None:
    """Three lists, in both forms; the outputs with their types."""
    lists = [np.array(one, np.uint32) for one in ([1, 5, 2**31, 2**32 - 1], [5, 9, 2**32 - 1], [0, 5])]
    raw, blocks = both_forms(SplitMix64(1), lists)
    for function, arrays in ((implementation.intersect, raw), (implementation.intersect_blocks, blocks)):
        start, ids = called(function, arrays, [[0, 1], [-1, 0], [1, 2], [1, 1]], 2)
        assert (start.dtype, ids.dtype) == (np.int64, np.uint32)
        assert start.tolist() == [0, 2, 2, 3, 6]
        assert ids.tolist() == [5, 2**32 - 1, 5, 5, 9, 2**32 - 1]
        assert called(function, arrays, [[0, 1, 2]], 3)[1].tolist() == [5]
        assert called(function, arrays, [], 2)[0].tolist() == [0]
        assert called(function, arrays, [[0, 2, 1, 1]], 4)[1].tolist() == [5]
        assert called(function, arrays, [[2]], 1)[1].tolist() == [0, 5]


def test_the_op_calls_what_the_method_says() -> None:
    """The reference, dressed up as a kernel: its answers, by both functions."""
    called_by: list[str] = []
    dressed = ModuleType("dressed")
    for name in ("intersect", "intersect_blocks"):

        def answer(*arguments: Any, name: str = name) -> Any:
            called_by.append(name)
            return getattr(reference, name)(*arguments)

        setattr(dressed, name, answer)
    case = next(case for case in length_cases(SplitMix64(1)) if case.name == "lists of 129")
    testing.check_case(EXPERIMENT, case, dressed)
    assert called_by == [op["method"] for op in case.ops]
    assert len(set(called_by)) == 2
