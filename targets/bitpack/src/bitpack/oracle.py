"""The comparison of a kernel's outputs with the reference, and what is expected of one op."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bitpack import INLINE, OUT_OF_LINE, reference
from harness_common.tolerance import Mismatch, require_array, require_equal
from referee.workload import Outputs, Value

PLACE = re.compile(r"\b(?:chunk|buffer) \d+\b")


@dataclass(frozen=True)
class Expected:
    """The reference's answer to one op.

    values  uint{T}[n]  empty where the input is corrupt
    place   what the error must name, as in "chunk 7"; empty where the input is good
    """

    values: np.ndarray
    place: str


def expect(build_inputs: Mapping[str, Value], op_inputs: Mapping[str, Value]) -> Expected:
    """Return what the reference says about one op, edits applied."""
    inputs: Mapping[str, Any] = op_inputs
    words, method = inputs["words"], inputs["method"]
    try:
        if method == INLINE:
            values = reference.unpack_inline(words, inputs["chunk_starts"], inputs["n_values"])
        elif method == OUT_OF_LINE:
            values = reference.unpack_out_of_line(words, inputs["width"], inputs["n_values"])
        else:
            values = reference.unpack_levels(
                words, inputs["buffer_starts"], inputs["width"], inputs["buffer_values"]
            )
    except reference.Corrupt as error:
        place = PLACE.match(str(error))
        assert place is not None
        return Expected(words[:0], place.group())
    return Expected(values, "")


def compare(expected: Expected, outputs: Outputs) -> None:
    """Do nothing if `outputs` is (values, error) as expected: every bit, or an error that names the place.

    It must name no other.

    Raises: Mismatch that names the output, otherwise.
    """
    if len(outputs) != 2:
        raise Mismatch(f"outputs: expected 2 (values, error), got {len(outputs)}")
    values, error = outputs
    require_array("error", error, np.uint8, (np.size(error),))
    text = error.tobytes().decode(errors="replace")
    if not expected.place and text:
        raise Mismatch(f"error: expected none, got {text!r:.200}")
    if expected.place and set(PLACE.findall(text)) != {expected.place}:
        raise Mismatch(f"error: expected one that names {expected.place} and no other, got {text!r:.200}")
    require_equal("values", expected.values, values)
