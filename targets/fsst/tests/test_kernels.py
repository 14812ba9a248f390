"""The baseline and the kernel give the reference's answers, in the battery and at the edges of the API."""

import contextlib
import functools
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from fsst import DECODE, inputs
from fsst.encoder import table_of
from fsst.run_experiment import EXPERIMENT
from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from referee import testing
from referee.workload import Case

symbols_of = functools.cache(functools.partial(inputs.symbols_for, SplitMix64(1)))


def test_agrees_with_the_reference(implementation: ModuleType, battery_cases: list[Case]) -> None:
    """Every op of every case of the battery, every input at the end of its memory."""
    for case in battery_cases:
        try:
            testing.check_case(EXPERIMENT, case, implementation)
        except Mismatch as wrong:
            wrong.add_note(case.name)
            raise


@pytest.mark.parametrize("combo", [combo for combo in inputs.COMBOS if "25M" not in combo[0]], ids="-".join)
def test_is_right_on_the_timed_inputs(implementation: ModuleType, combo: tuple[str, str]) -> None:
    """Six ops of every workload, the changed table among them."""
    drawn = inputs.workload(SplitMix64(1), *combo, symbols_of(combo[1]))
    testing.check_case(EXPERIMENT, Case("timed", {}, inputs.redraw(drawn, 1)[:6]), implementation)


def test_corrupt_input_makes_no_room_beyond_eight_times_its_own_size(
    implementation: ModuleType, battery_cases: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the offsets claim, what is asked for before they are refused is bounded by what was given."""
    asked: list[int] = []
    true_empty = np.empty

    def counted(*arguments: Any) -> np.ndarray:
        array = true_empty(*arguments)
        asked.append(array.nbytes)
        return array

    kernel = implementation.FsstKernel()
    for case in battery_cases:
        if not case.name.startswith("corrupt: ") or "timed" in case.name:
            continue
        for op in testing.seen(case.ops):
            given = testing.read_only({name: value for name, value in op.items() if name != "method"})
            names = (
                ("table", "codes", "offsets") if op["method"] == DECODE else ("table", "page", "chunk_starts")
            )
            array, bounds = given[names[1]], given[names[2]]
            with monkeypatch.context() as patch, contextlib.suppress(ValueError):
                patch.setattr(np, "empty", counted)
                (kernel.decode if op["method"] == DECODE else kernel.decode_page)(*(given[n] for n in names))
            assert max(asked) <= max(8 * array.nbytes, bounds.nbytes) + 8, case.name
            asked.clear()


def test_a_chunk_s_text_beyond_32_bits_is_refused_and_not_written(implementation: ModuleType) -> None:
    """As below, in the second of two chunks; an unknown code in the first comes before it."""
    n = 1 << 28
    page, starts = np.zeros(12 + 8 + n, np.uint8), np.array([0, 12, 20 + n])
    page[:20].view("<u4")[:] = 8, 9, 0, 8, 8 + n
    given = {"table": table_of([b"12345678"]), "page": page, "chunk_starts": starts}
    for code, place in ((0, r"\bchunk 1\b"), (1, r"\bchunk 0\b")):
        page[8] = code
        with pytest.raises(ValueError, match=place):
            implementation.FsstKernel().decode_page(**testing.read_only(given))


def test_text_beyond_32_bits_is_refused_and_not_written(implementation: ModuleType) -> None:
    """2**28 codes of a symbol of eight bytes are one byte too many for an int32; the zeros cost no memory."""
    n = 1 << 28
    codes, offsets = np.zeros(n, np.uint8), np.array([0, 100, n - 1, n], np.int32)
    given = testing.read_only({"table": table_of([b"12345678"]), "codes": codes, "offsets": offsets})
    with pytest.raises(ValueError, match=r"\bstring 2\b"):
        implementation.FsstKernel().decode(**given)
