"""The reference against answers worked out by hand, and its two ways of unpacking against each other."""

import numpy as np
import pytest

from bitpack import ORDER, reference
from bitpack.pages import random
from harness_common.prng import SplitMix64

BITS = (8, 16, 32, 64)


def test_the_order_is_its_own_inverse() -> None:
    """Where block b stands, and which block stands at b, are one table."""
    assert [ORDER[ORDER[block]] for block in range(8)] == list(range(8))


def test_values_of_one_bit_in_bytes() -> None:
    """T = 8, W = 1: byte l holds lane l, and its bit r is value 128 r + l.

    128 lanes of 8 rows and one byte: byte 0 is 1, so value 0 is 1; byte 5 is 0b1000_0010, so are the values
    128 + 5 and 7 * 128 + 5.
    """
    packed = np.zeros(128, np.uint8)
    packed[0], packed[5] = 1, 0b1000_0010
    values = reference.unpack_out_of_line(packed, 1, 1024)
    assert np.flatnonzero(values).tolist() == [0, 133, 901]
    assert values.max() == 1


def test_values_of_three_bits_in_bytes_cross_from_byte_to_byte() -> None:
    """T = 8, W = 3: lane 2 has the bytes 2, 130 and 258, as one stream of 24 bits, 8 values.

    Byte 2 = 0b10_101_001, byte 130 = 0b0_110_011_1, byte 258 = 0b111_000_10. Three bits at a time from below:
    001, 101, then 10 and 1 above it: 110; 011, 110, then 0 and 10 above it: 100; 000, 111.
    """
    packed = np.zeros(384, np.uint8)
    packed[[2, 130, 258]] = 0b10_101_001, 0b0_110_011_1, 0b111_000_10
    values = reference.unpack_out_of_line(packed, 3, 1024)
    assert values[2::128].tolist() == [1, 5, 6, 3, 6, 4, 0, 7]
    assert np.count_nonzero(values) == 7


def test_blocks_of_eight_rows_stand_in_the_stated_order() -> None:
    """T = 32, W = 1: word l holds lane l of 32, bit r is row r; rows 8, 16 and 24 begin at 64, 32 and 96.

    Word 3 has the bits 0, 8, 9, 16, 24 and 31. Row 9 is the second of its block: 64 + 128; row 31 the eighth:
    96 + 7 * 128.
    """
    packed = np.zeros(32, np.uint32)
    packed[3] = 1 | 1 << 8 | 1 << 9 | 1 << 16 | 1 << 24 | 1 << 31
    values = reference.unpack_out_of_line(packed, 1, 1024)
    expected = [3, 64 + 3, 64 + 128 + 3, 32 + 3, 96 + 3, 96 + 7 * 128 + 3]
    assert np.flatnonzero(values).tolist() == sorted(expected)


def test_blocks_of_64_bits_stand_in_the_stated_order() -> None:
    """T = 64, W = 64: a copy of rows of 16; rows 0, 8, ..., 56 begin at 0, 64, 32, 96, 16, 80, 48, 112."""
    packed = np.arange(1024, dtype=np.uint64)
    values = reference.unpack_out_of_line(packed, 64, 1024)
    begins = [0, 64, 32, 96, 16, 80, 48, 112]
    assert [int(values[begin]) for begin in begins] == [16 * row for row in range(0, 64, 8)]
    assert int(values[128 + 64 + 5]) == 16 * 9 + 5
    assert sorted(values.tolist()) == packed.tolist()


