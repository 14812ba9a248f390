"""How the referee calls a kernel of this target.

It runs in the player process beside the kernel, which nobody trusts: it knows
neither seed nor inputs nor reference, only how to pass on what it is given.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from posting_intersect import INTERSECT, INTERSECT_BLOCKS

Outputs = tuple[np.ndarray, np.ndarray]

ARGUMENTS = {
    INTERSECT: ("docs", "list_start", "queries"),
    INTERSECT_BLOCKS: (
        *("blob", "block_start", "block_first_doc", "blocks_of_list", "length"),
        "queries",
    ),
}


def prepare(kernels: ModuleType, build_inputs: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Outputs]:
    """Return the op: given lists and queries, what the kernel's function for that form of lists returns.

    There is nothing to build: Lance knows nothing of the lists before they come.
    """
    functions = {INTERSECT: kernels.intersect, INTERSECT_BLOCKS: kernels.intersect_blocks}

    def op(inputs: Mapping[str, Any]) -> Outputs:
        method = inputs["method"]
        answers: Outputs = functions[method](*[inputs[name] for name in ARGUMENTS[method]])
        return answers

    return op
