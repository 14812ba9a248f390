"""The encoder for the inputs: what it encodes comes back, tables are in order, and it compresses."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies

from fsst import encoder, expansion, reference, texts
from harness_common.prng import SplitMix64


def in_one(strings: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Return strings as (data, offsets)."""
    return np.frombuffer(b"".join(strings), np.uint8), np.cumsum([0, *map(len, strings)]).astype(np.int64)


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(
    strategies.lists(
        strategies.one_of(
            strategies.binary(max_size=30), strategies.text("abc\xff", max_size=30).map(str.encode)
        ),
        max_size=20,
    )
)
def test_any_strings_come_back(strings: list[bytes]) -> None:
    """Learnt from themselves, and with a table of few symbols."""
    data, offsets = in_one(strings)
    for symbols in (encoder.train(strings), encoder.in_order([b"ab", b"abc", b"a"])):
        codes, bounds = encoder.encode(symbols, data, offsets)
        decoded, ends = reference.decode(encoder.table_of(symbols), codes, bounds)
        assert decoded.tobytes() == b"".join(strings)
        assert ends.tolist() == offsets.tolist()


def test_the_longest_symbol_that_fits_is_taken() -> None:
    """`abc` before `ab`, `ab` at the end, an escape for `x`."""
    symbols = [b"ab", b"abc", b"c"]
    codes, bounds = encoder.encode(symbols, *in_one([b"abcab", b"xc"]))
    assert codes.tolist() == [1, 0, 255, ord("x"), 2]
    assert bounds.tolist() == [0, 2, 5]


def test_a_table_has_lance_s_layout() -> None:
    """Two of two bytes, the one that a longer one begins with first, then three, eight, one."""
    symbols = encoder.in_order([b"z", b"ab", b"xy", b"xyz", b"12345678"])
    assert symbols == [b"xy", b"ab", b"xyz", b"12345678", b"z"]
    table = encoder.table_of(symbols).tobytes()
    assert table[:8] == bytes([5, 0, 1, 1]) + b"TSSF"
    assert table[8:48] == b"xy\0\0\0\0\0\0ab\0\0\0\0\0\0xyz\0\0\0\0\x0012345678z\0\0\0\0\0\0\0"
    assert table[48:53] == bytes([2, 2, 3, 8, 1])
    assert (len(table), set(table[53:])) == (2312, {0})


@pytest.mark.parametrize(("distribution", "least"), [("urls", 2.5), ("comments", 2.5), ("short", 1.7)])
def test_text_becomes_as_short_as_the_paper_says(distribution: str, least: float) -> None:
    """Their average ratio is 2.3 over texts of all kinds."""
    data, offsets = texts.draw(SplitMix64(1), distribution, 3_000)
    symbols = encoder.train(encoder.sample_of(data, offsets))
    codes, bounds = encoder.encode(symbols, data, offsets)
    assert len(symbols) == 255
    assert len(data) / len(codes) > least
    decoded, ends, bad = expansion.expand(symbols, codes, bounds[:-1], bounds[1:])
    assert bad == -1
    np.testing.assert_array_equal(decoded, data)
    np.testing.assert_array_equal(ends, offsets)
