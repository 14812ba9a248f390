"""How the referee calls a kernel of this target.

It runs in the player process beside the kernel, which nobody trusts: it knows
neither seed nor inputs nor reference, only how to pass on what it is given.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from posting_intersect import SORTED, UNSORTED

Outputs = tuple[np.ndarray, np.ndarray, np.ndarray]


def prepare(kernels: ModuleType, build_inputs: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Outputs]:
    """Return the op: given distances, row ids, offsets and k, what the kernel for that order returns.

    There is nothing to build: Lance knows nothing of the lists before they come.
    """
    merges = {SORTED: kernels.merge_sorted, UNSORTED: kernels.merge_unsorted}

    def op(inputs: Mapping[str, Any]) -> Outputs:
        merge = merges[inputs["order"]]
        merged: Outputs = merge(inputs["distances"], inputs["row_ids"], inputs["offsets"], inputs["k"])
        return merged

    return op
