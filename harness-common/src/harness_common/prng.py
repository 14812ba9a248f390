"""SplitMix64: a random stream that is the same bits on every machine, version and platform.

NumPy's own generators may change their streams between releases (NEP 19), and an
input that changes under a ledger makes its rows incomparable. SplitMix64 is a
counter put through a mixer, so the i-th draw needs no earlier one: NumPy computes
n of them at once. Everything below is integer arithmetic or a single IEEE 754
operation at a time, so no libm or SIMD build can change a bit.

Not for secrets: anyone who sees one output can compute all the others.

Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators",
OOPSLA 2014; constants as in Vigna's splitmix64.c.
"""

import math
import operator

import numpy as np
from numpy.typing import NDArray

Shape = int | tuple[int, ...]

GAMMA = 0x9E3779B97F4A7C15
MASK = 2**64 - 1

# The sum of twelve uniforms on 0..65535 has this mean and, as one has variance
# (65536**2 - 1) / 12, the variance 65536**2 - 1.
NORMAL_SUM_MEAN = 12 * 65535 // 2
NORMAL_SUM_DEVIATION = math.sqrt(65536**2 - 1)


class SplitMix64:
    """A stream of random numbers that depends on its seed alone.

    Drawing n numbers at once gives the same stream as drawing them one by one.

    Raises: ValueError unless 0 <= seed < 2**64.
    """

    def __init__(self, seed: int) -> None:
        if not 0 <= seed <= MASK:
            raise ValueError(f"expected an integer from 0 to 2**64 - 1, got {seed}")
        self._state = operator.index(seed)

    def next_uint64(self) -> int:
        """Return the next 64 bits as an integer."""
        return int(self._draw(1)[0])

    def uint64(self, shape: Shape) -> NDArray[np.uint64]:
        """Return uint64[shape], one draw each, in C order."""
        return self._draw(_count(shape)).reshape(shape)

    def floats(self, shape: Shape) -> NDArray[np.float64]:
        """Return float64[shape] in [0, 1): multiples of 2**-53, one draw each."""
        top = (self._draw(_count(shape)) >> 11).astype(np.float64)  # below 2**53, so exact
        return (top * 2.0**-53).reshape(shape)

    def uniform(self, low: float, high: float, shape: Shape) -> NDArray[np.float64]:
        """Return float64[shape] between `low` and `high`, one draw each.

        `high` itself appears only where low + (high - low) * f rounds up to it.

        Raises: ValueError unless low < high and high - low is finite.
        """
        if not 0.0 < high - low < math.inf:
            raise ValueError(f"expected low < high, a finite distance apart, got low {low}, high {high}")
        return low + (high - low) * self.floats(shape)

    def normals(self, shape: Shape) -> NDArray[np.float64]:
        """Return float64[shape] of mean 0, variance 1 and nearly normal, three draws each.

        Each is the sum of twelve 16-bit integers, centred and scaled (Irwin-Hall).
        Not Box-Muller: log and cos differ in the last bit between libms and SIMD
        builds, so inputs would differ between machines; here the one operation
        that rounds is a division.

        The tails are thinner than a normal's and end near +-6 (5.99991): |value| > 3
        comes 0.75 times as often as it should, |value| > 4 only 0.27 times; the
        kurtosis is 2.9 instead of 3.
        """
        n = _count(shape)
        # A sum does not care in which order the machine stores the four parts of a draw.
        parts = self._draw(3 * n).view(np.uint16).reshape(n, 12)
        sums: NDArray[np.int64] = parts.sum(axis=1, dtype=np.int64)
        return ((sums - NORMAL_SUM_MEAN).astype(np.float64) / NORMAL_SUM_DEVIATION).reshape(shape)

    def integers(self, low: int, high: int, shape: Shape) -> NDArray[np.int64]:
        """Return int64[shape] in [low, high), one draw each.

        The top 32 bits of a draw times the range, shifted right by 32. No draw is
        rejected, so each value's probability is off by a factor of up to
        1 +- (high - low) / 2**32.

        Raises: ValueError unless low < high <= low + 2**32, both in the range of int64.
        """
        if not -(2**63) <= low < high <= min(low + 2**32, 2**63):
            raise ValueError(f"expected int64 low < high <= low + 2**32, got low {low}, high {high}")
        scaled = (self._draw(_count(shape)) >> 32) * np.uint64(high - low)
        return ((scaled >> 32).astype(np.int64) + low).reshape(shape)

    def permutation(self, n: int) -> NDArray[np.int64]:
        """Return int64[n], the integers 0..n-1 in random order, from n draws.

        Cost: one stable sort of n draws.
        """
        return np.argsort(self.uint64(n), kind="stable").astype(np.int64)

    def fork(self, label: int) -> "SplitMix64":
        """Return another stream, set by `label` and by how far this one has gone.

        This stream does not advance. Fork one stream for each purpose before
        drawing from any of them: an added draw in one then shifts none of the
        others. The same label at the same point gives the same stream.

        Every stream is a stretch of one cycle of length 2**64: two streams of n
        draws overlap with probability about n / 2**63.

        Raises: ValueError unless 0 <= label < 2**64.
        """
        return SplitMix64(SplitMix64(self._state ^ SplitMix64(label).next_uint64()).next_uint64())

    def _draw(self, n: int) -> NDArray[np.uint64]:
        """Return the next `n` outputs as uint64[n]."""
        z = np.arange(1, n + 1, dtype=np.uint64)
        z *= np.uint64(GAMMA)
        z += np.uint64(self._state)
        self._state = (self._state + n * GAMMA) & MASK
        z ^= z >> 30
        z *= np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> 27
        z *= np.uint64(0x94D049BB133111EB)
        z ^= z >> 31
        return z


def _count(shape: Shape) -> int:
    """Return the number of elements of `shape`."""
    extents = shape if isinstance(shape, tuple) else (shape,)
    if any(extent < 0 for extent in extents):
        raise ValueError(f"expected extents of 0 or more, got shape {shape}")
    return math.prod(extents)
