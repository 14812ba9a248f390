"""How the referee calls a kernel of this target.

It runs in the player process beside the kernel, which nobody trusts: it knows
neither seed nor inputs nor reference, only how to pass on what it is given.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from dictionary import DECODE_FIXED, DECODE_PACKED_FIXED, DECODE_PACKED_STRINGS, DECODE_STRINGS

Outputs = tuple[np.ndarray, ...]

PACKED = ("words", "chunk_starts", "n_values", "validity")
ARGUMENTS = {
    DECODE_FIXED: ("values", "codes", "validity"),
    DECODE_STRINGS: ("offsets", "data", "codes", "validity"),
    DECODE_PACKED_FIXED: ("values", *PACKED),
    DECODE_PACKED_STRINGS: ("offsets", "data", *PACKED),
}
STRINGS = (DECODE_STRINGS, DECODE_PACKED_STRINGS)


def prepare(kernels: ModuleType, build_inputs: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Outputs]:
    """Return the op: what the method of the op's name returns, and its ValueError in words, as bytes.

    Of fixed values (values, error), of strings (offsets, data, error). Where there is an error the others
    are empty, and it is not, even if the ValueError says nothing.
    """
    kernel = kernels.DictionaryKernel()
    methods = {method: getattr(kernel, method) for method in ARGUMENTS}

    def op(inputs: Mapping[str, Any]) -> Outputs:
        method = inputs["method"]
        arguments = [inputs[name] for name in ARGUMENTS[method]]
        try:
            found = methods[method](*arguments)
        except ValueError as error:
            return *nothing(method, inputs), np.frombuffer(f"ValueError: {error}".encode(), np.uint8)
        no_error = np.empty(0, np.uint8)
        return (*found, no_error) if method in STRINGS else (found, no_error)

    return op


def nothing(method: str, inputs: Mapping[str, Any]) -> Outputs:
    """Return the empty outputs of an op that failed."""
    if method in STRINGS:
        return np.empty(0, np.int32), np.empty(0, np.uint8)
    return (np.empty((0, *inputs["values"].shape[1:]), inputs["values"].dtype),)