@pytest.mark.parametrize("bits", BITS)
def test_agrees_with_the_definition_bit_by_bit(bits: int) -> None:
    """Every width: some drawn places, and all of a few widths."""
    stream = SplitMix64(bits)
    for width in range(bits + 1):
        payload = random(stream, 1024 // bits * width, bits)
        (values,) = reference.unpack_chunks(payload[np.newaxis], width)
        places = range(1024) if width in (3, bits - 1) else stream.integers(0, 1024, 20).tolist()
        assert [int(values[i]) for i in places] == [reference.value(payload, width, i) for i in places]


def test_each_chunk_has_its_own_width() -> None:
    """Widths 0, 8 and 1: 1, 1 + 1024 and 1 + 128 bytes; the last chunk is cut off."""
    chunks = [0], [8, *[7] * 1024], [1, *[255] * 128]
    words = np.array([byte for chunk in chunks for byte in chunk], np.uint8)
    starts = np.array([0, 1, 1026, 1155])
    values = reference.unpack_inline(words, starts, 2048 + 300)
    assert values.tolist() == [0] * 1024 + [7] * 1024 + [1] * 300
    assert reference.unpack_inline(words[:0], starts[:1], 0).shape == (0,)


def test_a_tail_is_raw_where_the_length_says_so() -> None:
    """T = 16, W = 2: a chunk is 128 words; 1,030 values need 256 packed, or 128 and 6 raw ones."""
    words = np.full(256, 0xFFFF, np.uint16)
    assert reference.unpack_out_of_line(words, 2, 1030).tolist() == [3] * 1030
    raw = np.concatenate([words[:128], np.arange(6, dtype=np.uint16) + 1000])
    assert reference.unpack_out_of_line(raw, 2, 1030).tolist() == [3] * 1024 + list(range(1000, 1006))


def test_a_tail_that_could_be_both_is_raw() -> None:
    """T = 16, W = 2: 128 values are 128 words packed or raw."""
    words = np.arange(128, dtype=np.uint16) + 500
    assert reference.unpack_out_of_line(words, 2, 128).tolist() == words.tolist()


def test_levels_are_buffers_one_after_another() -> None:
    """W = 1, 64 words a chunk: 1,024 ones; two raw; none; 70 ones in a packed tail."""
    words = np.concatenate([np.full(64, 0xFFFF), [9, 8], np.full(64, 0xFFFF)]).astype(np.uint16)
    starts, counts = np.array([0, 64, 66, 66, 130]), np.array([1024, 2, 0, 70], np.int32)
    values = reference.unpack_levels(words, starts, 1, counts)
    assert values.tolist() == [1] * 1024 + [9, 8] + [1] * 70


@pytest.mark.parametrize("width", [0, 1, 5, 16])
def test_levels_are_what_each_buffer_is_alone(width: int) -> None:
    """Buffers of drawn lengths, packed and raw, against one call for each."""
    stream = SplitMix64(width)
    counts = stream.integers(0, 4097, 40)
    step = 64 * width
    packed = stream.integers(0, 2, 40)
    sizes = counts // 1024 * step + np.where(packed > 0, (counts % 1024 > 0) * step, counts % 1024)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    words = random(stream, int(starts[-1]), 16)
    alone = [
        reference.unpack_out_of_line(words[starts[b] : starts[b + 1]], width, int(counts[b]))
        for b in range(40)
    ]
    together = reference.unpack_levels(words, starts, width, counts.astype(np.int32))
    np.testing.assert_array_equal(together, np.concatenate(alone))


GOOD = np.array([0, 8, *[0] * 1024, 1, *[0] * 128], np.uint8)  # widths 0, 8 and 1
STARTS = (0, 1, 1026, 1155)


@pytest.mark.parametrize(
    ("headers", "starts", "n_values", "place"),
    [
        ({0: 9}, STARTS, 3000, "chunk 0"),
        ({1: 255, 1026: 255}, STARTS, 3000, "chunk 1"),
        ({1026: 2}, STARTS, 3000, "chunk 2"),
        ({1026: 0}, STARTS, 3000, "chunk 2"),
        ({}, (0, 1, 1026, 1156), 3000, "chunk 2"),
        ({}, (0, 1, 1026, 1154), 3000, "chunk 2"),
        ({}, (0, 0, 1026, 1155), 3000, "chunk 0"),
        ({}, (-1, 1, 1026, 1155), 3000, "chunk 0"),
        ({}, (0, 1026, 1, 1155), 3000, "chunk 0"),
        ({}, (0, 1, 1, 1155), 3000, "chunk 1"),
        ({}, STARTS, 2048, "chunk 2"),
        ({0: 9}, STARTS, 3073, "chunk 2"),
        ({}, STARTS, -1, "chunk 2"),
        ({}, (0,), 1, "chunk 0"),
    ],
)
def test_a_corrupt_page_is_refused_by_its_first_bad_chunk(
    headers: dict[int, int], starts: tuple[int, ...], n_values: int, place: str
) -> None:
    """A header too wide or unlike its extent, starts out of order or outside, a wrong number of values."""
    words = GOOD.copy()
    words[list(headers)] = list(headers.values())
    with pytest.raises(reference.Corrupt, match=f"^{place}: "):
        reference.unpack_inline(words, np.array(starts), n_values)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64])
