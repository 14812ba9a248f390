"""The baseline and the kernel give the reference's answers, in the battery and at the edges of the API."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from dictionary import inputs, reference
from dictionary.oracle import compare, expect
from dictionary.packing import pack
from dictionary.prepare import prepare
from dictionary.run_experiment import EXPERIMENT
from harness_common.prng import SplitMix64
from referee import player, testing
from referee.guarded import guarded_empty
from referee.workload import Case, Value

NO_NULLS = np.zeros(0, np.uint8)


def play(implementations: list[ModuleType], cases: list[Case]) -> None:
    """Play the cases with outputs from memory that ends where they end, as inputs do."""
    np.empty = guarded_empty
    ops = {module.__name__: prepare(module, {}) for module in implementations}
    for case in cases:
        inputs: dict[str, Value] = {}
        buffers: dict[str, np.ndarray] = {}
        for number, op_inputs in enumerate(case.ops):
            player.place(testing.read_only(op_inputs), inputs, buffers)
            expected = expect({}, inputs)
            for name, op in ops.items():
                print(f"{name}, case {case.name}, op {number}", flush=True)
                compare(expected, player.plain_copies(op(inputs), buffers))


def test_all_agree_and_touch_no_byte_outside_an_array(
    implementations: list[ModuleType], battery_cases: list[Case]
) -> None:
    """Every op of every case of the battery, answered by the definition, the baseline and the kernel.

    In a process of its own, which a byte read or written outside an array ends, and forked, so that nothing
    is imported or drawn twice; the last op printed is the one.
    """
    assert sum(len(case.ops) for case in battery_cases) > 1_000
    assert testing.forked(play, implementations, battery_cases) == 0


@pytest.mark.parametrize(
    "combo",
    [combo for combo in inputs.COMBOS if combo[1] != "zipf" and "large" not in combo[0]],
    ids="-".join,
)
def test_is_right_on_the_timed_inputs(implementation: ModuleType, combo: tuple[str, str]) -> None:
    """Three ops of each workload that the battery has no op of, but the largest."""
    ops = inputs.redraw(inputs.workload(*combo), 1)[:3]
    testing.check_case(EXPERIMENT, Case("timed", {}, ops), implementation)


def read_only(*arrays: Any) -> list[Any]:
    """Return the arguments as a player hands them over; for other ones Numba would compile anew."""
    return list(testing.read_only(dict(enumerate(arrays))).values())  # type: ignore[arg-type,call-overload]


def test_answers_a_small_question(implementation: ModuleType) -> None:
    """Every method, with its types."""
    kernel = implementation.DictionaryKernel()
    codes, validity = np.array([1, 9, 0], np.uint8), np.array([0b101], np.uint8)
    packed = pack(codes.astype(np.uint32))
    values = np.array([[1, 2], [3, 4]], np.uint64)
    offsets, data = np.array([0, 2, 5], np.int32), np.frombuffer(b"abcde", np.uint8)
    found = kernel.decode_fixed(*read_only(values, codes, validity))
    assert (found.dtype, found.tolist()) == (np.uint64, [[3, 4], [0, 0], [1, 2]])
    assert (
        found.tolist()
        == kernel.decode_packed_fixed(
            *read_only(values, packed.words, packed.chunk_starts, 3, validity)
        ).tolist()
    )
    for ends, joined in (
        kernel.decode_strings(*read_only(offsets, data, codes, validity)),
        kernel.decode_packed_strings(
            *read_only(offsets, data, packed.words, packed.chunk_starts, 3, validity)
        ),
    ):
        assert (ends.dtype, ends.tolist()) == (np.int32, [0, 3, 3, 5])
        assert (joined.dtype, joined.tobytes()) == (np.uint8, b"cdeab")


def test_leaves_nothing_behind(implementation: ModuleType) -> None:
    """An answer stays as it is when the next one is written."""
    kernel = implementation.DictionaryKernel()
    values = np.array([5, 6], np.uint16)
    first = kernel.decode_fixed(*read_only(values, np.array([0, 1], np.uint8), NO_NULLS))
    second = kernel.decode_fixed(*read_only(values, np.array([1, 0], np.uint8), NO_NULLS))
    assert (first.tolist(), second.tolist()) == ([5, 6], [6, 5])


@pytest.mark.parametrize("n", [0, 1, 1_023, 1_024, 1_025, 5_000])
@pytest.mark.parametrize("card", [1, 2, 77, 2**31, 2**32])
def test_packing_is_undone_by_the_definition(n: int, card: int) -> None:
    """Our packed inputs are what the layout says, at every width that they have."""
    codes = SplitMix64(n).integers(0, card, n).astype(np.uint32)
    packed = pack(codes >> np.arange(n, dtype=np.uint32) // np.uint32(1_024))
    found, fault = reference.unpack(packed.words, packed.chunk_starts, n)
    assert fault == ""
    np.testing.assert_array_equal(found, codes >> np.arange(n, dtype=np.uint32) // np.uint32(1_024))
