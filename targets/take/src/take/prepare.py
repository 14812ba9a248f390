"""How the referee calls a kernel of this target.

It runs in the player process beside the kernel, which nobody trusts: it knows
neither seed nor inputs nor reference, only how to pass on what it is given.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from take import MAP_OFFSETS, REMAP, TAKE_FIXED, TAKE_ROWS, TAKE_STRINGS

Outputs = tuple[np.ndarray, ...]

ARGUMENTS = {
    TAKE_FIXED: ("values", "validity", "indices", "index_validity"),
    TAKE_ROWS: ("vectors", "indices"),
    TAKE_STRINGS: ("offsets", "data", "indices"),
    REMAP: ("returned", "requested"),
    MAP_OFFSETS: ("offsets", "fragment_ids", "n_rows", "deleted_starts", "deleted"),
}
N_OUTPUTS = {TAKE_FIXED: 2, TAKE_ROWS: 1, TAKE_STRINGS: 2, REMAP: 1, MAP_OFFSETS: 1}


def prepare(kernels: ModuleType, build_inputs: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Outputs]:
    """Return the op: what the method returns, then an empty error; or empty arrays, then the error's bytes.

    Before the message stands `ValueError: `, so that an error without a text is one, too.
    There is nothing to build: the constructor knows nothing of the data.
    """
    kernel = kernels.TakeKernel()

    def op(inputs: Mapping[str, Any]) -> Outputs:
        method = inputs["method"]
        try:
            found = getattr(kernel, method)(*[inputs[name] for name in ARGUMENTS[method]])
        except ValueError as error:
            message = np.array(list(f"ValueError: {error}".encode()), np.uint8)
            return (*[np.zeros(0, np.uint8) for _ in range(N_OUTPUTS[method])], message)
        outputs: Outputs = found if type(found) is tuple else (found,)
        return (*outputs, np.zeros(0, np.uint8))

    return op
