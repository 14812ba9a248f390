"""Outputs that are known to be wrong are caught, and the message names the output."""

from collections.abc import Callable

import numpy as np
import pytest

from fsst import reference
from fsst.drawn import SYMBOLS, blocks, decode_op, page_op
from fsst.encoder import table_of
from fsst.oracle import compare, expect
from fsst.prepare import prepare
from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from referee.testing import seen
from referee.workload import Outputs

STRINGS = [bytes([2, 255, 255, 8]), b"", bytes([7, 7, 7]), bytes([0, 1])]
BAD = [*STRINGS[:2], bytes([0, 77]), STRINGS[3]]
NONE = np.empty(0, np.uint8)


def op_of(strings: list[bytes], chunked: bool = False) -> dict[str, object]:
    """Return one op's inputs."""
    make = page_op if chunked else decode_op
    more = () if chunked else (np.int32,)
    return seen([make(SplitMix64(1), table_of(SYMBOLS), blocks(strings, 2, chunked), *more)])[0]  # type: ignore[operator]


def right(strings: list[bytes] = STRINGS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the right outputs of an op."""
    data, offsets, error = (*expect({}, op_of(strings)).arrays, NONE)  # type: ignore[arg-type]
    return data, offsets, error


def test_the_right_outputs_pass() -> None:
    """As the reference, dressed up as a kernel, gives them through `prepare`, right input and bad."""
    stand_in = type("module", (), {"FsstKernel": lambda: reference})
    for strings in (STRINGS, BAD):
        for chunked in (False, True):
            inputs = op_of(strings, chunked)
            outputs = prepare(stand_in, {})(inputs)  # type: ignore[arg-type]
            compare(expect({}, inputs), outputs)  # type: ignore[arg-type]
            assert (outputs[-1].size > 0) == (strings is BAD)


def test_the_op_calls_chunk_by_chunk_if_asked() -> None:
    """Two chunks: two pairs of arrays, and the error last; of a bad one the error is of its own call."""
    stand_in = type("module", (), {"FsstKernel": lambda: reference})
    inputs = op_of(STRINGS, chunked=True) | {"method": "decode_page, chunk by chunk"}
    outputs = prepare(stand_in, {})(inputs)  # type: ignore[arg-type]
    assert [len(array) for array in outputs] == [5, 3, 28, 3, 0]
    compare(expect({}, inputs), outputs)  # type: ignore[arg-type]
    with pytest.raises(Mismatch, match=r"^data of call 1: "):
        compare(expect({}, inputs), (*outputs[:2], outputs[2] + 1, *outputs[3:]))  # type: ignore[arg-type]
    bad = op_of(BAD, chunked=True) | {"method": "decode_page, chunk by chunk"}
    assert expect({}, bad).error == "chunk 0"  # type: ignore[arg-type]


def one_byte_off(data: np.ndarray, offsets: np.ndarray, error: np.ndarray) -> Outputs:
    """One byte of the text is another."""
    return data ^ (np.arange(len(data)) == 17).astype(np.uint8), offsets, error


def all_zero(data: np.ndarray, offsets: np.ndarray, error: np.ndarray) -> Outputs:
    """The answer of a kernel that computes nothing."""
    return np.zeros_like(data), np.zeros_like(offsets), error


def last_byte_left_out(data: np.ndarray, offsets: np.ndarray, error: np.ndarray) -> Outputs:
    """A text that stops short."""
    return data[:-1], offsets, error


def eight_bytes_more(data: np.ndarray, offsets: np.ndarray, error: np.ndarray) -> Outputs:
    """A buffer that was not cut."""
    return np.append(data, np.zeros(8, np.uint8)), offsets, error


def nothing_refused(data: np.ndarray, offsets: np.ndarray, error: np.ndarray) -> Outputs:
    """No text and no error."""
    return NONE, np.zeros(0, np.int32), error


def offsets_of_codes(data: np.ndarray, offsets: np.ndarray, error: np.ndarray) -> Outputs:
    """Where the codes end, not the text."""
    return data, np.array([0, 4, 4, 7, 9], np.int32), error


def wide_offsets(data: np.ndarray, offsets: np.ndarray, error: np.ndarray) -> Outputs:
    """Offsets of another type than those that came."""
    return data, offsets.astype(np.int64), error


def offsets_not_from_zero(data: np.ndarray, offsets: np.ndarray, error: np.ndarray) -> Outputs:
    """Offsets that begin where the codes did."""
    return data, offsets + 1, error


def an_error_all_the_same(data: np.ndarray, offsets: np.ndarray, error: np.ndarray) -> Outputs:
    """Right text that is refused."""
    return data, offsets, np.frombuffer(b"string 0", np.uint8)


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (one_byte_off, "data"),
        (all_zero, "data"),
        (last_byte_left_out, "data"),
        (eight_bytes_more, "data"),
        (nothing_refused, "data"),
        (offsets_of_codes, "offsets"),
        (wide_offsets, "offsets"),
        (offsets_not_from_zero, "offsets"),
        (an_error_all_the_same, "error"),
    ],
)
def test_wrong_outputs_are_named(spoil: Callable[..., Outputs], name: str) -> None:
    """Each way of being wrong, from an answer that was right."""
    with pytest.raises(Mismatch, match=f"^{name}: "):
        compare(expect({}, op_of(STRINGS)), spoil(*right()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "message",
    [
        *("", "string 3: unknown", "string 22", "substring 2x", "chunk 2"),
        "string 0, string 1, string 2, string 3",
        "symbol table or string 2",
        "string 2 of chunk 2",
    ],
)
def test_an_error_must_name_the_place_and_no_other(message: str) -> None:
    """String 2 is bad: as a whole word, and no other."""
    expected = expect({}, op_of(BAD))  # type: ignore[arg-type]
    assert expected.error == "string 2"
    empty = np.zeros(0, np.int32)
    compare(expected, (NONE, empty, np.frombuffer(b"in string 2, at last", np.uint8)))
    with pytest.raises(Mismatch, match=r"^error: expected one that names 'string 2' alone, got "):
        compare(expected, (NONE, empty, np.frombuffer(message.encode(), np.uint8)))


def test_text_beside_an_error_is_refused() -> None:
    """The arrays before an error are empty."""
    expected = expect({}, op_of(BAD))  # type: ignore[arg-type]
    with pytest.raises(Mismatch, match=r"^data: "):
        compare(
            expected, (np.zeros(3, np.uint8), np.zeros(0, np.int32), np.frombuffer(b"string 2", np.uint8))
        )


@pytest.mark.parametrize("count", [0, 1, 2])
def test_outputs_are_three_or_more(count: int) -> None:
    """Neither text alone nor text and offsets."""
    with pytest.raises(Mismatch, match=f"^outputs: expected 3 or more .*, got {count}$"):
        compare(expect({}, op_of(STRINGS)), right()[:count])  # type: ignore[arg-type]
