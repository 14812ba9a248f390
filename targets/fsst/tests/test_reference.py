"""The reference against answers worked out on paper from the layout, and the oracle's loop against it."""

import numpy as np
import pytest

from fsst import expansion, reference
from fsst.oracle import expect
from referee.testing import seen
from referee.workload import Case

# Three symbols: "ab", "hello wo" and "z", in the order of a table: lengths 2 to 8, then 1.
TABLE = np.zeros(2312, np.uint8)
TABLE[:8] = 3, 0, 0, 1, *b"TSSF"
TABLE[8:10] = list(b"ab")
TABLE[16:24] = list(b"hello wo")
TABLE[24:25] = list(b"z")
TABLE[32:35] = 2, 8, 1
DECODES = pytest.mark.parametrize("module", [reference, expansion])


def codes(*values: int) -> np.ndarray:
    """Return uint8 codes."""
    return np.array(values, np.uint8)


def changed(at: int, value: int) -> np.ndarray:
    """Return the table with one byte changed."""
    table = TABLE.copy()
    table[at] = value
    return table


@DECODES
def test_codes_are_symbols_and_escapes_are_bytes(module: object) -> None:
    """Five strings: symbols, nothing, an escaped letter, an escaped 255 before a symbol, two escapes."""
    stream = codes(9, 0, 1, 2, 255, 65, 255, 255, 2, 255, 255, 255, 0, 77)
    data, offsets = module.decode(TABLE, stream, np.array([1, 4, 4, 6, 9, 13], np.int32))  # type: ignore[attr-defined]
    assert data.tobytes() == b"abhello wozA\xffz\xff\x00"
    assert (data.dtype, offsets.dtype, offsets.tolist()) == (np.uint8, np.int32, [0, 11, 11, 12, 14, 16])


@DECODES
def test_offsets_keep_their_type(module: object) -> None:
    """Of 64 bits in, of 64 bits out; without strings, one zero."""
    for dtype in (np.int32, np.int64):
        data, offsets = module.decode(TABLE, codes(2), np.array([1], dtype))  # type: ignore[attr-defined]
        assert (data.size, offsets.dtype, offsets.tolist()) == (0, dtype, [0])


@DECODES
def test_a_page_is_its_chunks_end_to_end(module: object) -> None:
    """Two strings in 12 bytes of offsets, padded; a chunk without strings; one of 8 bytes of offsets."""
    page = codes(
        *(7, 7),
        *(12, 0, 0, 0, 13, 0, 0, 0, 15, 0, 0, 0, 0, 255, 33, 72),
        *(4, 0, 0, 0),
        *(8, 0, 0, 0, 10, 0, 0, 0, 1, 2, 72, 72),
    )
    data, offsets = module.decode_page(TABLE, page, np.array([2, 18, 22, 34]))  # type: ignore[attr-defined]
    assert data.tobytes() == b"ab!hello woz"
    assert (offsets.dtype, offsets.tolist()) == (np.int32, [0, 2, 3, 12])


@DECODES
def test_what_is_stored_comes_as_it_is(module: object) -> None:
    """With the switch at 0 no code is looked at, nor any byte behind the mark."""
    table = changed(3, 0)
    table[8:] = 200
    data, offsets = module.decode(table, codes(5, 255, 4, 255), np.array([1, 2, 4], np.int64))  # type: ignore[attr-defined]
    assert (data.tolist(), offsets.tolist()) == ([255, 4, 255], [0, 1, 3])


@DECODES
@pytest.mark.parametrize(
    ("at", "value"), [(4, 0), (5, 1), (6, 0), (7, 69), (3, 2), (32, 0), (34, 9), (33, 255), (0, 4)]
)
def test_a_bad_table_is_named(module: object, at: int, value: int) -> None:
    """Mark, switch, lengths, a symbol more than there are lengths; before any bad string."""
    with pytest.raises(ValueError, match=r"^symbol table: "):
        module.decode(changed(at, value), codes(3), np.array([0, 1], np.int32))  # type: ignore[attr-defined]


@DECODES
@pytest.mark.parametrize(
    ("offsets", "place"),
    [
        ([0, 1, 3], "string 1"),  # the code 3 has no symbol
        ([0, 1, 2, 5], "string 2"),  # 3, then an escape at the end
        ([3, 4, 5], "string 1"),  # an escape at the end
        ([3, 6, 7], "string 1"),  # 200
        ([0, 2, 1, 9], "string 1"),  # they fall
        ([0, 99, 1], "string 0"),  # beyond the codes
        ([-1, 1], "string 0"),
        ([1, 1, 8], "string 1"),
    ],
)
def test_a_bad_string_is_named(module: object, offsets: list[int], place: str) -> None:
    """The first of several."""
    stream = codes(0, 1, 3, 0, 255, 65, 200)
    with pytest.raises(ValueError, match=f"^{place}: "):
        module.decode(TABLE, stream, np.array(offsets, np.int64))  # type: ignore[attr-defined]


@DECODES
@pytest.mark.parametrize(
    ("bounds", "place"),
    [
        ([0, 8, 12], "chunk 1"),  # no room for one offset
        ([0, 8, 6], "chunk 1"),
        ([0, 99, 8], "chunk 0"),
        ([-4, 8], "chunk 0"),
        ([0, 8, 20], "chunk 1"),  # an offset of 13 in a chunk of 12
        ([20, 29], "chunk 0"),  # 3 is no symbol
        ([1, 9], "chunk 0"),  # the first offset is no multiple of four
        ([0, 8, 8], "chunk 1"),
    ],
)
def test_a_bad_chunk_is_named(module: object, bounds: list[int], place: str) -> None:
    """Bounds, offsets within a chunk, and codes."""
    page = codes(
        *(4, 0, 0, 0, 0, 0, 0, 0), *(8, 0, 0, 0, 13, 0, 0, 0, 1, 1, 1, 1), *(8, 0, 0, 0, 9, 0, 0, 0, 3)
    )
    with pytest.raises(ValueError, match=f"^{place}: "):
        module.decode_page(TABLE, page, np.array(bounds))  # type: ignore[attr-defined]


def test_the_oracle_s_loop_agrees_with_the_definition(battery_cases: list[Case]) -> None:
    """Every op of the battery but those of the largest size: the same arrays, or the same place."""
    n_errors = 0
    for case in battery_cases:
        for op in seen(case.ops):
            if op["method"] == "decode":
                plain, arguments = reference.decode, (op["table"], op["codes"], op["offsets"])
            else:
                plain, arguments = reference.decode_page, (op["table"], op["page"], op["chunk_starts"])
            if len(arguments[1]) > 1 << 21 or "chunk by chunk" in op["method"]:
                continue
            expected = expect({}, op)
            if expected.error:
                n_errors += 1
                with pytest.raises(ValueError, match=f"^{expected.error}: "):
                    plain(*arguments)
                continue
            for want, got in zip(plain(*arguments), expected.arrays, strict=True):
                assert want.dtype == got.dtype
                np.testing.assert_array_equal(want, got)
    assert n_errors > 350
