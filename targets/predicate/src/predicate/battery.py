"""What a trial checks before it times anything: every comparison and type, nulls, trees, all timed shapes."""

import dataclasses
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from harness_common.prng import SplitMix64
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
    IS_NOT_NULL,
    IS_NULL,
    LE,
    LT,
    MOST_PENDING,
    NE,
    NOT,
    OR,
    UINT8,
    inputs,
)
from predicate.expressions import Tree, all_of, any_of, bits_of, build_inputs, leaf, none_of
from predicate.random_filters import N_DTYPES, draw_dtypes, draw_leaf, draw_op, draw_tree
from predicate.specials import specials
from referee.workload import Case, OpInputs

EXTENTS = (0, 1, 7, 8, 9, 63, 64, 65, 130, 1_001)
NAMES = ("int32", "int64", "float32", "float64", "uint8")
BATCH = 8_192


def correctness_battery(seed: int) -> list[Case]:
    """Return the cases, with fresh columns, and some fresh filters and extents, for every seed."""
    streams = SplitMix64(seed)
    parts = (
        warm_up_cases,
        comparison_cases,
        kleene_cases,
        extent_cases,
        list_cases,
        tree_cases,
        share_cases,
        random_cases,
        batch_cases,
        timed_cases,
    )
    return [case for i, part in enumerate(parts) for case in part(streams.fork(i))]


def case(name: str, dtypes: Sequence[int], tree: Tree, *ops: OpInputs) -> Case:
    """Return a case of one filter, its literals in another order than its nodes."""
    stream = SplitMix64(zlib.crc32(name.encode()))
    return Case(name, shuffled(stream, build_inputs(dtypes, tree)), ops)


