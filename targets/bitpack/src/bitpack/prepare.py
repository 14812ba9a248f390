"""How the referee calls a kernel of this target.

It runs in the player process beside the kernel, which nobody trusts: it knows
neither seed nor inputs nor reference, only how to pass on what it is given.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from bitpack import INLINE, OUT_OF_LINE

Outputs = tuple[np.ndarray, np.ndarray]


def prepare(kernels: ModuleType, build_inputs: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Outputs]:
    """Return the op: the values and no error, or no values and the kernel's ValueError as text in UTF-8.

    That text begins with "ValueError: " and so is never empty. There is nothing to build: what a page needs
    stands in the page.
    """
    kernel = kernels.BitpackKernel()

    def op(inputs: Mapping[str, Any]) -> Outputs:
        words, method = inputs["words"], inputs["method"]
        try:
            if method == INLINE:
                values = kernel.unpack_inline(words, inputs["chunk_starts"], inputs["n_values"])
            elif method == OUT_OF_LINE:
                values = kernel.unpack_out_of_line(words, inputs["width"], inputs["n_values"])
            else:
                values = kernel.unpack_levels(
                    words, inputs["buffer_starts"], inputs["width"], inputs["buffer_values"]
                )
        except ValueError as error:
            text = f"ValueError: {error}"
            return np.empty(0, words.dtype), np.array(bytearray(text.encode()), np.uint8)
        return values, np.empty(0, np.uint8)

    return op
