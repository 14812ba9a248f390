"""The comparison of a kernel's outputs with the reference, and what is expected of one op."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fsst import CHUNK_BY_CHUNK, DECODE, expansion
from harness_common.tolerance import Mismatch, require_array, require_equal
from referee.workload import Outputs, Value

PLACE = re.compile(r"\b(?:symbol table|(?:string|chunk) \d+)\b")


@dataclass(frozen=True)
class Expected:
    """The reference's answer to one op.

    arrays  (data, offsets) of each call, end to end, or empty ones if a call raised
    error   what the message must name, empty if all was well
    """

    arrays: tuple[np.ndarray, ...]
    error: str


def expect(build_inputs: Mapping[str, Value], op_inputs: Mapping[str, Value]) -> Expected:
    """Return what the reference says about one op, edits applied."""
    method = op_inputs["method"]
    table, source, bounds = (
        op_inputs[name]
        for name in (("table", "codes", "offsets") if method == DECODE else ("table", "page", "chunk_starts"))
    )
    assert isinstance(table, np.ndarray)
    assert isinstance(source, np.ndarray)
    assert isinstance(bounds, np.ndarray)
    try:
        if method == DECODE:
            return Expected(expansion.decode(table, source, bounds), "")
        if method != CHUNK_BY_CHUNK:
            return Expected(expansion.decode_page(table, source, bounds), "")
        calls = [expansion.decode_page(table, source, np.array(ends)) for ends in pairwise(bounds)]
        return Expected(tuple(array for decoded in calls for array in decoded), "")
    except ValueError as error:
        place, _, _ = str(error).partition(":")
        dtype = bounds.dtype if method == DECODE else np.int32
        return Expected((np.empty(0, np.uint8), np.empty(0, dtype)), place)


def compare(expected: Expected, outputs: Outputs) -> None:
    """Do nothing if `outputs` has the expected arrays' bits, then an error that names the place and no other.

    Raises: Mismatch that names the output, otherwise.
    """
    if len(outputs) < 3:
        raise Mismatch(f"outputs: expected 3 or more (data, offsets, error), got {len(outputs)}")
    *arrays, error = outputs
    require_array("error", error, np.uint8, (np.asarray(error).size,))
    message = error.tobytes().decode(errors="replace")
    if not expected.error and message:
        raise Mismatch(f"error: expected none, got {message!r}")
    # No other place either: a message that lists them all says nothing.
    if expected.error and set(PLACE.findall(message)) != {expected.error}:
        raise Mismatch(f"error: expected one that names {expected.error!r} alone, got {message!r}")
    if len(arrays) != len(expected.arrays):
        raise Mismatch(f"outputs: expected {len(expected.arrays)} arrays before the error, got {len(arrays)}")
    for i, (want, got) in enumerate(zip(expected.arrays, arrays, strict=True)):
        name = ("data", "offsets")[i % 2]
        require_equal(name if len(arrays) == 2 else f"{name} of call {i // 2}", want, got)
