"""The definition against answers worked out by hand from the layouts."""

import re

import numpy as np
import pytest

from dictionary import reference

NO_NULLS = np.zeros(0, np.uint8)
OFFSETS = np.array([0, 3, 3, 5], np.int32)  # "abc", "", "de"
DATA = np.frombuffer(b"abcde", np.uint8)


def test_values_are_looked_up() -> None:
    """Of every row its own entry; the type is that of the entries."""
    found = reference.decode_fixed(
        np.array([10, 20, 30], np.uint16), np.array([2, 0, 2, 1], np.uint8), NO_NULLS
    )
    assert (found.dtype, found.tolist()) == (np.uint16, [30, 10, 30, 20])


def test_values_of_sixteen_bytes_are_pairs() -> None:
    """A row of the answer is a row of the dictionary."""
    found = reference.decode_fixed(
        np.array([[1, 2], [3, 4]], np.uint64), np.array([1, 0, 1], np.uint32), NO_NULLS
    )
    assert found.tolist() == [[3, 4], [1, 2], [3, 4]]


def test_strings_stand_end_to_end() -> None:
    """Rows "de", "", "abc", "de": their ends, and seven letters."""
    ends, joined = reference.decode_strings(OFFSETS, DATA, np.array([2, 1, 0, 2], np.uint8), NO_NULLS)
    assert (ends.dtype, joined.dtype) == (np.int32, np.uint8)
    assert ends.tolist() == [0, 2, 2, 5, 7]
    assert joined.tobytes() == b"deabcde"


def test_a_null_is_zero_or_empty_whatever_its_code() -> None:
    """0b1110_0101 has rows 1, 3 and 4 null, from the least bit on; no entry has two of the codes."""
    codes = np.array([0, 9, 2, 255, 3, 1, 0, 2], np.uint8)
    validity = np.array([0b1110_0101], np.uint8)
    found = reference.decode_fixed(np.array([10, 20, 30], np.uint8), codes, validity)
    assert found.tolist() == [10, 0, 30, 0, 0, 20, 10, 30]
    ends, joined = reference.decode_strings(OFFSETS, DATA, codes, validity)
    assert ends.tolist() == [0, 3, 3, 5, 5, 5, 5, 8, 10]
    assert joined.tobytes() == b"abcdeabcde"


def test_no_row_and_no_entry_are_fine() -> None:
    """Nothing is returned for nothing, and nulls need no entry."""
    nothing = np.zeros(0, np.uint32)
    assert reference.decode_fixed(nothing, nothing, NO_NULLS).shape == (0,)
    ends, joined = reference.decode_strings(np.zeros(1, np.int32), NO_NULLS, nothing, NO_NULLS)
    assert (ends.tolist(), joined.size) == ([0], 0)
    nulls = np.array([7, 8, 9], np.uint32), np.array([0b1111_1000], np.uint8)
    assert reference.decode_fixed(nothing, *nulls).tolist() == [0, 0, 0]
    assert reference.decode_strings(np.zeros(1, np.int32), NO_NULLS, *nulls)[0].tolist() == [0, 0, 0, 0]


# Where a code is, by paper and pencil: code i is in lane i % 32. Of 128 codes, the first 32 are row s of all
# lanes, for the s-th 128, the next 32 are row 16 + s, then come row 8 + s and row 24 + s.
PLACES = [(0, 0, 0), (5, 5, 0), (31, 31, 0), (32, 0, 16), (64, 0, 8), (96, 0, 24), (128, 0, 1)]
PLACES += [(321, 1, 10), (352, 0, 26), (1_023, 31, 31)]


@pytest.mark.parametrize(("i", "lane", "row"), PLACES)
def test_a_packed_bit_stands_where_the_layout_says(i: int, lane: int, row: int) -> None:
    """One bit per code: bit `row` of word `lane`. Three: from bit 3 * row of the lane's stream on."""
    payload = np.zeros(32, np.uint32)
    payload[lane] = np.uint32(1) << np.uint32(row)
    codes = reference.unpacked(payload, 1)
    assert np.flatnonzero(codes).tolist() == [i]
    payload = np.zeros(96, np.uint32)
    for b in range(3):
        word, bit = divmod(3 * row + b, 32)
        payload[32 * word + lane] |= np.uint32(1) << np.uint32(bit)
    codes = reference.unpacked(payload, 3)
    assert (np.flatnonzero(codes).tolist(), codes[i]) == ([i], 7)


def test_a_code_may_reach_into_the_next_word_of_its_lane() -> None:
    """Width 3, row 10: bits 30 and 31 of the first word, bit 0 of the second. 0b110 has the upper two."""
    payload = np.zeros(96, np.uint32)
    payload[1] = 1 << 31
    payload[32 + 1] = 1
    assert np.flatnonzero(reference.unpacked(payload, 3) == 0b110).tolist() == [321]


def test_packed_codes_are_those_of_all_chunks() -> None:
    """A chunk without bits, one of 32 bits whose code 0 is 2, and the last one cut: 2,049 rows."""
    words = np.zeros(1 + 1 + 32 * 32 + 1, np.uint32)
    words[1], words[2] = 32, 2
    starts = np.array([0, 1, 1026, 1027], np.int64)
    values = np.array([10, 20, 30], np.uint8)
    found = reference.decode_packed_fixed(values, words, starts, 2_049, NO_NULLS)
    assert (len(found), np.flatnonzero(found != 10).tolist(), found[1024]) == (2_049, [1024], 30)
    ends, joined = reference.decode_packed_strings(OFFSETS, DATA, words, starts, 2_049, NO_NULLS)
    assert (ends[1_024], ends[1_025], ends[2_049]) == (3_072, 3_074, 6_146)
    assert joined[3_069:3_077].tobytes() == b"abcdeabc"


