"""Filters and columns drawn at random, of values that a shortcut gets wrong."""

from collections.abc import Sequence

import numpy as np

from harness_common.prng import SplitMix64
from predicate import AND, BETWEEN, IN, IS_NOT_NULL, IS_NULL, NO_NULLS, NOT, OR, TYPES
from predicate.batches import layout
from predicate.expressions import Tree, leaf, leaves
from predicate.specials import near, specials
from referee.workload import OpInputs

N_DTYPES = len(TYPES)
NULL_LITERALS = 16  # one literal in so many is null


def draw_leaf(stream: SplitMix64, opcode: int, column: int, dtype: int) -> Tree:
    """Return a leaf whose literals are specials of the type, or any bits; a list has some of them twice."""
    n_literals = {IS_NULL: 0, IS_NOT_NULL: 0, BETWEEN: 2, IN: int(stream.fork(0).integers(0, 9, 1)[0])}
    some = specials(dtype)
    literals: list[int | None] = []
    for i in range(n_literals.get(opcode, 1)):
        own = stream.fork(1 + i)
        kind, at = int(own.next_uint64() >> 32), int(own.integers(0, len(some), 1)[0])
        bits = some[at] if kind % 4 > 0 else own.next_uint64() >> (64 - 8 * TYPES[dtype].itemsize)
        literals.append(None if kind // 4 % NULL_LITERALS == 0 else bits)
    return leaf(opcode, column, *literals)


def draw_tree(stream: SplitMix64, dtypes: Sequence[int], n_leaves: int) -> Tree:
    """Return a tree of so many leaves; a NOT stands above every third node or so."""
    if n_leaves == 1:
        column, opcode = (
            int(stream.fork(k).integers(0, end, 1)[0]) for k, end in ((0, len(dtypes)), (1, 10))
        )
        tree = draw_leaf(stream.fork(2), opcode, column, dtypes[column])
    else:
        n_left = int(stream.fork(3).integers(1, n_leaves, 1)[0])
        parts = [draw_tree(stream.fork(4 + k), dtypes, n) for k, n in enumerate((n_left, n_leaves - n_left))]
        tree = (AND if stream.fork(6).next_uint64() >> 63 else OR, *parts)
    return (NOT, tree) if stream.fork(7).integers(0, 3, 1)[0] == 0 else tree


def draw_op(
    stream: SplitMix64,
    dtypes: Sequence[int],
    tree: Tree,
    n_rows: Sequence[int],
    has_bits: Sequence[bool] | None = None,
    null_share: float | None = None,
) -> OpInputs:
    """Return an op of batches whose columns hold the tree's literals, their neighbours, and any bits.

    A column has a bitmap or not, and in one of four columns with one all rows are valid or none, unless
    `has_bits` and `null_share` say. Two of three batches are slices.
    """
    n_batches, room = len(n_rows), -(-(max(n_rows) + 64) // 64) * 64
    if has_bits is None:
        has_bits = [bool(stream.fork(0).fork(c).next_uint64() >> 63) for c in range(len(dtypes))]
    values, valid = [], []
    for c, dtype in enumerate(dtypes):
        own = stream.fork(1 + c)
        used = [bits for _, column, some in leaves(tree) if column == c for bits in some if bits is not None]
        pool = near(dtype, used[-16:])
        found = pool[own.fork(0).integers(0, len(pool), (n_batches, room))]
        any_bits = own.fork(1).uint64((n_batches, room)).astype(found.dtype)
        values.append(np.where(own.fork(2).integers(0, 4, (n_batches, room)) == 0, any_bits, found))
        shares = (0.0, 1.0, 0.05, 0.2, 0.2, 0.5, 0.5, 0.8)
        share = shares[int(own.fork(3).integers(0, 8, 1)[0])] if null_share is None else null_share
        valid.append(own.fork(4).floats((n_batches, room)) >= share if has_bits[c] else None)
    where = layout(dtypes, has_bits, room)
    leads = stream.fork(8).integers(0, 64, n_batches) * (stream.fork(9).integers(0, 3, n_batches) > 0)
    columns = where.columns(leads)
    # The bitmap of a slice may as well begin at a byte further on, with a bit below 8.
    is_bytewise = (stream.fork(10).integers(0, 2, n_batches) == 1)[:, np.newaxis] & (
        columns[:, :, 1] != NO_NULLS
    )
    columns[:, :, 1] += np.where(is_bytewise, columns[:, :, 2] // 8, 0)
    columns[:, :, 2] -= np.where(is_bytewise, columns[:, :, 2] // 8 * 8, 0)
    return {
        "buffer": where.buffer(values, valid),
        "columns": columns,
        "n_rows": np.array(n_rows, np.int64),
    }


def draw_dtypes(stream: SplitMix64, n_columns: int) -> tuple[int, ...]:
    """Return types of columns."""
    return tuple(stream.integers(0, N_DTYPES, n_columns).tolist())
