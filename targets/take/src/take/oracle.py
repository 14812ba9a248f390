"""The comparison of a kernel's outputs with the reference, and what is expected of one op."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness_common.tolerance import Mismatch, require_array, require_equal
from referee.workload import Outputs, Value
from take import MAP_OFFSETS, REMAP, TAKE_FIXED, TAKE_ROWS, TAKE_STRINGS, reference
from take.prepare import ARGUMENTS

NAMES = {
    TAKE_FIXED: ("values", "validity"),
    TAKE_ROWS: ("rows",),
    TAKE_STRINGS: ("offsets", "data"),
    REMAP: ("positions",),
    MAP_OFFSETS: ("addresses",),
}
PLACE = re.compile(r"\b(?:row|fragment)s?\s*\d+\b", re.IGNORECASE)  # other spellings are other places


@dataclass(frozen=True)
class Expected:
    """The reference's answer to one op.

    names    of the outputs
    outputs  the arrays, none if the input is corrupt
    place    the place that an error must name, as in `row 7`; empty if all is well
    """

    names: tuple[str, ...]
    outputs: tuple[np.ndarray, ...]
    place: str = ""


def expect(build_inputs: Mapping[str, Value], op_inputs: Mapping[str, Value]) -> Expected:
    """Return what the reference says about one op, edits applied."""
    method = op_inputs["method"]
    assert isinstance(method, str)
    try:
        found = getattr(reference, method)(*[op_inputs[name] for name in ARGUMENTS[method]])
    except ValueError as error:
        place = PLACE.match(str(error))
        assert place is not None
        return Expected(NAMES[method], (), place.group())
    return Expected(NAMES[method], found if isinstance(found, tuple) else (found,))


def compare(expected: Expected, outputs: Outputs) -> None:
    """Do nothing if `outputs` is the answer and no error, or an error that names the place and no other.

    Everything is compared bit by bit: -0.0 is not 0.0, and a NaN keeps its payload.

    Raises: Mismatch that names the output, otherwise.
    """
    if len(outputs) != len(expected.names) + 1:
        wanted = ", ".join((*expected.names, "error"))
        raise Mismatch(f"outputs: expected {len(expected.names) + 1} ({wanted}), got {len(outputs)}")
    *answer, error = outputs
    require_array("error", error, np.uint8, error.shape[:1])
    said = error.tobytes().decode(errors="replace")
    if expected.place:
        if set(PLACE.findall(said)) != {expected.place}:
            raise Mismatch(f"error: expected one that names {expected.place} and no other, got {said!r}")
        return
    if said:
        raise Mismatch(f"error: expected none, got {said!r}")
    for name, want, got in zip(expected.names, expected.outputs, answer, strict=True):
        require_equal(name, want, got)
