"""How the referee calls a kernel of this target.

It runs in the player process beside the kernel, which nobody trusts: it knows
neither seed nor inputs nor reference, only how to pass on what it is given.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

Outputs = tuple[np.ndarray, ...]

ALIGNMENT = 64  # bytes


def prepare(kernels: ModuleType, build_inputs: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Outputs]:
    """Return the op: given queries and n_probes, the kernel's (ids, distances) of one query after another."""
    kernel = kernels.IvfKernel(aligned(build_inputs["centroids"]), build_inputs["metric"])

    def op(inputs: Mapping[str, Any]) -> Outputs:
        n_probes = inputs["n_probes"]
        outputs: list[np.ndarray] = []
        for query in inputs["queries"]:
            outputs.extend(kernel.find_partitions(query, n_probes))
        return tuple(outputs)

    return op


def aligned(array: np.ndarray) -> np.ndarray:
    """Return a copy of float32[n, dim], read-only, that begins at a multiple of 64 bytes, as in Arrow.

    In NumPy's own memory, for which it asks for huge pages: otherwise a kernel that did no more than copy
    would be faster, which is no gain for Lance.
    """
    room = np.empty(array.nbytes + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    copy = room[start : start + array.nbytes].view(np.float32).reshape(array.shape)
    copy[:] = array
    copy.flags.writeable = False
    return copy
