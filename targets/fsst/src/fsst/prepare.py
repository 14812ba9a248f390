"""How the referee calls a kernel of this target.

It runs in the player process beside the kernel, which nobody trusts: it knows
neither seed nor inputs nor reference, only how to pass on what it is given.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from fsst import CHUNK_BY_CHUNK, DECODE

Outputs = tuple[np.ndarray, ...]


def prepare(kernels: ModuleType, build_inputs: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Outputs]:
    """Return the op: (data, offsets) of each call, then `error`, empty where all went well.

    Of a ValueError `ValueError: ` and the message are `error`, so that no error is empty, and the arrays
    before it are empty. A call returns two arrays, and for one chunk it is handed a copy of its bounds: none
    answers what the next one will ask.
    """
    kernel = kernels.FsstKernel()

    def op(inputs: Mapping[str, Any]) -> Outputs:
        method, table = inputs["method"], inputs["table"]
        arrays: list[np.ndarray] = []
        try:
            if method == DECODE:
                data, ends = kernel.decode(table, inputs["codes"], inputs["offsets"])
                arrays += data, ends
            elif method == CHUNK_BY_CHUNK:
                page, starts = inputs["page"], inputs["chunk_starts"]
                for c in range(len(starts) - 1):
                    own = np.frombuffer(starts[c : c + 2].tobytes(), np.int64)  # read-only, as all inputs
                    data, ends = kernel.decode_page(table, page, own)
                    arrays += data, ends
            else:
                data, ends = kernel.decode_page(table, inputs["page"], inputs["chunk_starts"])
                arrays += data, ends
        except ValueError as error:
            dtype = inputs["offsets"].dtype if method == DECODE else np.dtype(np.int32)
            message = np.frombuffer(f"ValueError: {error}".encode(), np.uint8).copy()
            return np.empty(0, np.uint8), np.empty(0, dtype), message
        return *arrays, np.empty(0, np.uint8)

    return op
