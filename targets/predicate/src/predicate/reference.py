"""The definition of a filter, plain and slow: row by row, in three values, with Python's own numbers.

Floats are ordered as IEEE 754's totalOrder has them: -NaN < -inf < ... < -0.0 < 0.0 < ... < inf < NaN, NaNs
among themselves by their bits; two floats are equal where their bits are.
Source: Kleene, Introduction to Metamathematics, section 64; IEEE 754-2008, section 5.10.
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
    INT32,
    INT64,
    IS_NOT_NULL,
    IS_NULL,
    LE,
    LT,
    NE,
    NO_NULLS,
    NOT,
    OR,
    TYPES,
)

Truth = bool | None  # None is unknown

COMPARISONS = {
    EQ: lambda x, y: x == y,
    NE: lambda x, y: x != y,
    LT: lambda x, y: x < y,
    LE: lambda x, y: x <= y,
    GT: lambda x, y: x > y,
    GE: lambda x, y: x >= y,
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
    """Return (bitmap uint8[ceil(n / 8)], rows uint32[count]): where the filter is true; see program.md."""
    values = [keys(buffer, columns[c], int(dtypes[c]), n) for c in range(len(dtypes))]
    bitmap = np.zeros(-(-n // 8), np.uint8)
    rows = []
    for row in range(n):
        pending: list[Truth] = []
        for opcode, column, first, n_literals in nodes.tolist():
            if opcode in (AND, OR):
                right, left = pending.pop(), pending.pop()
                pending.append(
                    both(left, right) if opcode == AND else negated(both(negated(left), negated(right)))
                )
            elif opcode == NOT:
                pending.append(negated(pending.pop()))
            else:
                some = [
                    None if literal_nulls[i] else key(int(literals[i]), int(dtypes[column]))
                    for i in range(first, first + n_literals)
                ]
                pending.append(leaf(opcode, values[column][row], some))
        (truth,) = pending
        if truth is True:
            bitmap[row // 8] |= 1 << row % 8
            rows.append(row)
    return bitmap, np.array(rows, np.uint32)


def leaf(opcode: int, value: int | None, literals: list[int | None]) -> Truth:
    """Return what one column says of one row."""
    if opcode == IS_NULL:
        return value is None
    if opcode == IS_NOT_NULL:
        return value is not None
    if opcode == BETWEEN:
        return both(leaf(GE, value, literals[:1]), leaf(LE, value, literals[1:]))
    if opcode == IN:
        if value is None:
            return None
        return True if value in literals else None if None in literals else False
    return None if value is None or literals[0] is None else COMPARISONS[opcode](value, literals[0])


def both(left: Truth, right: Truth) -> Truth:
    """Return AND: false if one is false, else unknown if one is unknown."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def negated(truth: Truth) -> Truth:
    """Return NOT."""
    return None if truth is None else not truth


def keys(buffer: np.ndarray, column: np.ndarray, dtype: int, n: int) -> list[int | None]:
    """Return the values of one column as integers that order like them; None where null."""
    start, first, bit = column.tolist()
    size = TYPES[dtype].itemsize
    found: list[int | None] = []
    for row in range(n):
        place = bit + row
        is_null = first != NO_NULLS and not buffer[first + place // 8] >> place % 8 & 1
        raw = buffer[start + row * size : start + (row + 1) * size].tobytes()
        found.append(None if is_null else key(int.from_bytes(raw, "little"), dtype))
    return found


def key(bits: int, dtype: int) -> int:
    """Return an integer that orders like the value with these bits."""
    n_bits = 8 * TYPES[dtype].itemsize
    is_high = bits >> (n_bits - 1) & 1 == 1
    if dtype in (INT32, INT64) and is_high:
        return bits - (1 << n_bits)
    if dtype in (FLOAT32, FLOAT64) and is_high:  # the larger the magnitude, the less; -0.0 is -1
        return -1 - (bits - (1 << (n_bits - 1)))
    return bits