@pytest.mark.parametrize("times", [1, 2])
def test_a_header_above_all_bits_is_refused_whatever_the_length(dtype: type, times: int) -> None:
    """Chunk 1 has T + 1 or 2 T bits and as many words; a byte has no room for the -1 of a comparison."""
    bits = 8 * np.dtype(dtype).itemsize
    width = bits + 1 if times == 1 else 2 * bits
    words = np.zeros(2 + 1024 // bits * width, dtype)
    words[1] = width
    with pytest.raises(reference.Corrupt, match=r"^chunk 1: "):
        reference.unpack_inline(words, np.array([0, 1, len(words)]), 2048)


def test_a_header_above_all_bits_is_refused_at_the_length_of_255() -> None:
    """T = 8, header 9, 1 + 128 * 255 words: as many as a -1 in a byte would ask for."""
    words = np.zeros(1 + 128 * 255, np.uint8)
    words[0] = 9
    with pytest.raises(reference.Corrupt, match=r"^chunk 0: "):
        reference.unpack_inline(words, np.array([0, len(words)]), 1024)


@pytest.mark.parametrize(
    ("n_words", "width", "n_values", "place"),
    [
        (64, 17, 1024, "chunk 0"),
        (64, -1, 1024, "chunk 0"),
        (64, 1, 1025, "chunk 1"),  # 65 raw or 128 packed
        (66, 1, 1025, "chunk 1"),
        (129, 1, 1025, "chunk 1"),
        (64, 1, -1, "chunk 0"),
        (1, 1, 0, "chunk 0"),
        (128, 1, 1024, "chunk 0"),  # a whole chunk has no tail
        (1, 0, 2048, "chunk 1"),
        (0, 0, 2**31, "chunk 2097151"),  # its length would be right
        (0, 0, 2**63, "chunk 9007199254740991"),
        (0, 17, 2**31, "chunk 0"),
    ],
)
def test_a_corrupt_column_is_refused(n_words: int, width: int, n_values: int, place: str) -> None:
    """A width beyond the word, or a length that is neither layout's."""
    with pytest.raises(reference.Corrupt, match=f"^{place}: "):
        reference.unpack_out_of_line(np.zeros(n_words, np.uint16), width, n_values)


@pytest.mark.parametrize(
    ("starts", "counts", "width", "place"),
    [
        ((0, 64, 66), (1024, 2), 17, "buffer 0"),
        ((0, 64, 67), (1024, 2), 1, "buffer 1"),
        ((0, 64, 65), (1024, 2), 1, "buffer 1"),
        ((1, 64, 66), (1024, 2), 1, "buffer 0"),
        ((-1, 63, 65), (1024, 2), 1, "buffer 0"),
        ((0, 64, 66), (1024, -2), 1, "buffer 1"),
        ((0, 64, 66), (-1024, -2), 1, "buffer 0"),
        ((64, 0, 66), (0, 2), 1, "buffer 0"),
        ((0, 320, 322), (5120, 2), 1, "buffer 0"),  # more levels than a buffer may have
    ],
)
def test_corrupt_levels_are_refused_by_their_first_bad_buffer(
    starts: tuple[int, ...], counts: tuple[int, ...], width: int, place: str
) -> None:
    """A width beyond 16, starts outside, a length or a number of values that cannot be."""
    with pytest.raises(reference.Corrupt, match=f"^{place}: "):
        reference.unpack_levels(np.zeros(400, np.uint16), np.array(starts), width, np.array(counts, np.int32))
