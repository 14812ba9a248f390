"""The filters that a trial times: columns, literals, and a row that passes and one that does not."""

from dataclasses import dataclass

import numpy as np

from harness_common.prng import SplitMix64
from predicate import (
    BETWEEN,
    EQ,
    FLOAT64,
    GE,
    IN,
    INT32,
    INT64,
    IS_NULL,
    LT,
    UINT8,
)
from predicate.expressions import Tree, all_of, any_of, bits_of, leaf, none_of


@dataclass(frozen=True)
class Filter:
    """A filter with its literals.

    dtypes    of the columns
    nullable  which of them have bitmaps
    tree      the filter
    passing   bits of a row for which it is true
    failing   bits of which each alone makes it false where the others pass
    """

    dtypes: tuple[int, ...]
    nullable: tuple[bool, ...]
    tree: Tree
    passing: tuple[int, ...]
    failing: tuple[int, ...]


SHARES = {"rare": 0.001, "half": 0.5, "most": 0.99, "ascending": 0.5}  # of the rows that are less
FIRST_DAY, LAST_DAY = 8035, 10592  # 1992-01-01 to 1998-12-31, in days since 1970, as TPC-H has them
DISCOUNTS = np.arange(11) / 100
MODES = 37 * np.arange(7)  # ship modes by code: some above 127, which closes signed bytes
DENSE = 4_096  # values of "dense" are below


def less(stream: SplitMix64, distribution: str) -> Filter:
    """Return `a < x` for an int32 column of which a known share is less."""
    limit = int(SHARES[distribution] * 2.0**32) - 2**31 + int(stream.integers(-(2**20), 2**20, 1)[0])
    tree = leaf(LT, 0, bits_of(INT32, limit))
    return Filter((INT32,), (False,), tree, (bits_of(INT32, limit - 1),), (bits_of(INT32, limit),))


def forecast(stream: SplitMix64, distribution: str) -> Filter:
    """Return the conjunction of TPC-H's query 6, with a ship mode besides, over four types.

    A year is 14 % of all days: an AND behind it sees few rows left. "wide" is five years, 70 %.
    """
    days = 1_790 if distribution == "wide" else 365
    first = FIRST_DAY + int(stream.fork(0).integers(100, LAST_DAY - FIRST_DAY - days - 100, 1)[0])
    modes = [int(code) for code in MODES[stream.fork(1).permutation(7)]]
    tree = all_of(
        leaf(BETWEEN, 0, first, first + days - 1),
        leaf(BETWEEN, 1, bits_of(FLOAT64, DISCOUNTS[5]), bits_of(FLOAT64, DISCOUNTS[7])),
        leaf(LT, 2, 24),
        leaf(IN, 3, *modes[:3]),
    )
    passing = first + days - 1, bits_of(FLOAT64, DISCOUNTS[7]), 23, modes[2]
    failing = first + days, bits_of(FLOAT64, DISCOUNTS[8]), 24, modes[3]
    return Filter((INT32, FLOAT64, INT64, UINT8), (False,) * 4, tree, passing, failing)


def nulls(stream: SplitMix64, distribution: str) -> Filter:
    """Return `(price BETWEEN 0.0 AND x OR price IS NULL) AND NOT (stock >= 100 OR stock = 7)`, with nulls.

    -0.0 is less and does not pass: closes comparing floats as processors do.
    """
    high = int(stream.integers(200, 400, 1)[0])
    bounds = bits_of(FLOAT64, 0), bits_of(FLOAT64, high)
    tree = all_of(
        any_of(leaf(BETWEEN, 0, *bounds), leaf(IS_NULL, 0)),
        none_of(any_of(leaf(GE, 1, 100), leaf(EQ, 1, 7))),
    )
    return Filter((FLOAT64, INT64), (True, True), tree, (bounds[1], 99), (bounds[1] + 1, 7))


def membership(stream: SplitMix64, distribution: str, n_literals: int) -> Filter:
    """Return `code IN (...)`; sixteen literals are of int64, one of them null, and so are some codes.

    "dense" literals are below 4,096, the others any; failing differs from a literal in its highest bit.
    """
    dtype = INT64 if n_literals == 16 else INT32
    width = 64 if dtype == INT64 else 32
    drawn = stream.fork(0).uint64(n_literals) >> np.uint64(64 - width)
    if distribution == "dense":
        drawn = stream.fork(0).permutation(DENSE)[:n_literals].astype(np.uint64)
    some: list[int | None] = [int(bits) for bits in drawn]
    last = int(drawn[-1])
    if n_literals == 16:
        some[int(stream.fork(1).integers(0, 15, 1)[0])] = None
    failing = last ^ 1 << (width - 1)
    return Filter((dtype,), (n_literals == 16,), leaf(IN, 0, *some), (last,), (failing,))
