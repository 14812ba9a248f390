"""How the referee calls a kernel of this target.

It runs in the player process beside the kernel, which nobody trusts: it knows
neither seed nor inputs nor reference, only how to pass on what it is given.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

Outputs = tuple[np.ndarray, ...]


def prepare(kernels: ModuleType, build_inputs: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Outputs]:
    """Return the op: given queries and n_probes, the kernel's (ids, distances) of one query after another."""
    kernel = kernels.IvfKernel(build_inputs["centroids"], build_inputs["metric"])

    def op(inputs: Mapping[str, Any]) -> Outputs:
        n_probes = inputs["n_probes"]
        outputs: list[np.ndarray] = []
        for query in inputs["queries"]:
            outputs.extend(kernel.find_partitions(query, n_probes))
        return tuple(outputs)

    return op
