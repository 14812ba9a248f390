"""How the referee calls a kernel of this target.

It runs in the player process beside the kernel, which nobody trusts: it knows
neither seed nor inputs nor reference, only how to pass on what it is given.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from predicate import DISTANCES

Outputs = tuple[np.ndarray, ...]


def prepare(kernels: ModuleType, build_inputs: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Outputs]:
    """Return the op: the kernel's (distances,), or its (ids, distances) of the nearest, as `method` says."""
    kernel = kernels.HammingKernel(build_inputs["dim_bytes"])

    def op(inputs: Mapping[str, Any]) -> Outputs:
        if inputs["method"] == DISTANCES:
            return (kernel.distances(inputs["query"], inputs["codes"]),)
        ids, distances = kernel.top_k(inputs["query"], inputs["codes"], inputs["k"])
        return ids, distances

    return op
