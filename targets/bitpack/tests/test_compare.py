"""Kernels that are known to be wrong are caught, and the message names the output."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bitpack import INLINE, LEVELS, OUT_OF_LINE, reference
from bitpack.oracle import Expected, compare, expect
from bitpack.prepare import prepare
from bitpack.run_experiment import EXPERIMENT
from harness_common.tolerance import Mismatch
from referee import testing
from referee.workload import Case, Outputs

Cases = dict[str, Any]


@pytest.fixture(scope="module")
def cases(battery_cases: list[Case]) -> Cases:
    """Return the battery of one seed, case by case."""
    return {case.name: case for case in battery_cases}


class BitpackKernel:
    """The definition, dressed up as a kernel."""

    unpack_inline = staticmethod(reference.unpack_inline)
    unpack_out_of_line = staticmethod(reference.unpack_out_of_line)
    unpack_levels = staticmethod(reference.unpack_levels)


DEFINITION: Any = type("module", (), {"BitpackKernel": BitpackKernel})


def answered(cases: Cases, name: str, op: int) -> tuple[Expected, Outputs]:
    """Return what is expected of one op of a case, and the definition's answer."""
    return list(testing.answers(EXPERIMENT, cases[name], DEFINITION))[op]


def all_zero(values: np.ndarray, error: np.ndarray) -> Outputs:
    """The answer of a kernel that computes nothing."""
    return np.zeros_like(values), error


def one_bit_off(values: np.ndarray, error: np.ndarray) -> Outputs:
    """The top bit of the last value."""
    wrong = values.copy()
    wrong[-1] ^= 1 << 12
    return wrong, error


def one_value_left_out(values: np.ndarray, error: np.ndarray) -> Outputs:
    """One value too few."""
    return values[:-1], error


def padding_returned(values: np.ndarray, error: np.ndarray) -> Outputs:
    """The last chunk whole, with what stands behind its last value."""
    return np.concatenate([values, values[:924]]), error


def blocks_swapped(values: np.ndarray, error: np.ndarray) -> Outputs:
    """Two blocks of a chunk in each other's place."""
    wrong = values.copy()
    wrong[32:64], wrong[64:96] = values[64:96], values[32:64]
    return wrong, error


def wider_type(values: np.ndarray, error: np.ndarray) -> Outputs:
    """Right numbers of another type."""
    return values.astype(np.uint64), error


def signed_type(values: np.ndarray, error: np.ndarray) -> Outputs:
    """Right bits of another type."""
    return values.view(np.int32), error


def rows(values: np.ndarray, error: np.ndarray) -> Outputs:
    """Right values in another shape."""
    return values[np.newaxis], error


@pytest.mark.parametrize(
    "spoil",
    [
        *(all_zero, one_bit_off, one_value_left_out, padding_returned, blocks_swapped),
        *(wider_type, signed_type, rows),
    ],
)
def test_wrong_values_are_named(cases: Cases, spoil: Callable[..., Outputs]) -> None:
    """Each way of being wrong, from an answer that was right."""
    expected, outputs = answered(cases, "width 13 of 32", 0)
    compare(expected, outputs)
    with pytest.raises(Mismatch, match=r"^values: "):
        compare(expected, spoil(*outputs))


def test_an_error_on_good_input_is_named(cases: Cases) -> None:
    """Where values are expected, no text is right, with values or without."""
    expected, (values, _) = answered(cases, "width 13 of 32", 0)
    text = np.array(bytearray(b"chunk 0: bad"), np.uint8)
    for wrong in (values, values[:0]):
        with pytest.raises(Mismatch, match=r"^error: expected none, got 'chunk 0: bad'$"):
            compare(expected, (wrong, text))


@pytest.mark.parametrize(
    "text",
    [
        *("", "ValueError: ", "chunk 1", "chunk 11", "chunk 100: bad", "chunk  10", "Chunk 10", "buffer 10"),
        *("10", "chunk 9 chunk 10", "chunk 10 or chunk 11", "chunk 10, buffer 3", "chunk 0 chunk 1 chunk 10"),
    ],
)
def test_an_error_must_name_the_place_and_no_other(text: str) -> None:
    """As whole words; nothing else of the message is looked at."""
    expected = Expected(np.zeros(0, np.uint32), "chunk 10")
    for right in ("chunk 10", "ValueError: in chunk 10: width 77", "chunk 10, not 11; chunk 10"):
        compare(expected, (np.zeros(0, np.uint32), np.array(bytearray(right.encode()), np.uint8)))
    with pytest.raises(Mismatch, match=r"^error: expected one that names chunk 10 and no other, got "):
        compare(expected, (np.zeros(0, np.uint32), np.array(bytearray(text.encode()), np.uint8)))


