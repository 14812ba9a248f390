"""Lance itself selects the rows that the definition selects; skipped where it is not there.

    uv run --package predicate --group lance pytest targets/predicate/tests/test_against_lance.py

The installed Lance is a later version than the commit that the baseline models; the definitions are the same.
Where Lance's planner differs, the filter is one that it reads as we do: see the page of this target.
"""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from predicate import (
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
    TYPES,
    UINT8,
    baseline,
    kernels,
    whole_columns,
)
from predicate.batches import layout
from predicate.expressions import Tree, all_of, any_of, bits_of, build_inputs, leaf, none_of
from referee.testing import read_only

N = 700
DTYPES = (INT32, INT64, FLOAT32, FLOAT64, UINT8)
NAMES = ("a", "b", "f", "d", "u")


def bits(column: int, *values: float) -> list[int]:
    """Return the bits of literals of one column."""
    return [bits_of(DTYPES[column], value) for value in values]


def one(opcode: int, column: int, *values: float) -> Tree:
    """Return a leaf of values."""
    return leaf(opcode, column, *bits(column, *values))


FILTERS: dict[str, Tree] = {
    "a < 3": one(LT, 0, 3),
    "a <= -2147483648": one(LE, 0, -(2**31)),
    "NOT (a >= 3)": none_of(one(GE, 0, 3)),
    "b BETWEEN -2 AND 5": one(BETWEEN, 1, -2, 5),
    "b NOT BETWEEN -2 AND 5": none_of(one(BETWEEN, 1, -2, 5)),
    "b BETWEEN 5 AND -2": one(BETWEEN, 1, 5, -2),
    "NOT (a < 3 AND b != 1)": none_of(all_of(one(LT, 0, 3), one(NE, 1, 1))),
    "NOT (a < 3 OR b = 1)": none_of(any_of(one(LT, 0, 3), one(EQ, 1, 1))),
    "a IN (1, 2, 3)": one(IN, 0, 1, 2, 3),
    "a NOT IN (1, 2, 3, 4, -1, -2)": none_of(one(IN, 0, 1, 2, 3, 4, -1, -2)),
    "b IN (1, 9007199254740993, -1, 4, 2)": one(IN, 1, 1, 2**53 + 1, -1, 4, 2),
    "b = 9007199254740993": one(EQ, 1, 2**53 + 1),
    "a NOT IN (1, 2, 3, 4, NULL)": none_of(leaf(IN, 0, *bits(0, 1, 2, 3, 4), None)),
    "a IN (1, 2, 3, 4, NULL)": leaf(IN, 0, *bits(0, 1, 2, 3, 4), None),
    "a IS NULL OR d > 1.5": any_of(leaf(IS_NULL, 0), one(GT, 3, 1.5)),
    "NOT (d BETWEEN -1.0 AND 2.0 OR d IS NULL)": none_of(any_of(one(BETWEEN, 3, -1, 2), leaf(IS_NULL, 3))),
    "d IS NOT NULL AND a > 0 AND b > 0 AND u < 200": all_of(
        leaf(IS_NOT_NULL, 3), one(GT, 0, 0), one(GT, 1, 0), one(LT, 4, 200)
    ),
    "u >= 128": one(GE, 4, 128),
    "u IN (0, 128, 255, 7)": one(IN, 4, 0, 128, 255, 7),
    "d < 0.0": one(LT, 3, 0.0),
    "d = 0.0": one(EQ, 3, 0.0),
    "d > 1.0": one(GT, 3, 1.0),
    "d >= 0.0 AND NOT (f < 0.0)": all_of(one(GE, 3, 0.0), none_of(one(LT, 2, 0.0))),
    "f != 1.5": one(NE, 2, 1.5),
    "a > 2 AND (u = 1 OR u = 2 OR u = 3)": all_of(one(GT, 0, 2), one(IN, 4, 1, 2, 3)),
}


def columns() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the values of each column, and where they are valid: a third is around the literals."""
    stream = SplitMix64(8)
    small = [stream.fork(c).integers(-3, 6, N) for c in range(5)]
    values = [small[0].astype("<i4"), small[1].astype("<i8"), (small[2] / 2).astype("<f4"), small[3] / 2]
    values += [np.array([0, 1, 2, 3, 7, 127, 128, 200, 255], "u1")[small[4] + 3]]
    values[0][:4], values[1][:6] = (
        (-(2**31), 2**31 - 1, -1, 0),
        (-(2**63), 2**63 - 1, 2**53, 2**53 + 1, -1, 0),
    )
    for c in (2, 3):
        values[c][5:12] = (np.nan, -np.nan, np.inf, -np.inf, -0.0, 0.0, 1.5)
        values[c][8] = np.copysign(np.nan, -1.0)
    return values, [stream.fork(9 + c).floats(N) >= 0.2 for c in range(5)]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a dataset of three fragments with these columns."""
    lance: Any = pytest.importorskip("lance")
    arrow: Any = pytest.importorskip("pyarrow")
    values, valid = columns()
    arrays = [arrow.array(v, mask=~ok, from_pandas=False) for v, ok in zip(values, valid, strict=True)]
    table = arrow.table({**dict(zip(NAMES, arrays, strict=True)), "row": np.arange(N)})
    folder: Path = tmp_path_factory.mktemp("rows")
    return lance.write_dataset(table, str(folder / "rows.lance"), max_rows_per_file=300)


def selected(implementation: ModuleType, tree: Tree) -> list[int]:
    """Return the rows that a kernel selects, or the definition."""
    values, valid = columns()
    where = layout(DTYPES, [True] * 5, N)
    unsigned = [v.view(f"<u{TYPES[d].itemsize}")[np.newaxis] for v, d in zip(values, DTYPES, strict=True)]
    inputs = {
        "buffer": where.buffer(unsigned, [ok[np.newaxis] for ok in valid]),
        "columns": where.columns(np.zeros(1, np.int64))[0],
    }
    handed, program = read_only(inputs), read_only(build_inputs(DTYPES, tree))
    if implementation is whole_columns:
        return list(whole_columns.selected(**program, **handed, n=N)[1].tolist())
    kernel = implementation.PredicateKernel(**program)
    return list(kernel.evaluate(handed["buffer"], handed["columns"], N)[1].tolist())


@pytest.mark.parametrize("text", FILTERS)
def test_lance_selects_the_same_rows(dataset: Any, text: str) -> None:
    """Of a filter in SQL, over three fragments, the definition, the baseline and the kernel."""
    found = dataset.to_table(columns=["row"], filter=text)["row"].to_pylist()
    for implementation in (whole_columns, baseline, kernels):
        assert selected(implementation, FILTERS[text]) == found