def shuffled(stream: SplitMix64, built: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return a filter whose literals stand elsewhere, those of one node together, with any bits in null ones.

    Closes taking literals one after the other, and reading null ones.
    """
    nodes, order = built["nodes"].copy(), stream.permutation(len(built["nodes"]))
    kept = [np.zeros(0, np.int64)]
    end = 0
    for node in order.tolist():
        first, n_literals = built["nodes"][node, 2:].tolist()
        kept.append(np.arange(first, first + n_literals))
        nodes[node, 2] = end
        end += n_literals
    chosen = np.concatenate(kept)
    nulls = built["literal_nulls"][chosen]
    any_bits = stream.uint64(len(chosen))
    literals = np.where(nulls != 0, any_bits, built["literals"][chosen])
    return {**built, "nodes": nodes, "literals": literals, "literal_nulls": nulls}


def warm_up_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield a plain filter over all types."""
    dtypes = range(N_DTYPES)
    tree = any_of(*[leaf(GE, c, bits_of(dtype, 3)) for c, dtype in enumerate(dtypes)])
    yield case("all types", dtypes, tree, draw_op(stream, dtypes, tree, (200, 77)))


def comparison_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield each comparison with each special literal, among them NaN, -0.0 and the ends; and low > high."""
    for dtype in range(N_DTYPES):
        some = specials(dtype)
        known = any_of(*[leaf(EQ, 0, bits) for bits in some])
        long = draw_op(stream.fork(5_000 + dtype), (dtype,), known, large_batches(stream.fork(6_000 + dtype)))
        for k, bits in enumerate(some):
            for opcode in (EQ, NE, LT, LE, GT, GE, BETWEEN):
                own = stream.fork((dtype * 16 + k) * 16 + opcode)
                other = some[int(own.fork(0).integers(0, len(some), 1)[0])]
                literals = (bits, other) if opcode == BETWEEN else (bits,)
                tree = leaf(opcode, 0, *literals)
                op = draw_op(own.fork(1), (dtype,), tree, (130, 61))
                yield case(f"{NAMES[dtype]}, opcode {opcode}, literal {bits:#x}", (dtype,), tree, op, long)


def kleene_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield AND, OR and NOT of all nine pairs of truth values, as they are and under NOT; null literals."""
    left, right = leaf(EQ, 0, 1), leaf(EQ, 1, 1)
    trees = {
        "AND": (AND, left, right),
        "OR": (OR, left, right),
        "AND of a null literal": (AND, left, leaf(LT, 1, None)),
        "OR of a null literal": (OR, left, leaf(NE, 1, None)),
        **{f"null literal, opcode {opcode}": leaf(opcode, 0, None) for opcode in (EQ, NE, LT, LE, GT, GE)},
        "BETWEEN null and": leaf(BETWEEN, 0, None, 0),
        "BETWEEN and null": leaf(BETWEEN, 0, 1, None),
        "IN with a null": leaf(IN, 0, 1, None),
        "IN null": leaf(IN, 0, None),
        "IN nothing": leaf(IN, 0),
        "IN, long, with a null": leaf(IN, 0, 9, None, 8, 7, 1),
        "IS NULL": leaf(IS_NULL, 0),
        "IS NOT NULL": leaf(IS_NOT_NULL, 0),
    }
    ops = all_pairs(stream, (200,)), all_pairs(stream.fork(3), large_batches(stream.fork(4)))
    for name, tree in trees.items():
        yield case(f"kleene: {name}", (UINT8, UINT8), tree, *ops)
        yield case(f"kleene: NOT of {name}", (UINT8, UINT8), none_of(tree), *ops)
        yield case(f"kleene: NOT of NOT of {name}", (UINT8, UINT8), none_of(none_of(tree)), *ops)


def large_batches(stream: SplitMix64) -> tuple[int, ...]:
    """Return as many rows as are timed in batches, exactly and 0.9 to 1.3 times as many."""
    return *sizes_of(stream.fork(0), BATCH), *sizes_of(stream.fork(1), 2 * BATCH)


def all_pairs(stream: SplitMix64, n_rows: Sequence[int]) -> OpInputs:
    """Return an op of two columns of 0, 1 and null; under null is either, too."""
    op = dict(draw_op(stream.fork(0), (UINT8, UINT8), leaf(EQ, 0, 1), n_rows, (True, True), 0.4))
    buffer = np.asarray(op["buffer"]).copy()
    for b, n in enumerate(n_rows):
        for c in range(2):
            start = int(np.asarray(op["columns"])[b, c, 0])
            buffer[start : start + n] = stream.fork(1 + c).fork(b).integers(0, 2, n)
    return {**op, "buffer": buffer}


def extent_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield numbers of rows around those of a word and a batch, without bitmaps, none, all and some null."""
    dtypes = (INT32, FLOAT64, UINT8)
    tree = any_of(
        all_of(leaf(LT, 0, 7), none_of(leaf(GT, 1, bits_of(FLOAT64, 0.5)))),
        leaf(IN, 2, 1, 128, 255, 3, 4),
    )
    for k, n in enumerate((*EXTENTS, BATCH - 1, BATCH, BATCH + 1)):
        own = stream.fork(k)
        ops = [draw_op(own.fork(0), dtypes, tree, (n,), (False,) * 3)]
        ops += [
            draw_op(own.fork(1 + i), dtypes, tree, (n,), (True,) * 3, share)
            for i, share in enumerate((0, 1, 0.2))
        ]
        ops += [draw_op(own.fork(5), dtypes, tree, (n, 0, n))]
        yield case(f"{n} rows", dtypes, tree, *ops)


def list_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield lists of no literal up to 1,500, with nulls and twice the same, as they are and under NOT."""
    for dtype in range(N_DTYPES):
        for k, n_literals in enumerate((0, 1, 2, 3, 4, 15, 16, 17, 64, 250, 1_000, 1_500)):
            own = stream.fork(100 * dtype + k)
            width = 8 * (4, 8, 4, 8, 1)[dtype]
            drawn = (own.fork(0).uint64(n_literals) >> np.uint64(64 - width)).tolist()
            some = specials(dtype)[: n_literals // 4]
            literals: list[int | None] = [*drawn[len(some) :], *some, *drawn[-1:]]
            if k % 2 == 0 and n_literals > 0:
                literals[int(own.fork(1).integers(0, len(literals), 1)[0])] = None
            tree = leaf(IN, 0, *literals)
            ops = [
                draw_op(own.fork(2), (dtype,), tree, (400, 61)),
                draw_op(own.fork(3), (dtype,), tree, (9,)),
            ]
            if n_literals in (4, 16, 17, 64, 1_000):
                ops.append(draw_op(own.fork(4), (dtype,), tree, large_batches(own.fork(5))))
            yield case(f"IN: {n_literals} of {NAMES[dtype]}", (dtype,), tree, *ops)
            yield case(f"NOT IN: {n_literals} of {NAMES[dtype]}", (dtype,), none_of(tree), *ops)


def tree_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield deep trees: to the left, to the right as far as may be, chains of NOT."""
    dtypes = (INT32, FLOAT32)
    some = [draw_leaf(stream.fork(k), k % 10, k % 2, dtypes[k % 2]) for k in range(MOST_PENDING)]
    for opcode in (AND, OR):
        for n_leaves in (16, MOST_PENDING):
            left = right = some[0]
            mixed = some[0]
            for k, one in enumerate(some[1:n_leaves]):
                left, right = (opcode, left, one), (opcode, one, right)
                mixed = (AND + k % 2, none_of(one), (NOT, mixed)) if k % 3 == 0 else (AND + k % 2, one, mixed)
            for name, tree in (("left", left), ("right", right), ("mixed", mixed)):
                own = stream.fork(2 * n_leaves + opcode)
                sizes = (300,), (170,), large_batches(own.fork(2))[::2]
                ops = [draw_op(own.fork(k), dtypes, tree, n_rows) for k, n_rows in enumerate(sizes)]
                yield case(f"{n_leaves} leaves, {opcode}, {name}", dtypes, tree, *ops)
    tree = some[2]
    for k in range(5):
        tree = none_of(tree)
        yield case(f"{k + 1} times NOT", dtypes, tree, draw_op(stream.fork(200 + k), dtypes, tree, (130,)))


def share_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield ANDs and ORs whose left side is true for no row, for a few, for a fifth and one more, for all.

    Closes evaluating the right side on chosen rows only where that differs: nulls on the right, a second AND.
    """
    dtypes = (INT32, UINT8, FLOAT64)
    far = draw_leaf(stream.fork(0), GE, 2, FLOAT64)
    million = inputs.SHAPES["less-1M"].n
    for n in (200, 1_000, BATCH, million):
        shares = (0, 1, n // 50, n // 5, n // 5 + 1, n // 2, n - 1, n) if n < million else (n // 10,)
        for k, n_true in enumerate(shares, start=0 if n < million else 1):
            own = stream.fork(n + k)
            left = leaf(LT, 0, n_true)
            trees = {
                "AND": all_of(left, leaf(GE, 1, 128), far),
                "AND of AND": all_of(left, all_of(leaf(NE, 1, 255), none_of(any_of(leaf(IS_NULL, 1), far)))),
                "OR": any_of(left, all_of(leaf(LT, 1, 99), far)),
                "NOT of AND": none_of(all_of(left, leaf(IN, 1, 0, 1, 2, None, 255))),
            }
            for name in trees if n < million else ("AND", "NOT of AND"):
                tree = trees[name]
                op = dict(
                    draw_op(own.fork(0), dtypes, tree, (n,), (False, True, True), 0.3 if k % 3 else 0.0)
                )
                (columns,) = np.asarray(op["columns"])
                buffer = np.asarray(op["buffer"]).copy()
                start = int(columns[0, 0])
                ranks = own.fork(1).permutation(n) if n < million else own.fork(1).integers(0, n, n)
                buffer[start : start + 4 * n] = ranks.astype("<i4").view(np.uint8)
                yield case(f"{n_true} of {n} on the left: {name}", dtypes, tree, {**op, "buffer": buffer})


def random_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield trees and columns that no kernel can have listed."""
    for k in range(60):
        own = stream.fork(k)
        n_columns, n_leaves, n = (
            int(own.fork(9 + i).integers(1, end, 1)[0]) for i, end in enumerate((6, 17, 700))
        )
        dtypes = draw_dtypes(own.fork(0), n_columns)
        tree = draw_tree(own.fork(1), dtypes, n_leaves)
        ops = [draw_op(own.fork(2 + i), dtypes, tree, (n, n // 2)) for i in range(2)]
        yield case(f"random {k}: {n_leaves} leaves, {n_columns} columns, {n} rows", dtypes, tree, *ops)


def batch_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every leaf of every type, then trees, in as many rows as are timed, and 0.9 to 1.3 times as many.

    Closes a path for many rows, or for one number of rows, that is right only for the timed filters.
    """
    for k in range(10 * N_DTYPES):
        own, opcode, dtype = stream.fork(k), k // N_DTYPES, k % N_DTYPES
        tree = draw_leaf(own.fork(0), opcode, 0, dtype)
        tree = none_of(tree) if own.fork(1).next_uint64() >> 63 else tree
        sizes = sizes_of(own.fork(2), BATCH), sizes_of(own.fork(3), 2 * BATCH)
        ops = [draw_op(own.fork(4 + i), (dtype,), tree, (n,)) for i, n in enumerate(np.ravel(sizes).tolist())]
        yield case(f"batches: opcode {opcode} of {NAMES[dtype]}", (dtype,), tree, *ops)
    for k in range(24):
        own = stream.fork(1_000 + k)
        dtypes = draw_dtypes(own.fork(0), 1 + k % 4)
        tree = draw_tree(own.fork(1), dtypes, 2 + k % 7)
        ops = [
            draw_op(own.fork(3 + i), dtypes, tree, (n,)) for i, n in enumerate(sizes_of(own.fork(2), BATCH))
        ]
        yield case(f"batches: tree {k}", dtypes, tree, *ops)
    for k, (n, *dtypes_of) in enumerate(((1_000_003, INT32, UINT8), (2_100_003, FLOAT32, UINT8))):
        own = stream.fork(2_000 + k)
        tree = any_of(draw_tree(own.fork(0), dtypes_of, 3), draw_leaf(own.fork(1), IN, 0, dtypes_of[0]))
        yield case(f"batches: {n} rows", dtypes_of, tree, draw_op(own.fork(2), dtypes_of, tree, (n,)))


def sizes_of(stream: SplitMix64, n: int) -> tuple[int, int]:
    """Return n, and n times 0.9 to 1.3."""
    return n, int(n * (0.9 + 0.4 * stream.floats(1)[0]))


def timed_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield two ops of each combo, as timed and, but for the largest, at 0.9 to 1.3 times the size.

    Then the same filter with other columns: with bitmaps and without, all null, all valid, specials only.
    """
    for k, (name, distribution) in enumerate(inputs.COMBOS):
        own, shape = stream.fork(k), inputs.SHAPES[name]
        n_batches = min(shape.n_batches, 2)
        for j, n in enumerate(sizes_of(own.fork(0), shape.n)):
            other = dataclasses.replace(shape, n=n, n_batches=n_batches, n_ops=2)
            one = inputs.workload(name, distribution, own.fork(1).next_uint64())
            source = dataclasses.replace(one.source, shape=other)
            ops = list(inputs.redraw(dataclasses.replace(one, source=source), own.fork(2 + j).next_uint64()))
            drawn = source.one
            others = ((True, 0.3), (False, 0), (True, 0), (True, 1))
            for i, (has_bits, share) in enumerate(others if n < 1 << 18 else others[:1]):
                every = [has_bits] * len(drawn.dtypes)
                ops.append(draw_op(own.fork(4 + 4 * j + i), drawn.dtypes, drawn.tree, (n,), every, share))
            if j == 0 or n < 1 << 21:
                yield Case(f"{name}, {distribution}: {n} rows", one.build_inputs, ops)
