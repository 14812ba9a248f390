"""Values that a shortcut gets wrong: the ends of every type, NaNs, zeros, and neighbours of the literals."""

from collections.abc import Sequence

import numpy as np

from predicate import FLOAT32, FLOAT64, INT64, TYPES

# Bits of a float32 and a float64: zero, the least subnormal, one, infinity, then NaNs: quiet, with a payload,
# signalling. The other half has the sign set.
FLOAT_SPECIALS = {
    FLOAT32: (0, 1, 0x3F800000, 0x7F800000, 0x7FC00000, 0x7FC12345, 0x7FA00001),
    FLOAT64: (0, 1, 0x3FF << 52, 0x7FF << 52, 0xFFF << 51, 0xFFF << 51 | 0x12345, 0x7FF << 52 | 1),
}


def specials(dtype: int) -> list[int]:
    """Return the bits of the values at which a type has its ends and its surprises."""
    width = 8 * TYPES[dtype].itemsize
    high = 1 << (width - 1)
    if dtype in FLOAT_SPECIALS:
        return [*FLOAT_SPECIALS[dtype], *(high | bits for bits in FLOAT_SPECIALS[dtype])]
    return [0, 1, 2 * high - 1, 2 * high - 2, high, high + 1, high - 1, high - 2]


def near(dtype: int, literals: Sequence[int]) -> np.ndarray:
    """Return bits in and around some literals, then the specials of the type, as unsigned of its width.

    The neighbours differ by one, in the highest bit, and in one of the high halves, which a cut to fewer bits
    or a float64 in between does not see.
    """
    width = 8 * TYPES[dtype].itemsize
    found: list[int] = []
    for bits in literals:
        found += [bits, bits + 1, bits - 1, bits ^ 1 << (width - 1), bits ^ 1 << width // 2]
        if dtype == INT64:
            found += [bits + (1 << 32), bits - (1 << 32), bits ^ 1 << 53]
    every = [bits & ((1 << width) - 1) for bits in [*found, *specials(dtype)]]
    return np.array(every, np.uint64).astype(f"<u{width // 8}")
