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
BLOCK = 50_021  # rows of a column that are drawn; of longer ones they come again and again
LEADS = (64, 64, 64, 2_500)  # rows before a slice, at most


def draw_leaf(stream: SplitMix64, opcode: int, column: int, dtype: int) -> Tree:
    """Return a leaf whose literals are specials of the type, or any bits; a list has some of them twice."""
    n_literals = {IS_NULL: 0, IS_NOT_NULL: 0, BETWEEN: 2, IN: int(stream.integers(0, 9, 1)[0])}.get(opcode, 1)
    some = specials(dtype)
    kinds = stream.integers(0, 4 * NULL_LITERALS, n_literals).tolist()
    places = stream.integers(0, len(some), n_literals).tolist()
    any_bits = (stream.uint64(n_literals) >> np.uint64(64 - 8 * TYPES[dtype].itemsize)).tolist()
    literals: list[int | None] = []
    for kind, place, bits in zip(kinds, places, any_bits, strict=True):
        found = some[place] if kind % 4 > 0 else bits
        literals.append(None if kind // 4 == 0 else found)
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

    A column has a bitmap or not, one or the other from batch to batch, and in one of four columns with one
    all rows are valid or none, unless `has_bits` and `null_share` say. Two of three batches are slices.
    Values and bitmaps of the columns lie in any order.
    """
    most = LEADS[int(stream.integers(0, len(LEADS), 1)[0])]
    n_batches, room = len(n_rows), -(-(max(n_rows) + most) // 64) * 64
    drawn = n_batches, min(room, BLOCK)
    is_any = has_bits is None
    if has_bits is None:
        has_bits = (stream.integers(0, 2, len(dtypes)) == 1).tolist()
    values, valid = [], []
    for c, dtype in enumerate(dtypes):
        own = stream.fork(1 + c)
        used = [bits for _, column, some in leaves(tree) if column == c for bits in some if bits is not None]
        pool = near(dtype, used[-16:])
        found = pool[own.integers(0, len(pool), drawn)]
        any_bits = own.uint64(drawn).astype(found.dtype)
        some_bits = np.where(own.integers(0, 4, drawn) == 0, any_bits, found)
        values.append(some_bits if drawn[1] == room else np.resize(some_bits, (n_batches, room)))
        shares = (0.0, 1.0, 0.05, 0.2, 0.2, 0.5, 0.5, 0.8)
        share = shares[int(own.integers(0, 8, 1)[0])] if null_share is None else null_share
        some_valid = own.floats((n_batches, min(room, BLOCK - 2))) >= share if has_bits[c] else None
        valid.append(None if some_valid is None else np.resize(some_valid, (n_batches, room)))
    where = layout(dtypes, has_bits, room, stream.permutation(2 * len(dtypes)).tolist())
    leads = stream.integers(0, most, n_batches) * (stream.integers(0, 3, n_batches) > 0)
    columns = where.columns(leads)
    if is_any:
        columns[stream.integers(0, 4, columns.shape[:2]) == 0, 1:] = NO_NULLS, 0
    # The bitmap of a slice may as well begin at a byte further on, with a bit below 8.
    is_bytewise = (stream.integers(0, 2, n_batches) == 1)[:, np.newaxis] & (columns[:, :, 1] != NO_NULLS)
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
