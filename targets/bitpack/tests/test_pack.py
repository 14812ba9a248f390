"""The packer against the definition, bit by bit, and the layouts that it writes."""

import numpy as np
import pytest

from bitpack import pack, reference
from harness_common.prng import SplitMix64


def drawn(stream: SplitMix64, bits: int, width: int, shape: tuple[int, int]) -> np.ndarray:
    """Return uint{T}[shape], each below 2**width."""
    return (stream.uint64(shape) >> (64 - width) if width > 0 else stream.uint64(shape) * 0).astype(
        f"u{bits // 8}"
    )


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_every_width_comes_back(bits: int) -> None:
    """By the fast definition for all values, by the bit-by-bit one for some."""
    stream = SplitMix64(bits)
    for width in range(bits + 1):
        values = drawn(stream, bits, width, (2, 1024))
        packed = pack.pack_chunks(values, width)
        assert (packed.dtype, packed.shape) == (values.dtype, (2, 1024 // bits * width))
        np.testing.assert_array_equal(reference.unpack_chunks(packed, width), values)
        for place in stream.integers(0, 1024, 10).tolist():
            assert reference.value(packed[1], width, place) == values[1, place]


@pytest.mark.parametrize(
    ("n_values", "raw"), [(1, True), (1, False), (1024, True), (2500, True), (2500, False)]
)
def test_pages_and_columns_come_back(n_values: int, raw: bool) -> None:
    """Headers and tails are where the reference looks for them."""
    values = drawn(SplitMix64(n_values), 32, 5, (3, 1024))
    words, starts = pack.pack_inline(values, [5, 7, 32])
    np.testing.assert_array_equal(reference.unpack_inline(words, starts, 3072), values.reshape(-1))
    column = values.reshape(-1)[:n_values]
    packed = pack.pack_out_of_line(column, 5, raw=raw)
    np.testing.assert_array_equal(reference.unpack_out_of_line(packed, 5, n_values), column)


def test_lance_packs_a_tail_only_where_that_is_shorter() -> None:
    """u32 at 8 bits, 256 words a chunk: raw up to 256 values, packed from 257 on."""
    assert [pack.tail_is_raw(32, 8, 1024 + n) for n in (1, 255, 256, 257, 1023)] == [True] * 3 + [False] * 2
