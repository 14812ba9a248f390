"""Kernels that are known to be wrong are caught, and the message names the output."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dictionary import DECODE_FIXED, DECODE_STRINGS, reference
from dictionary.oracle import Expected, compare, expect
from dictionary.prepare import prepare
from harness_common.tolerance import Mismatch
from referee.testing import seen
from referee.workload import Case, Outputs

Cases = dict[str, Case]


class Right:
    """The reference as a kernel."""

    decode_fixed = staticmethod(reference.decode_fixed)
    decode_strings = staticmethod(reference.decode_strings)
    decode_packed_fixed = staticmethod(reference.decode_packed_fixed)
    decode_packed_strings = staticmethod(reference.decode_packed_strings)


class Kernels:
    """A module of kernels."""

    DictionaryKernel = Right


@pytest.fixture(scope="module")
def cases(battery_cases: list[Case]) -> Cases:
    """Return the cases by their names."""
    return {case.name: case for case in battery_cases}


def answered(cases: Cases, name: str, method: str) -> tuple[Expected, Outputs]:
    """Return what is expected of the first op of a case that calls `method`, and the right answer."""
    one = next(op for op in seen(cases[name].ops) if op["method"] == method)
    return expect({}, one), prepare(Kernels, {})(one)  # type: ignore[arg-type]


def all_zero(values: np.ndarray, error: np.ndarray) -> Outputs:
    """The answer of a kernel that looks at nothing."""
    return np.zeros_like(values), error


def one_bit(values: np.ndarray, error: np.ndarray) -> Outputs:
    """One value off by its least bit."""
    return np.where(np.arange(len(values)) == 17, values ^ np.uint64(1), values), error


def one_row_on(values: np.ndarray, error: np.ndarray) -> Outputs:
    """Every row has the value of the row before."""
    return np.roll(values, 1), error


def last_left_out(values: np.ndarray, error: np.ndarray) -> Outputs:
    """All rows but the last."""
    return values[:-1], error


def signed(values: np.ndarray, error: np.ndarray) -> Outputs:
    """The right bits in another type."""
    return values.view(np.int64), error


def in_pairs(values: np.ndarray, error: np.ndarray) -> Outputs:
    """The right bits in another shape."""
    return values[: len(values) // 2 * 2].reshape(-1, 2), error


@pytest.mark.parametrize("spoil", [all_zero, one_bit, one_row_on, last_left_out, signed, in_pairs])
def test_wrong_values_are_named(cases: Cases, spoil: Callable[..., Outputs]) -> None:
    """Each way of being wrong, from an answer that was right."""
    expected, outputs = answered(cases, "8 bytes, codes of 2", DECODE_FIXED)
    compare(expected, outputs)
    with pytest.raises(Mismatch, match=r"^values: "):
        compare(expected, spoil(*outputs))


def nothing_written(offsets: np.ndarray, data: np.ndarray, error: np.ndarray) -> Outputs:
    """Zeros in place of all."""
    return np.zeros_like(offsets), np.zeros_like(data), error


def zero_bytes(offsets: np.ndarray, data: np.ndarray, error: np.ndarray) -> Outputs:
    """Right lengths, no bytes."""
    return offsets, np.zeros_like(data), error


def one_byte(offsets: np.ndarray, data: np.ndarray, error: np.ndarray) -> Outputs:
    """The last byte wrong."""
    return offsets, np.append(data[:-1], data[-1] ^ 1).astype(np.uint8), error


def bytes_behind(offsets: np.ndarray, data: np.ndarray, error: np.ndarray) -> Outputs:
    """Room for a wide store left behind the last string."""
    return offsets, np.append(data, np.zeros(16, np.uint8)), error


def bytes_missing(offsets: np.ndarray, data: np.ndarray, error: np.ndarray) -> Outputs:
    """The last string cut."""
    return offsets, data[:-1], error


def without_first(offsets: np.ndarray, data: np.ndarray, error: np.ndarray) -> Outputs:
    """Where strings end, but not where the first begins."""
    return offsets[1:], data, error


def from_one(offsets: np.ndarray, data: np.ndarray, error: np.ndarray) -> Outputs:
    """Offsets that do not begin at 0."""
    return offsets + np.int32(1), data, error


def one_boundary(offsets: np.ndarray, data: np.ndarray, error: np.ndarray) -> Outputs:
    """A letter of one string given to the next."""
    return offsets + (np.arange(len(offsets)) == 9).astype(np.int32), data, error


def long_offsets(offsets: np.ndarray, data: np.ndarray, error: np.ndarray) -> Outputs:
    """Offsets of the wrong type."""
    return offsets.astype(np.int64), data, error


WRONG: list[tuple[Callable[..., Outputs], str]] = [
    (nothing_written, "offsets"),
    (zero_bytes, "data"),
    (one_byte, "data"),
    (bytes_behind, "data"),
    (bytes_missing, "data"),
    (without_first, "offsets"),
    (from_one, "offsets"),
    (one_boundary, "offsets"),
    (long_offsets, "offsets"),
]


@pytest.mark.parametrize(("spoil", "name"), WRONG, ids=lambda value: getattr(value, "__name__", value))
def test_wrong_strings_are_named(cases: Cases, spoil: Callable[..., Outputs], name: str) -> None:
    """Each way of being wrong, from an answer that was right."""
    expected, outputs = answered(cases, "strings of all lengths, the last of 17", DECODE_STRINGS)
    compare(expected, outputs)
    with pytest.raises(Mismatch, match=f"^{name}: "):
        compare(expected, spoil(*outputs))


def said(message: str) -> np.ndarray:
    """Return an error as an op returns it."""
    return np.frombuffer(message.encode(), np.uint8)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "row 102 in chunk 0",
        "row 1023 in chunk 1",
        "row 10234 in chunk 0",
        "chunk 0",
        "row 1023",
        "ROW 1023",
        "row 1023 in chunk 0, or row 1024 in chunk 1",
        "row 1023 in chunk 0, entry 3",
        " ".join(f"chunk {chunk}" for chunk in range(5)) + " row 1023",
    ],
)
def test_an_error_must_name_row_and_chunk(cases: Cases, message: str) -> None:
    """As whole words, and no other; any other words may stand around them."""
    expected, (values, error) = answered(cases, "corrupt: code in row 1023", DECODE_FIXED)
    compare(expected, (values, error))
    compare(expected, (values, said("in chunk 0, at row 1023: too large")))
    with pytest.raises(
        Mismatch, match=r"^error: expected one that names row 1023 and chunk 0 and no other, got "
    ):
        compare(expected, (values, said(message)))


def test_an_error_where_all_is_well_is_wrong(cases: Cases) -> None:
    """And an answer beside an error, too."""
    expected, (values, _) = answered(cases, "8 bytes, codes of 2", DECODE_FIXED)
    with pytest.raises(Mismatch, match=r"^error: expected none, got 'row 3 in chunk 0'$"):
        compare(expected, (values, said("row 3 in chunk 0")))
    expected, (values, error) = answered(cases, "corrupt: code in row 1023", DECODE_FIXED)
    with pytest.raises(Mismatch, match=r"^values: "):
        compare(expected, (np.zeros(9, values.dtype), error))


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_the_number_of_outputs_is_that_of_the_method(cases: Cases, count: int) -> None:
    """Neither fewer nor more."""
    expected, outputs = answered(cases, "every method", DECODE_STRINGS)
    with pytest.raises(Mismatch, match=rf"^outputs: expected 3 \(offsets, data, error\), got {count}$"):
        compare(expected, (outputs * 2)[:count])


def test_an_error_without_words_is_an_error(cases: Cases) -> None:
    """Empty input, for which there is an empty answer."""

    class Silent(Right):
        @staticmethod
        def decode_fixed(*arguments: Any) -> Any:
            raise ValueError

    class Failing:
        DictionaryKernel = Silent

    op = seen(cases["0 rows"].ops)[0]
    with pytest.raises(Mismatch, match=r"^error: expected none, got 'ValueError: '$"):
        compare(expect({}, op), prepare(Failing, {})(op))  # type: ignore[arg-type]


def test_only_what_the_definition_calls_corrupt_is_expected_as_an_error(
    cases: Cases,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A mistake of the definition's own is no answer."""

    def mistaken(*arguments: Any) -> Any:
        raise ValueError("row 0 in chunk 0")

    monkeypatch.setattr(reference, "decode_fixed", mistaken)
    with pytest.raises(ValueError, match=r"^row 0 in chunk 0$"):
        expect({}, seen(cases["0 rows"].ops)[0])


def test_only_a_value_error_is_an_answer(cases: Cases) -> None:
    """What else a kernel raises is its own fault."""

    class Fails(Right):
        @staticmethod
        def decode_fixed(*arguments: Any) -> Any:
            raise IndexError("row 0 in chunk 0")

    class Failing:
        DictionaryKernel = Fails

    with pytest.raises(IndexError):
        prepare(Failing, {})(seen(cases["every method"].ops)[0])  # type: ignore[arg-type]