def test_values_beside_an_error_are_wrong() -> None:
    """On corrupt input there are none, of the type of the words."""
    expected = Expected(np.zeros(0, np.uint32), "chunk 1")
    text = np.array(bytearray(b"chunk 1"), np.uint8)
    for values in (np.zeros(1024, np.uint32), np.zeros(0, np.uint64)):
        with pytest.raises(Mismatch, match=r"^values: "):
            compare(expected, (values, text))
    with pytest.raises(Mismatch, match=r"^error: "):
        compare(expected, (np.zeros(0, np.uint32), text.astype(np.int8)))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_there_are_two_outputs(cases: Cases, count: int) -> None:
    """Neither fewer nor more."""
    expected, outputs = answered(cases, "width 13 of 32", 0)
    with pytest.raises(Mismatch, match=rf"^outputs: expected 2 \(values, error\), got {count}$"):
        compare(expected, (outputs * 2)[:count])


@pytest.mark.parametrize(
    "name", ["corrupt pages of 32", "corrupt columns of 5 of 64, width 23", "corrupt levels of width 2"]
)
def test_every_corrupt_op_is_one_and_the_good_ones_are_good(cases: Cases, name: str) -> None:
    """Each names a place; the first, one in the middle and the last are the good ones."""
    n_good = 0
    for expected, outputs in testing.answers(EXPERIMENT, cases[name], DEFINITION):
        compare(expected, outputs)
        kind = "buffer" if "levels" in name else "chunk"
        n_good += not expected.place
        assert not expected.place or expected.place.split()[0] == kind
        assert bool(expected.place) == (len(expected.values) == 0)
    assert n_good == 3


def test_the_op_calls_the_method_it_is_asked_for() -> None:
    """A stand-in for kernels.py that only says what it was asked; a ValueError becomes text, others pass."""

    class Asked:
        def unpack_inline(self, *arguments: Any) -> Any:
            return "inline", *arguments

        def unpack_out_of_line(self, *arguments: Any) -> Any:
            raise ValueError(f"chunk 3: {arguments[1:]}")

        def unpack_levels(self, *arguments: Any) -> Any:
            raise IndexError(arguments[1:])

    stand_in: Any = type("module", (), {"BitpackKernel": Asked})
    op: Any = prepare(stand_in, {})
    words = np.zeros(3, np.uint16)
    found, error = op({"method": INLINE, "words": words, "chunk_starts": "s", "n_values": 7})
    assert found == ("inline", words, "s", 7)
    assert (error.dtype, error.shape) == (np.uint8, (0,))
    found, error = op({"method": OUT_OF_LINE, "words": words, "width": 2, "n_values": 9})
    assert (found.dtype, found.shape, error.tobytes()) == (np.uint16, (0,), b"ValueError: chunk 3: (2, 9)")
    with pytest.raises(IndexError, match="s"):
        op({"method": LEVELS, "words": words, "buffer_starts": "s", "width": 2, "buffer_values": "n"})


def test_an_error_without_a_message_is_one_all_the_same(cases: Cases) -> None:
    """An empty page is good input, whose values are as empty as those beside an error."""

    class Silent:
        def unpack_inline(self, *arguments: Any) -> Any:
            raise ValueError

    stand_in: Any = type("module", (), {"BitpackKernel": Silent})
    op = next(op for op in testing.seen(cases["empty and inside, 32"].ops) if op["n_values"] == 0)
    with pytest.raises(Mismatch, match=r"^error: expected none, got 'ValueError: '$"):
        compare(expect({}, op), prepare(stand_in, {})(op))


def test_only_what_the_reference_calls_corrupt_is(cases: Cases, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another ValueError in it is a fault of its own, and passes through."""

    def broken(*arguments: Any) -> Any:
        raise ValueError("chunk 0: operands could not be broadcast")

    monkeypatch.setattr(reference, "unpack_inline", broken)
    with pytest.raises(ValueError, match="broadcast"):
        expect({}, testing.seen(cases["width 13 of 32"].ops)[0])


@pytest.mark.parametrize("method", [INLINE, OUT_OF_LINE, LEVELS])
def test_expected_is_what_the_reference_answers(cases: Cases, method: str) -> None:
    """In every method, on good input."""
    inputs = next(op for op in testing.seen(cases["every method"].ops) if op["method"] == method)
    expected = expect({}, inputs)
    assert expected.place == ""
    n_values = inputs["buffer_values"].sum() if method == LEVELS else inputs["n_values"]
    assert len(expected.values) == n_values
