"""The mean by which kernels are ranked."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def geomean(times_ns: Sequence[float] | NDArray[Any]) -> float:
    """Return the geometric mean of `times_ns`, in nanoseconds.

    times_ns  n > 0 numbers, each finite and above 0; ratios will do as well

    This mean and no other, because the ratio of two geometric means is the
    geometric mean of the ratios: the ranking does not depend on which kernel is
    the baseline, and a slow combo weighs no more than a fast one. The arithmetic
    mean of ratios can rank two kernels either way round.

    Error: relative, within a few 2**-53 * (1 + the largest |log|), from the rounding
    of the logs and of their sum, which NumPy adds pairwise.
    Raises: ValueError if there is no number, or one is zero, negative, nan or inf.
    Source: Fleming and Wallace, CACM 29(3), 1986.
    """
    values = np.asarray(times_ns, dtype=np.float64).ravel()
    if values.size == 0:
        raise ValueError("expected at least one number, got none")
    wrong = np.flatnonzero(~(np.isfinite(values) & (values > 0.0)))
    if wrong.size:
        index = wrong[0]
        raise ValueError(f"value {index} is {values[index]}; expected a finite number above 0")
    # A product would overflow after some forty times of ten milliseconds; a sum of logs does not.
    return math.exp(float(np.log(values).mean()))
