"""How the referee calls a kernel of this target.

It runs in the player process beside the kernel, which nobody trusts: it knows
neither seed nor inputs nor reference, only how to pass on what it is given.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from pq_cosine import PqShape

Outputs = tuple[np.ndarray, np.ndarray]


def prepare(kernels: ModuleType, build_inputs: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Outputs]:
    """Return the op: given query, codes, offsets and k, the kernel's (ids, distances)."""
    shape = PqShape(build_inputs["dim"], build_inputs["n_sub"])
    kernel = kernels.PqKernel(shape, build_inputs["codebook"], build_inputs["centroids"])

    def op(inputs: Mapping[str, Any]) -> Outputs:
        ids, distances = kernel.search(inputs["query"], inputs["codes"], inputs["offsets"], inputs["k"])
        return ids, distances

    return op
