"""The comparison of a kernel's outputs with the reference, and what is expected of one op."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dictionary import reference
from dictionary.prepare import ARGUMENTS, STRINGS, nothing
from harness_common.tolerance import Mismatch, require_array, require_equal
from referee.workload import Outputs, Value

PLACE = re.compile(r"\b(?:entry|row|chunk) \d+\b")


@dataclass(frozen=True)
class Expected:
    """The reference's answer to one op.

    answer  what is returned besides the error, by name; empty arrays where there is an error
    places  what the error must name, and no other, such as "row 7205" and "chunk 7"; none where all is well
    """

    answer: dict[str, np.ndarray]
    places: tuple[str, ...]


def expect(build_inputs: Mapping[str, Value], op_inputs: Mapping[str, Value]) -> Expected:
    """Return what the reference says about one op, edits applied."""
    method = str(op_inputs["method"])
    names = ("offsets", "data") if method in STRINGS else ("values",)
    arguments: list[Any] = [op_inputs[name] for name in ARGUMENTS[method]]
    try:
        found = getattr(reference, method)(*arguments)
    except reference.Corrupt as error:
        places = tuple(PLACE.findall(str(error)))
        assert places
        return Expected(dict(zip(names, nothing(method, op_inputs), strict=True)), places)
    return Expected(dict(zip(names, found if method in STRINGS else (found,), strict=True)), ())


def compare(expected: Expected, outputs: Outputs) -> None:
    """Do nothing if `outputs` is the answer, to the bit, and no error; or an error with its places, no other.

    Raises: Mismatch that names the output, otherwise.
    """
    names = [*expected.answer, "error"]
    if len(outputs) != len(names):
        raise Mismatch(f"outputs: expected {len(names)} ({', '.join(names)}), got {len(outputs)}")
    error = outputs[-1]
    require_array("error", error, np.uint8, (error.size,))
    message = error.tobytes().decode(errors="replace")
    if message and not expected.places:
        raise Mismatch(f"error: expected none, got {message!r:.200}")
    if set(PLACE.findall(message)) != set(expected.places):  # no list of all places will do
        places = " and ".join(expected.places)
        raise Mismatch(f"error: expected one that names {places} and no other, got {message!r:.200}")
    for (name, want), got in zip(expected.answer.items(), outputs[:-1], strict=True):
        require_equal(name, want, got)