def rows(*codes: int) -> np.ndarray:
    """Return 3,000 rows of entry 0 with the code 3 in some of them."""
    found = np.zeros(3_000, np.uint8)
    found[list(codes)] = 3
    return found


@pytest.mark.parametrize(
    ("codes", "place"),
    [
        (rows(0), "row 0 in chunk 0"),
        (rows(1_023), "row 1023 in chunk 0"),
        (rows(1_024, 1_025), "row 1024 in chunk 1"),
        (rows(2_999), "row 2999 in chunk 2"),
    ],
)
def test_a_code_that_no_entry_has_is_named(codes: np.ndarray, place: str) -> None:
    """The first one, in both methods."""
    message = f"^{place}: expected a code below 3, got 3$"
    with pytest.raises(ValueError, match=message):
        reference.decode_fixed(np.zeros(3, np.uint8), codes, NO_NULLS)
    with pytest.raises(ValueError, match=message):
        reference.decode_strings(OFFSETS, DATA, codes, NO_NULLS)


@pytest.mark.parametrize(
    ("offsets", "message"),
    [
        ([-1, 3, 3, 5], "entry 0: expected a part of 0..5, got -1..3"),
        ([0, 3, 2, 5], "entry 1: expected a part of 0..5, got 3..2"),
        ([0, 3, 3, 6], "entry 2: expected a part of 0..5, got 3..6"),
        ([0, 9, 3, 5], "entry 0: expected a part of 0..5, got 0..9"),
    ],
)
def test_an_entry_that_is_no_part_of_the_data_is_named(offsets: list[int], message: str) -> None:
    """Also if no row has it, and before any code is looked at."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        reference.decode_strings(np.array(offsets, np.int32), DATA, rows(7)[:7], NO_NULLS)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        reference.decode_strings(np.array(offsets, np.int32), DATA, rows(7), NO_NULLS)


def test_too_many_bytes_are_named_by_the_chunk_in_which_they_are() -> None:
    """2,048 rows of 1 MiB are one byte too many, and a bad code counts first in its own chunk only."""
    offsets, data = np.array([0, 1 << 20], np.int32), np.zeros(1 << 20, np.uint8)
    codes = np.zeros(4_000, np.uint8)
    for bad, place in (
        (None, "chunk 1: "),
        (2_100, "chunk 1: "),
        (2_047, "row 2047 in chunk 1: "),
        (9, "row 9 in"),
    ):
        wrong = codes.copy()
        if bad is not None:
            wrong[bad] = 1
        with pytest.raises(ValueError, match=f"^{place}"):
            reference.decode_strings(offsets, data, wrong, NO_NULLS)


def test_a_chunk_that_is_packed_wrongly_is_named_after_earlier_codes() -> None:
    """The second of two chunks is a word short; a bad code counts if it stands in the first."""
    words = np.zeros(2 + 32 + 31, np.uint32)
    words[0] = words[33] = 1
    starts = np.array([0, 33, 65], np.int64)
    with pytest.raises(ValueError, match=r"^chunk 1: expected at most 32 bits"):
        reference.decode_packed_fixed(np.zeros(1, np.uint8), words, starts, 2_000, NO_NULLS)
    words[40] = 1  # row 0 of lane 6 of the second chunk
    with pytest.raises(ValueError, match=r"^chunk 1: "):
        reference.decode_packed_fixed(np.zeros(1, np.uint8), words, starts, 2_000, NO_NULLS)
    words[7] = 1  # and of the first
    with pytest.raises(ValueError, match=r"^row 6 in chunk 0: expected a code below 1, got 1$"):
        reference.decode_packed_fixed(np.zeros(1, np.uint8), words, starts, 2_000, NO_NULLS)


@pytest.mark.parametrize("n_values", [-1, 1, 1_024, 2_049, 2**63])
def test_rows_that_need_another_number_of_chunks_are_named_first(n_values: int) -> None:
    """By the last chunk, though both, and an entry, are wrong, too; by chunk 0 if there is none."""
    words, starts = np.array([40, 40], np.uint32), np.array([0, 1, 2], np.int64)
    message = f"^chunk 1: {n_values} rows do not need 2 chunks$"
    with pytest.raises(reference.Corrupt, match=message):
        reference.decode_packed_strings(OFFSETS - np.int32(1), DATA, words, starts, n_values, NO_NULLS)
    with pytest.raises(reference.Corrupt, match=r"^entry 0: "):
        reference.decode_packed_strings(OFFSETS - np.int32(1), DATA, words, starts, 1_025, NO_NULLS)
    with pytest.raises(reference.Corrupt, match=f"^chunk 0: {n_values} rows do not need 0 chunks$"):
        reference.decode_packed_fixed(DATA, words, starts[:1], n_values, NO_NULLS)


@pytest.mark.parametrize(
    ("start", "end"), [(-1, 33), (0, 34), (0, 0), (33, 0), (40, 73), (-(2**63), 2**63 - 1)]
)
def test_a_chunk_outside_the_words_is_named(start: int, end: int) -> None:
    """Whatever its width says."""
    words = np.zeros(33, np.uint32)
    words[0] = 1
    with pytest.raises(ValueError, match=r"^chunk 0: "):
        reference.decode_packed_fixed(np.zeros(2, np.uint8), words, np.array([start, end]), 5, NO_NULLS)
