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

    Of a ValueError the message's bytes are `error`, and the arrays before it are empty.
    """
    kernel = kernels.FsstKernel()

    def op(inputs: Mapping[str, Any]) -> Outputs:
        method, table = inputs["method"], inputs["table"]
        arrays: list[np.ndarray] = []
        try:
            if method == DECODE:
                arrays += kernel.decode(table, inputs["codes"], inputs["offsets"])
            elif method == CHUNK_BY_CHUNK:
                page, starts = inputs["page"], inputs["chunk_starts"]
                for c in range(len(starts) - 1):
                    arrays += kernel.decode_page(table, page, starts[c : c + 2])
            else:
                arrays += kernel.decode_page(table, inputs["page"], inputs["chunk_starts"])
        except ValueError as error:
            dtype = inputs["offsets"].dtype if method == DECODE else np.dtype(np.int32)
            message = np.frombuffer(str(error).encode(), np.uint8).copy()
            return np.empty(0, np.uint8), np.empty(0, dtype), message
        return *arrays, np.empty(0, np.uint8)

    return op
