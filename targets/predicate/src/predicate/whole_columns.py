"""The definition once more, whole columns at a time: what `reference.py` says, for batches of any size.

The tests hold the two against each other. A result is two arrays of bool: where true, and where known.
"""

import numpy as np

from predicate import (
    AND,
    BETWEEN,
    EQ,
    FLOAT32,
    FLOAT64,
    GE,
    GT,
    IN,
    IS_NOT_NULL,
    IS_NULL,
    LE,
    LT,
    NE,
    NO_NULLS,
    NOT,
    TYPES,
    UINT8,
)

Result = tuple[np.ndarray, np.ndarray]

CHUNK = 1 << 15  # rows at a time, so that what is in between stays in the caches

COMPARISONS = {
    EQ: np.equal,
    NE: np.not_equal,
    LT: np.less,
    LE: np.less_equal,
    GT: np.greater,
    GE: np.greater_equal,
}


def selected(
    dtypes: np.ndarray,
    nodes: np.ndarray,
    literals: np.ndarray,
    literal_nulls: np.ndarray,
    buffer: np.ndarray,
    columns: np.ndarray,
    n: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return (bitmap uint8[ceil(n / 8)], rows uint32[count]); arguments as in `reference.selected`."""
    found = [np.zeros(0, np.bool_)]
    for start in range(0, n, CHUNK):
        columns_here = columns.copy()
        columns_here[:, 0] += start * np.array([TYPES[dtype].itemsize for dtype in dtypes.tolist()])
        columns_here[:, 2] += start
        m = min(CHUNK, n - start)
        found.append(true_rows(dtypes, nodes, literals, literal_nulls, buffer, columns_here, m))
    true = np.concatenate(found)
    return np.packbits(true, bitorder="little"), np.flatnonzero(true).astype(np.uint32)


def true_rows(
    dtypes: np.ndarray,
    nodes: np.ndarray,
    literals: np.ndarray,
    literal_nulls: np.ndarray,
    buffer: np.ndarray,
    columns: np.ndarray,
    n: int,
) -> np.ndarray:
    """Return bool[n]: where the filter is true."""
    pending: list[Result] = []
    for opcode, column, first, n_literals in nodes.tolist():
        if opcode == NOT:
            pending.append(negated(pending.pop()))
        elif opcode >= AND:
            right, left = pending.pop(), pending.pop()
            either = both if opcode == AND else lambda one, other: negated(both(negated(one), negated(other)))
            pending.append(either(left, right))
        else:
            dtype = int(dtypes[column])
            known = valid_rows(buffer, columns[column], n)
            if opcode in (IS_NULL, IS_NOT_NULL):
                pending.append((known == (opcode == IS_NOT_NULL), np.ones(n, np.bool_)))
                continue
            size = TYPES[dtype].itemsize
            start = int(columns[column][0])
            values = in_order(buffer[start : start + n * size].view(f"<u{size}"), dtype)
            some = slice(first, first + n_literals)
            limits = in_order(literals[some].astype(f"<u{size}"), dtype)
            pending.append(leaf(opcode, values, known, limits, literal_nulls[some] != 0))
    ((true, known),) = pending
    selected_rows: np.ndarray = true & known
    return selected_rows


def leaf(opcode: int, values: np.ndarray, known: np.ndarray, limits: np.ndarray, nulls: np.ndarray) -> Result:
    """Return what one column says."""
    if opcode == BETWEEN:
        low = leaf(GE, values, known, limits[:1], nulls[:1])
        return both(low, leaf(LE, values, known, limits[1:], nulls[1:]))
    if opcode == IN:
        found = np.isin(values, limits[~nulls])
        return found, known & (found | (not nulls.any()))
    compared: np.ndarray = COMPARISONS[opcode](values, limits[0])
    return compared, known & (not nulls[0])


def both(left: Result, right: Result) -> Result:
    """Return AND."""
    (left_true, left_known), (right_true, right_known) = left, right
    is_false = (left_known & ~left_true) | (right_known & ~right_true)
    return left_true & right_true, (left_known & right_known) | is_false


def negated(result: Result) -> Result:
    """Return NOT."""
    return ~result[0], result[1]


def valid_rows(buffer: np.ndarray, column: np.ndarray, n: int) -> np.ndarray:
    """Return bool[n]: the bitmap of one column."""
    _, first, bit = column.tolist()
    if first == NO_NULLS or n == 0:
        return np.ones(n, np.bool_)
    start, shift = first + bit // 8, bit % 8
    part = np.ascontiguousarray(buffer[start : start + (shift + n + 7) // 8])
    return np.unpackbits(part, count=shift + n, bitorder="little")[shift:].astype(np.bool_)


def in_order(bits: np.ndarray, dtype: int) -> np.ndarray:
    """Return integers that order like the values with these bits."""
    if dtype == UINT8:
        return bits
    signed = bits.view(f"<i{bits.itemsize}")
    if dtype in (FLOAT32, FLOAT64):
        most = signed.dtype.type(np.iinfo(signed.dtype).max)
        return np.asarray(signed ^ ((signed >> (8 * bits.itemsize - 1)) & most))
    return signed
