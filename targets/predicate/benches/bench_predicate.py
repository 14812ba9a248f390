"""The kernel, the baseline, Arrow, Polars and numexpr on the timed workloads: no verdict uses it.

    MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=1099511627776 POLARS_MAX_THREADS=1 \
        uv run --package predicate --group bench pytest targets/predicate/benches/bench_predicate.py

The first two variables are those of a player: without them each large array of an op begins with fresh pages.
Every peer has one thread, gets its own kind of column made beforehand, and returns the numbers of the rows,
numexpr a byte per row and no more. Peers compare floats as processors do, so they get columns without NaN and
-0.0; batches of theirs are no slices. Answers are checked before anything is timed. One round is one op.
"""

import os
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
import pytest

from predicate import (
    AND,
    BETWEEN,
    EQ,
    FLOAT64,
    GE,
    IN,
    IS_NULL,
    LT,
    NOT,
    OR,
    TYPES,
    baseline,
    kernels,
    whole_columns,
)
from predicate.expressions import Tree
from predicate.inputs import COMBOS, redraw, workload
from predicate.oracle import expect
from predicate.prepare import prepare
from referee import testing
from referee.testing import read_only, seen
from referee.workload import Workload

os.environ.setdefault("POLARS_MAX_THREADS", "1")
SEED = 20_251_115
ROUNDS = 100

Batch = list[tuple[np.ndarray, np.ndarray | None]]  # of each column its values, and which are valid
Answer = Callable[[Any], np.ndarray]


@pytest.fixture(params=COMBOS, ids="-".join)
def drawn(request: pytest.FixtureRequest) -> Workload:
    """Return one shape x distribution."""
    return workload(*request.param, SEED)


@pytest.mark.parametrize("implementation", [kernels, baseline], ids=["kernel", "baseline"])
def test_ours(benchmark: Any, drawn: Workload, implementation: Any) -> None:
    """One op."""
    benchmark.group = drawn.combo
    ops = [read_only(op) for op in seen(redraw(drawn, SEED))]
    testing.time_in_turn(benchmark, prepare(implementation, read_only(drawn.build_inputs)), ops, ROUNDS)


def plain_batches(drawn: Workload, op: Any) -> list[Batch]:
    """Return the columns of each batch, floats that are NaN or -0.0 replaced."""
    dtypes = drawn.source.one.dtypes
    batches = []
    for columns, n in zip(op["columns"], op["n_rows"].tolist(), strict=True):
        batch: Batch = []
        for column, dtype in zip(columns, dtypes, strict=True):
            start = int(column[0])
            values = op["buffer"][start : start + n * TYPES[dtype].itemsize].view(TYPES[dtype]).copy()
            if dtype == FLOAT64:
                values[np.isnan(values) | (values == 0)] = 0.0
            valid = whole_columns.valid_rows(op["buffer"], column, n) if column[1] >= 0 else None
            batch.append((values, valid))
        batches.append(batch)
    return batches


def expected_rows(drawn: Workload, batches: Sequence[Batch]) -> list[np.ndarray]:
    """Return the rows that the definition selects of plain batches."""
    found = []
    for batch in batches:
        parts, columns, end = [], [], 0
        for values, valid in batch:
            bits = np.packbits(valid, bitorder="little") if valid is not None else np.zeros(0, np.uint8)
            columns.append([end, end + values.nbytes if valid is not None else -1, 0])
            parts += [values.view(np.uint8), bits]
            end += values.nbytes + len(bits)
        op = {
            "buffer": np.concatenate(parts),
            "columns": np.array([columns]),
            "n_rows": np.array([len(batch[0][0])]),
        }
        found.append(expect(drawn.build_inputs, op)[0][1])
    return found


def folded(tree: Tree, leaf: Callable[..., Any], both: Any, either: Any, negated: Any) -> Any:
    """Return what a peer makes of a tree, out of what it makes of a leaf."""
    if tree[0] in (AND, OR):
        parts = [folded(part, leaf, both, either, negated) for part in tree[1:]]
        return (both if tree[0] == AND else either)(*parts)
    if tree[0] == NOT:
        return negated(folded(tree[1], leaf, both, either, negated))
    return leaf(*tree)


def literal(drawn: Workload, column: int, bits: int | None) -> Any:
    """Return a literal as Python's number."""
    dtype = TYPES[drawn.source.one.dtypes[column]]
    return (
        None
        if bits is None
        else np.array([bits], np.uint64).astype(f"<u{dtype.itemsize}").view(dtype)[0].item()
    )


def time_peer(benchmark: Any, drawn: Workload, name: str, made: Any, rows_of: Answer) -> None:
    """Time a peer on all batches of one op after the other, after a check of its answers."""
    benchmark.group = drawn.combo
    benchmark.extra_info["peer"] = name
    ops = [plain_batches(drawn, op) for op in seen(redraw(drawn, SEED))[:4]]
    ready = [[made(batch) for batch in op] for op in ops]
    for batch, rows in zip(ready[0], expected_rows(drawn, ops[0]), strict=True):
        assert np.array_equal(rows_of(batch), rows)
    testing.time_in_turn(benchmark, lambda op: [rows_of(batch) for batch in op], ready, ROUNDS)


