"""Filters as trees, and the arrays that a kernel is given for one."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from predicate import AND, NO_COLUMN, NOT, OR, TYPES

# A leaf is (opcode, column, literals), each literal given by its bits, or None; AND and OR have two trees
# behind their opcode, NOT has one.
Tree = tuple[Any, ...]


def leaf(opcode: int, column: int, *literals: int | None) -> Tree:
    """Return what a column says."""
    return opcode, column, literals


def all_of(*trees: Tree) -> Tree:
    """Return the AND of trees, from left to right."""
    return (AND, all_of(*trees[:-1]), trees[-1]) if len(trees) > 1 else trees[0]


def any_of(*trees: Tree) -> Tree:
    """Return the OR of trees, from left to right."""
    return (OR, any_of(*trees[:-1]), trees[-1]) if len(trees) > 1 else trees[0]


def none_of(tree: Tree) -> Tree:
    """Return the NOT of a tree."""
    return NOT, tree


def leaves(tree: Tree) -> Iterator[Tree]:
    """Yield the leaves, from left to right."""
    if tree[0] in (AND, OR, NOT):
        for part in tree[1:]:
            yield from leaves(part)
    else:
        yield tree


def build_inputs(dtypes: Sequence[int], tree: Tree) -> dict[str, np.ndarray]:
    """Return the arrays that say what the filter is: the tree's nodes, children before their parents."""
    nodes: list[tuple[int, int, int, int]] = []
    literals: list[int | None] = []

    def add(part: Tree) -> None:
        if part[0] in (AND, OR, NOT):
            for child in part[1:]:
                add(child)
            nodes.append((part[0], NO_COLUMN, len(literals), 0))
        else:
            opcode, column, some = part
            nodes.append((opcode, column, len(literals), len(some)))
            literals.extend(some)

    add(tree)
    return {
        "dtypes": np.array(dtypes, np.uint8),
        "nodes": np.array(nodes, np.int32),
        "literals": np.array([bits or 0 for bits in literals], np.uint64),
        "literal_nulls": np.array([bits is None for bits in literals], np.uint8),
    }


def bits_of(dtype: int, value: float) -> int:
    """Return the bits of a value as a number of this type, the lowest ones of 64."""
    array = np.array([value]).astype(TYPES[dtype])
    return int(array.view(f"<u{array.itemsize}")[0])
