"""How the referee calls a kernel of this target.

It runs in the player process beside the kernel, which nobody trusts: it knows
neither seed nor inputs nor reference, only how to pass on what it is given.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

Outputs = tuple[np.ndarray, np.ndarray, np.ndarray]
ARGUMENTS = (
    "blob",
    "block_start",
    "block_first_doc",
    "block_max_score",
    "blocks_of_term",
    "length",
    "stored_idf",
    "terms",
    "idf",
    "avgdl",
    "k",
    "mask",
)


def prepare(kernels: ModuleType, build_inputs: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Outputs]:
    """Return the op: given an index and queries, what the kernel finds.

    The kernel is built from what a partition has in memory before a query: the documents' lengths, and the
    mean of them when the index was written.
    """
    kernel = kernels.FtsBm25Kernel(build_inputs["doc_length"], build_inputs["stored_avgdl"])

    def op(inputs: Mapping[str, Any]) -> Outputs:
        found: Outputs = kernel.search(*(inputs[name] for name in ARGUMENTS))
        return found

    return op