def test_arrow(benchmark: Any, drawn: Workload) -> None:
    """Arrow's C++: a bitmap per comparison, Kleene's AND and OR, then the indices of the ones."""
    arrow: Any = pytest.importorskip("pyarrow")
    compute: Any = pytest.importorskip("pyarrow.compute")
    arrow.set_cpu_count(1)
    scalars = {}
    for opcode, column, some in trees(drawn):
        kind = arrow.from_numpy_dtype(TYPES[drawn.source.one.dtypes[column]])
        values = [literal(drawn, column, bits) for bits in some]
        whole = arrow.array(values, kind) if opcode == IN else [arrow.scalar(v, kind) for v in values]
        scalars[opcode, column, some] = whole

    def rows_of(batch: Any) -> np.ndarray:
        def leaf(opcode: int, column: int, some: Any) -> Any:
            literals = scalars[opcode, column, some]
            if opcode == BETWEEN:
                parts = (
                    compute.greater_equal(batch[column], literals[0]),
                    compute.less_equal(batch[column], literals[1]),
                )
                return compute.and_kleene(*parts)
            if opcode == IN:
                return compute.is_in(batch[column], value_set=literals, skip_nulls=True)
            if opcode == IS_NULL:
                return compute.is_null(batch[column])
            compare = {LT: compute.less, GE: compute.greater_equal, EQ: compute.equal}[opcode]
            return compare(batch[column], literals[0])

        mask = folded(drawn.source.one.tree, leaf, compute.and_kleene, compute.or_kleene, compute.invert)
        found: np.ndarray = compute.indices_nonzero(mask).to_numpy()
        return found

    def made(batch: Batch) -> Any:
        return [arrow.array(v, mask=None if ok is None else ~ok, from_pandas=False) for v, ok in batch]

    time_peer(benchmark, drawn, "arrow", made, rows_of)


def trees(drawn: Workload) -> list[Tree]:
    """Return the leaves of the filter."""
    found: list[Tree] = []
    folded(drawn.source.one.tree, lambda *leaf: found.append(leaf), *[lambda *parts: None] * 3)
    return found


def test_polars(benchmark: Any, drawn: Workload) -> None:
    """Polars: a lazy filter over a table with a column of row numbers, one thread."""
    polars: Any = pytest.importorskip("polars")
    kinds = {"int32": polars.Int32, "int64": polars.Int64, "float64": polars.Float64, "uint8": polars.UInt8}

    def leaf(opcode: int, column: int, some: Any) -> Any:
        values = [literal(drawn, column, bits) for bits in some]
        kind = kinds[TYPES[drawn.source.one.dtypes[column]].name]
        field = polars.col(str(column))
        if opcode == BETWEEN:
            return field.is_between(*values)
        if opcode == IN:
            return field.is_in(polars.Series([v for v in values if v is not None], dtype=kind).implode())
        if opcode == IS_NULL:
            return field.is_null()
        return {LT: field.lt, GE: field.ge, EQ: field.eq}[opcode](polars.lit(values[0], kind))

    condition = folded(
        drawn.source.one.tree,
        leaf,
        lambda one, other: one & other,
        lambda one, other: one | other,
        lambda one: ~one,
    )

    def made(batch: Batch) -> Any:
        fields = {}
        for c, (values, valid) in enumerate(batch):
            series = polars.Series(str(c), values)
            fields[str(c)] = (
                series
                if valid is None
                else series.zip_with(
                    polars.Series(valid),
                    polars.Series([None], dtype=series.dtype).new_from_index(0, len(values)),
                )
            )
        return polars.DataFrame({**fields, "row": np.arange(len(batch[0][0]), dtype=np.uint32)}).lazy()

    def rows_of(batch: Any) -> np.ndarray:
        found: np.ndarray = batch.filter(condition).select("row").collect()["row"].to_numpy()
        return found

    time_peer(benchmark, drawn, "polars", made, rows_of)


def test_numexpr(benchmark: Any, drawn: Workload) -> None:
    """numexpr: one pass over blocks, a byte per row; filters of columns without nulls and of few literals."""
    numexpr: Any = pytest.importorskip("numexpr")
    if any(drawn.source.one.nullable) or drawn.source.shape.n_literals > 3:
        pytest.skip("numexpr has no nulls and no lists")
    numexpr.set_num_threads(1)

    def leaf(opcode: int, column: int, some: Any) -> str:
        values = [literal(drawn, column, bits) for bits in some]
        if opcode == BETWEEN:
            return f"((c{column} >= {values[0]!r}) & (c{column} <= {values[1]!r}))"
        if opcode == IN:
            return "(" + reduce(lambda a, b: f"{a} | {b}", [f"(c{column} == {v!r})" for v in values]) + ")"
        return f"(c{column} {({LT: '<', GE: '>=', EQ: '=='})[opcode]} {values[0]!r})"

    text = folded(
        drawn.source.one.tree,
        leaf,
        lambda a, b: f"({a} & {b})",
        lambda a, b: f"({a} | {b})",
        lambda a: f"(~{a})",
    )
    ops = [plain_batches(drawn, op) for op in seen(redraw(drawn, SEED))[:4]]
    ready = [[{f"c{c}": values for c, (values, _) in enumerate(batch)} for batch in op] for op in ops]
    for batch, rows in zip(ready[0], expected_rows(drawn, ops[0]), strict=True):
        assert np.array_equal(np.flatnonzero(numexpr.evaluate(text, batch)), rows)
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, lambda op: [numexpr.evaluate(text, batch) for batch in op], ready, ROUNDS)
