"""The definition gives answers that were worked out by hand, from bytes that were laid out by hand."""

import numpy as np
import pytest

from fts_bm25 import NO_DOCUMENT, reference

ONES, FIVES = b"\xff", b"\x55"
# First document 5, differences of 1 bit: 0, then 127 times 1; frequencies of 2 bits: 1, 1, 1, 3, and again.
WHOLE = b"\0\0\0\0\x05\0\0\0\x01\xfe" + ONES * 15 + b"\x02" + FIVES * 12 + ONES * 4 + FIVES * 12 + ONES * 4
LAST = b"\0\0\x80\x3f" + b"\x85\0\0\0\x90\1\0\0" + b"\1\0\0\0\2\0\0\0"  # documents 133 and 400, 1 and 2 times


def words(data: bytes) -> np.ndarray:
    """Return the bytes as an array."""
    return np.frombuffer(data, np.uint8)


def test_a_block_is_what_its_bytes_say() -> None:
    """The first number is bit 0 of the first stream: hence 0xfe where the first difference is 0."""
    documents, frequencies = reference.whole_block(WHOLE)
    assert documents == list(range(5, 133))
    assert frequencies == [1, 1, 1, 3] * 32


def test_a_number_may_lie_in_two_words() -> None:
    """Number 4 is the second of stream 0: of 20 bits, 12 are in word 0 and 8 in word 1, 16 bytes further."""
    packed = bytearray(16 * 20)
    packed[2:4] = b"\xe0\xcd"  # 0xCDE in the upper 12 bits of word 0
    packed[16] = 0xAB
    values = reference.unpacked(bytes(packed), 20)
    assert values[4] == 0xABCDE
    assert sum(values) == 0xABCDE


def test_32_bits_are_the_numbers_as_they_are_and_0_bits_are_zeros() -> None:
    """The four streams of whole words, side by side, are the numbers in order."""
    values = np.arange(128, dtype="<u4") * 33_333_333
    assert reference.unpacked(values.tobytes(), 32) == values.tolist()
    assert reference.unpacked(b"", 0) == [0] * 128


def test_a_list_is_its_blocks_one_after_the_other() -> None:
    """One whole block and two postings."""
    documents, frequencies = reference.postings([WHOLE, LAST], 130)
    assert documents == [*range(5, 133), 133, 400]
    assert frequencies[-3:] == [3, 1, 2]


@pytest.mark.parametrize(
    ("frequency", "length", "avgdl", "expected"),
    [
        (1, 100, 100.0, np.float32(1)),  # norm 1.2, and 2.2 / 2.2
        (1, 0, 7.0, np.float32(2.2) / np.float32(1.3)),  # norm 1.2 * 0.25 = 0.3
        (2, 300, 100.0, np.float32(4.4) / np.float32(5.0)),  # norm 1.2 * 2.5 = 3
        (2**32 - 1, 100, 100.0, np.float32(2.2) * np.float32(2**32) / np.float32(2**32)),  # as float32 2**32
    ],
)
def test_a_contribution_is_computed_by_hand(
    frequency: int, length: int, avgdl: float, expected: np.float32
) -> None:
    """For lengths that make the numbers easy; an idf of 0.5 halves it."""
    got = reference.contribution(np.float32(0.5), frequency, length, avgdl)
    assert got.dtype == np.float32
    assert got == np.float32(0.5) * expected


def small_index() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return blob, starts, blocks and lengths of three terms: 130 postings, document 133 twice, none."""
    other = b"\0\0\0\0" + b"\x85\0\0\0" + b"\2\0\0\0"
    sizes = [0, len(WHOLE), len(LAST), len(other)]
    return (
        words(WHOLE + LAST + other),
        np.cumsum(sizes).astype(np.int64),
        np.array([0, 2, 3, 3]),
        np.array([130, 1, 0]),
    )


def search(terms: list[list[int]], idf: list[list[float]], k: int, mask: bytes = b"") -> reference.Answer:
    """Return what the reference finds in the small index; every document has the mean length, 50."""
    lengths = np.full(401, 50, np.uint32)
    return reference.search(
        lengths, *small_index(), np.array(terms, np.int32), np.array(idf, np.float32), 50.0, k, words(mask)
    )


def test_the_best_come_first_and_ties_by_document() -> None:
    """Three times counts 6.6 / 4.2, twice 4.4 / 3.2, once 1; document 133 has both terms."""
    ids, scores, count = search([[0, 1]], [[1.0, 1.0]], 4)
    assert ids.tolist() == [[133, 8, 12, 16]]
    three = np.float32(2.2) * np.float32(3) / (np.float32(3) + np.float32(1.2))
    two = np.float32(2.2) * np.float32(2) / (np.float32(2) + np.float32(1.2))
    assert scores.tolist() == [[np.float32(1) + two, three, three, three]]
    assert (ids.dtype, scores.dtype, count.dtype) == (np.uint32, np.float32, np.int32)


def test_slots_without_a_term_and_slots_of_idf_0() -> None:
    """Unknown terms find nothing; those of idf 0 find documents of score 0; behind them there is nothing."""
    ids, scores, count = search([[-1, -1], [-1, 1], [2, 1]], [[1.0, 1.0], [1.0, 0.0], [1.0, 1.0]], 2)
    assert count.tolist() == [0, 1, 1]
    assert ids.tolist() == [[NO_DOCUMENT] * 2, [133, NO_DOCUMENT], [133, NO_DOCUMENT]]
    assert scores[1].tolist() == [0.0, 0.0]
    assert scores[2, 1] == 0.0


def test_a_term_counts_as_often_as_it_is_asked_for() -> None:
    """Twice the same slot, twice the score."""
    (_, once, _), (_, twice, _) = search([[1]], [[0.75]], 1), search([[1, 1]], [[0.75, 0.75]], 1)
    assert twice[0, 0] == 2 * once[0, 0]


def test_the_mask_says_who_may_be_returned() -> None:
    """Bit d & 7 of byte d >> 3: here documents 8 and 400 alone."""
    mask = bytearray(51)
    mask[1], mask[50] = 1, 1
    ids, _, count = search([[0]], [[1.0]], 3, bytes(mask))
    assert (ids.tolist(), count.tolist()) == ([[8, 400, NO_DOCUMENT]], [2])


def test_k_may_be_0_or_more_than_there_are() -> None:
    """Nothing, or all and padding."""
    ids, scores, count = search([[1]], [[1.0]], 0)
    assert (ids.shape, scores.shape, count.tolist()) == ((1, 0), (1, 0), [0])
    assert search([[0]], [[1.0]], 200)[2].tolist() == [130]


def test_the_order_of_the_slots_decides_how_a_sum_is_rounded() -> None:
    """1 + 2**-24 + 2**-24 is 1 from the left; the small ones first give 1 + 2**-23."""
    small = 2.0**-24
    counts = [search([[0, 0, 0]], [idf], 200)[1] for idf in ([1.0, small, small], [small, small, 1.0])]
    ones = counts[0][0] == 1.0
    assert ones.any()
    assert (counts[1][0][ones] == np.float32(1 + 2.0**-23)).all()
