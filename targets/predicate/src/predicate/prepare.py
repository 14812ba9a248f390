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
    """Return the op: every batch is evaluated, one after the other; of each the bitmap, then the rows."""
    kernel = kernels.PredicateKernel(
        build_inputs["dtypes"],
        build_inputs["nodes"],
        build_inputs["literals"],
        build_inputs["literal_nulls"],
    )

    def op(inputs: Mapping[str, Any]) -> Outputs:
        buffer = inputs["buffer"]
        outputs: list[np.ndarray] = []
        for columns, n in zip(inputs["columns"], inputs["n_rows"].tolist(), strict=True):
            outputs += kernel.evaluate(buffer, columns, n)
        return tuple(outputs)

    return op
