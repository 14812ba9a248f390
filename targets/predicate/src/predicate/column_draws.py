"""The columns of the timed filters: values and nulls of batches, in some order.

Large columns are one random block over and over, each copy turned by another number of rows.
"""

import numpy as np

from harness_common.prng import SplitMix64
from predicate import TYPES
from predicate.expressions import leaves
from predicate.filters import DENSE, DISCOUNTS, FIRST_DAY, LAST_DAY, MODES, Filter

Columns = tuple[list[np.ndarray], list[np.ndarray | None]]

BLOCK = 1 << 16  # rows of a large column that are drawn
CLUSTER = 512  # rows in a row that are null together
NULL_SHARE = 0.2


def draw(stream: SplitMix64, kind: str, distribution: str, one: Filter, n_batches: int, room: int) -> Columns:
    """Return of each column unsigned[n_batches, room], its bits, and bool[n_batches, room] or None."""
    n = n_batches * room
    drawn = min(n, BLOCK) if n > 4 * BLOCK else n
    makers = {"less": draw_less, "forecast": draw_forecast, "nulls": draw_nulls, "in": draw_members}
    values, valid = makers[kind](stream.fork(0), distribution, one, drawn, n)
    whole = [turned(stream.fork(1), column, n) if len(column) < n else column for column in values]
    shape = n_batches, room
    return (
        [
            column.astype(f"<u{TYPES[dtype].itemsize}", copy=False).reshape(shape)
            for column, dtype in zip(whole, one.dtypes, strict=True)
        ],
        [None if column is None else column.reshape(shape) for column in valid],
    )


def turned(stream: SplitMix64, block: np.ndarray, n: int) -> np.ndarray:
    """Return `n` rows of copies of a block, each beginning at a row of its own."""
    twice = np.concatenate([block, block])
    starts = stream.integers(0, len(block), -(-n // len(block))).tolist()
    return np.concatenate([twice[start : start + len(block)] for start in starts])[:n]


def draw_less(stream: SplitMix64, distribution: str, one: Filter, n: int, n_rows: int) -> Columns:
    """Return any int32; "ascending" ones run through all of them, up to a drawn place."""
    if distribution != "ascending":
        return [little(stream, n, 4)], [None]
    mean_step = 2**32 // n_rows
    steps = stream.fork(0).integers(0, 2 * mean_step, n)
    shift = int(stream.fork(1).integers(-(2**30), 2**30, 1)[0])
    block = np.cumsum(steps)
    copies = -(-n_rows // n)
    every = (block + int(block[-1]) * np.arange(copies)[:, np.newaxis]).reshape(-1)[:n_rows]
    return [np.clip(every - 2**31 + shift, -(2**31), 2**31 - 1).astype(np.int32).view("<u4")], [None]


def draw_forecast(stream: SplitMix64, distribution: str, one: Filter, n: int, n_rows: int) -> Columns:
    """Return days, discounts, quantities, modes; "ascending" days go through all years."""
    days = FIRST_DAY + stream.fork(0).integers(0, LAST_DAY - FIRST_DAY, n)
    if distribution == "ascending":
        days.sort()
    discounts = DISCOUNTS[stream.fork(1).integers(0, 11, n)].view("<u8")
    quantities = stream.fork(2).integers(1, 51, n).view("<u8")
    modes = MODES[stream.fork(3).integers(0, 7, n)]
    return [days.astype("<u4"), discounts, quantities, modes.astype("u1")], [None] * 4


def draw_nulls(stream: SplitMix64, distribution: str, one: Filter, n: int, n_rows: int) -> Columns:
    """Return prices below 1,000 and stocks below 200; a fifth null, row by row or 512 rows at once."""
    prices = stream.fork(0).floats(n) * 1000.0
    stocks = stream.fork(1).integers(0, 200, n).view("<u8")
    valid: list[np.ndarray | None] = []
    for k in range(2):
        own = stream.fork(2 + k)
        if distribution == "clustered":
            kept = np.repeat(own.floats(-(-n // CLUSTER)) >= NULL_SHARE, CLUSTER)[:n]
        else:
            kept = own.floats(n) >= NULL_SHARE
        valid.append(kept)
    return [prices.view("<u8"), stocks], valid


def draw_members(stream: SplitMix64, distribution: str, one: Filter, n: int, n_rows: int) -> Columns:
    """Return values of which a share is in the list; of the others half differ from a literal in one bit."""
    (_, _, some), width = next(leaves(one.tree)), TYPES[one.dtypes[0]].itemsize
    known = np.array([bits for bits in some if bits is not None], np.uint64)
    if distribution == "dense":
        values = stream.fork(0).integers(0, DENSE, n).astype(f"<u{width}")
    else:
        share = {"half": 0.5, "rare": 0.01}[distribution]
        hit = stream.fork(1).floats(n) < share
        bit = stream.fork(2).integers(0, 8 * width, n).astype(np.uint64)
        chosen = known[stream.fork(3).integers(0, len(known), n)]
        near = chosen ^ np.where(hit, np.uint64(0), np.uint64(1) << bit)
        any_bits = little(stream.fork(4), n, width)
        values = np.where(hit | (stream.fork(5).floats(n) < 0.5), near.astype(any_bits.dtype), any_bits)
    valid = stream.fork(6).floats(n) >= NULL_SHARE / 4 if one.nullable[0] else None
    return [values], [valid]


def little(stream: SplitMix64, n: int, width: int) -> np.ndarray:
    """Return unsigned[n] of `width` bytes, any bits, the same on every machine."""
    per_draw = 8 // width
    return stream.uint64(-(-n // per_draw)).astype("<u8").view(f"<u{width}")[:n]
