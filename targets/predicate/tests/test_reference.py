"""The definition against answers worked out by hand, from bytes written down one by one."""

import struct
from collections.abc import Sequence

import numpy as np
import pytest

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
    INT64,
    IS_NOT_NULL,
    IS_NULL,
    LE,
    LT,
    NE,
    NOT,
    OR,
    UINT8,
    reference,
    whole_columns,
)
from predicate.expressions import Tree, all_of, any_of, bits_of, build_inputs, leaf, none_of
from predicate.random_filters import draw_dtypes, draw_op, draw_tree
from referee.testing import seen
from referee.workload import Case

FORMATS = {INT32: "<i", INT64: "<q", FLOAT32: "<f", FLOAT64: "<d", UINT8: "<B"}
DEFINITIONS = pytest.mark.parametrize("definition", [reference, whole_columns])


def rows_of(definition: object, tree: Tree, dtype: int, values: Sequence[float | None]) -> list[int]:
    """Return the rows of one column that a definition selects; None is null, with the bytes 0x07 under it."""
    size = struct.calcsize(FORMATS[dtype])
    raw = b"".join(b"\x07" * size if v is None else struct.pack(FORMATS[dtype], v) for v in values)
    bitmap = sum(1 << i for i, v in enumerate(values) if v is not None)
    first = len(raw)
    whole = raw + bitmap.to_bytes(len(values) // 8 + 1, "little")
    buffer = np.frombuffer(whole, np.uint8)
    columns = np.array([[0, first, 0]], np.int64)
    bits, rows = definition.selected(  # type: ignore[attr-defined]
        **build_inputs((dtype,), tree), buffer=buffer, columns=columns, n=len(values)
    )
    assert (bits.dtype, rows.dtype, len(bits)) == (np.uint8, np.uint32, -(-len(values) // 8))
    assert [i for i in range(8 * len(bits)) if bits[i // 8] >> i % 8 & 1] == rows.tolist()
    return list(rows.tolist())


@DEFINITIONS
def test_bytes_worked_out_by_hand(definition: object) -> None:
    """Two int32 columns, the second a slice that begins at bit 3 of its bitmap; `a < 5 AND NOT b >= 0`.

    a is 4, 5, -1, 4, 4; b is -1, -1, -1, null, 0: rows 0 and 2.
    """
    a = bytes([4, 0, 0, 0, 5, 0, 0, 0, 255, 255, 255, 255, 4, 0, 0, 0, 4, 0, 0, 0])
    b = bytes([9, 9, 9, 9] + [255] * 16 + [0, 0, 0, 0])
    validity = bytes([0b10111111])  # bits 3 to 7: valid, valid, valid, null, valid
    buffer = np.frombuffer(a + b + validity, np.uint8)
    columns = np.array([[0, -1, 0], [24, 44, 3]], np.int64)
    program = {
        "dtypes": np.array([INT32, INT32], np.uint8),
        "nodes": np.array([[LT, 0, 0, 1], [GE, 1, 1, 1], [NOT, -1, 2, 0], [AND, -1, 2, 0]], np.int32),
        "literals": np.array([5, 0], np.uint64),
        "literal_nulls": np.zeros(2, np.uint8),
    }
    bitmap, rows = definition.selected(**program, buffer=buffer, columns=columns, n=5)  # type: ignore[attr-defined]
    assert (bitmap.tolist(), rows.tolist()) == ([0b00101], [0, 2])


@DEFINITIONS
@pytest.mark.parametrize(
    ("opcode", "rows"),
    [(EQ, [2]), (NE, [0, 1, 3, 4]), (LT, [0, 1]), (LE, [0, 1, 2]), (GT, [3, 4]), (GE, [2, 3, 4])],
)
def test_comparisons_and_their_ends(definition: object, opcode: int, rows: list[int]) -> None:
    """The least, one less, the literal, one more, the most, and a null, of every type of integer."""
    for dtype, least, most in ((INT32, -(2**31), 2**31 - 1), (INT64, -(2**63), 2**63 - 1), (UINT8, 0, 255)):
        for literal in (100, 200) if dtype == UINT8 else (-1, 0, 2**20):
            values = [least, literal - 1, literal, literal + 1, most, None]
            tree = leaf(opcode, 0, bits_of(dtype, literal))
            assert rows_of(definition, tree, dtype, values) == rows


@DEFINITIONS
@pytest.mark.parametrize("dtype", [FLOAT32, FLOAT64])
def test_floats_are_in_total_order(definition: object, dtype: int) -> None:
    """-NaN < -inf < -1 < -0.0 < 0.0 < tiny < 1 < inf < NaN, each equal to itself alone."""
    minus_nan = struct.unpack("<d", struct.pack("<Q", 0xFFF8 << 48))[0]
    tiny = 1e-45 if dtype == FLOAT32 else 5e-324
    order = [minus_nan, -np.inf, -1.0, -0.0, 0.0, tiny, 1.0, np.inf, np.nan]
    for i, literal in enumerate(order):
        bits = int.from_bytes(struct.pack(FORMATS[dtype], literal), "little")
        assert rows_of(definition, leaf(LT, 0, bits), dtype, order) == list(range(i))
        assert rows_of(definition, leaf(GT, 0, bits), dtype, order) == list(range(i + 1, 9))
        assert rows_of(definition, leaf(EQ, 0, bits), dtype, order) == [i]
        assert rows_of(definition, leaf(IN, 0, bits, bits), dtype, order) == [i]


@DEFINITIONS
def test_a_nan_with_a_payload_is_another_nan(definition: object) -> None:
    """Above the plain one, and not equal to it."""
    bits, plain = 0x7FC00001, 0x7FC00000
    buffer = np.array([bits, plain], "<u4").view(np.uint8)
    columns = np.array([[0, -1, 0]], np.int64)
    for opcode, rows in ((EQ, [1]), (GT, [0]), (GE, [0, 1])):
        program = build_inputs((FLOAT32,), leaf(opcode, 0, plain))
        found = definition.selected(**program, buffer=buffer, columns=columns, n=2)  # type: ignore[attr-defined]
        assert found[1].tolist() == rows


@DEFINITIONS
def test_between_has_both_ends_and_may_be_empty(definition: object) -> None:
    """With low above high nothing is between, and everything that is not null is not between."""
    values = [1, 2, 3, 4, 5, None]
    assert rows_of(definition, leaf(BETWEEN, 0, 2, 4), INT32, values) == [1, 2, 3]
    assert rows_of(definition, leaf(BETWEEN, 0, 4, 2), INT32, values) == []
    assert rows_of(definition, none_of(leaf(BETWEEN, 0, 4, 2)), INT32, values) == [0, 1, 2, 3, 4]
    # `x >= 3 AND x <= null`: false below 3, unknown from there on
    assert rows_of(definition, none_of(leaf(BETWEEN, 0, 3, None)), INT32, values) == [0, 1]
    assert rows_of(definition, none_of(leaf(BETWEEN, 0, None, 3)), INT32, values) == [3, 4]


@DEFINITIONS
def test_lists(definition: object) -> None:
    """With a null what is not found is unknown; an empty list has nothing, and a null is not in it either."""
    values = [1, 2, 3, None]
    for some, found, not_found in (
        ((2,), [1], [0, 2]),
        ((2, 2, 3), [1, 2], [0]),
        ((2, None), [1], []),
        ((None,), [], []),
        ((), [], [0, 1, 2]),
    ):
        assert rows_of(definition, leaf(IN, 0, *some), INT64, values) == found
        assert rows_of(definition, none_of(leaf(IN, 0, *some)), INT64, values) == not_found


@DEFINITIONS
def test_null_is_never_unknown(definition: object) -> None:
    """IS NULL and its opposite, and their opposites."""
    values = [7, None, 7]
    assert rows_of(definition, leaf(IS_NULL, 0), UINT8, values) == [1]
    assert rows_of(definition, none_of(leaf(IS_NULL, 0)), UINT8, values) == [0, 2]
    assert rows_of(definition, leaf(IS_NOT_NULL, 0), UINT8, values) == [0, 2]
    assert rows_of(definition, leaf(NE, 0, None), UINT8, values) == []
    assert rows_of(definition, none_of(leaf(NE, 0, None)), UINT8, values) == []


# Kleene's tables: row by row what is false, unknown, true AND or OR false, unknown, true.
TABLES = {AND: ("FFF", "FUU", "FUT"), OR: ("FUT", "UUT", "TTT")}


@DEFINITIONS
@pytest.mark.parametrize("opcode", TABLES)
def test_all_nine_pairs(definition: object, opcode: int) -> None:
    """True is selected, false is selected under NOT, unknown never; of NOT of NOT as of nothing."""
    truths = [0, None, 1]
    pairs = [(a, b) for a in truths for b in truths]
    values = bytes(9 if one is None else one for pair in zip(*pairs, strict=True) for one in pair)
    bitmaps = [sum(1 << i for i, pair in enumerate(pairs) if pair[k] is not None) for k in range(2)]
    buffer = np.frombuffer(values + b"".join(one.to_bytes(2, "little") for one in bitmaps), np.uint8)
    columns = np.array([[0, 18, 0], [9, 20, 0]], np.int64)
    expected = "".join(TABLES[opcode])
    tree = opcode, leaf(EQ, 0, 1), leaf(EQ, 1, 1)
    for of, letter in ((tree, "T"), (none_of(tree), "F"), (none_of(none_of(tree)), "T")):
        program = build_inputs((UINT8, UINT8), of)
        _, found = definition.selected(**program, buffer=buffer, columns=columns, n=9)  # type: ignore[attr-defined]
        assert found.tolist() == [i for i in range(9) if expected[i] == letter]


@DEFINITIONS
def test_not_of_a_chain(definition: object) -> None:
    """`NOT (x = 1 OR x > 3 AND x IS NOT NULL)`; a null row is NOT (unknown OR unknown AND false), unknown."""
    tree = none_of(any_of(leaf(EQ, 0, 1), all_of(leaf(GT, 0, 3), leaf(IS_NOT_NULL, 0))))
    assert rows_of(definition, tree, INT32, [1, 2, 3, 4, None]) == [1, 2]


def test_whole_columns_agree_with_rows(battery_cases: list[Case]) -> None:
    """On trees over all types, in few rows, and on some of the battery."""
    for k in range(40):
        own = SplitMix64(k)
        dtypes = draw_dtypes(own.fork(0), 3)
        tree = draw_tree(own.fork(1), dtypes, 1 + k % 7)
        assert_alike(build_inputs(dtypes, tree), draw_op(own.fork(2), dtypes, tree, (k, 97)))
    for part in ("literal 0x", "kleene: ", "IN: "):
        cases = [case for case in battery_cases if part in case.name][::9]
        assert len(cases) > 5
        for case in cases:
            for op in seen(case.ops[:1]):
                assert_alike(dict(case.build_inputs), op)


def assert_alike(program: dict[str, object], op: object) -> None:
    """Compare the two definitions on the batches of one op."""
    inputs: dict[str, np.ndarray] = dict(op)  # type: ignore[call-overload]
    for columns, n in zip(inputs["columns"], inputs["n_rows"].tolist(), strict=True):
        if n < 1_100:
            some = {**program, "buffer": inputs["buffer"], "columns": columns, "n": n}
            for one, other in zip(
                reference.selected(**some),  # type: ignore[arg-type]
                whole_columns.selected(**some),  # type: ignore[arg-type]
                strict=True,
            ):
                assert one.dtype == other.dtype
                assert one.tolist() == other.tolist()


def test_whole_columns_in_chunks_agree_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bits of a slice, in chunks of 64 rows, which are not where bytes begin."""
    dtypes = (INT64, FLOAT32)
    tree = draw_tree(SplitMix64(3), dtypes, 6)
    (op,) = seen([draw_op(SplitMix64(4), dtypes, tree, (1_000,), (True, True), 0.3)])
    some = {**build_inputs(dtypes, tree), "buffer": op["buffer"], "columns": op["columns"][0], "n": 1_000}
    whole = whole_columns.selected(**some)
    monkeypatch.setattr(whole_columns, "CHUNK", 64)
    assert [part.tolist() for part in whole_columns.selected(**some)] == [part.tolist() for part in whole]
