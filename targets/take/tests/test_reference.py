"""The reference against answers worked out by hand, and against plainer definitions."""

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from take import TOMBSTONE, reference

NO_BITMAP = np.zeros(0, np.uint8)


def test_values_are_taken_in_the_order_of_their_indices() -> None:
    """Twice the last, then the first; no bitmaps in, none out."""
    values = np.array([7, 8, 9], np.uint32)
    taken, valid = reference.take_fixed(values, NO_BITMAP, np.array([2, 2, 0], np.uint64), NO_BITMAP)
    assert (taken.tolist(), taken.dtype, valid.size) == ([9, 9, 7], np.uint32, 0)


def test_a_row_is_null_where_its_index_or_its_value_is() -> None:
    """Nine indices, so two bytes: row 0 takes the null value 1, row 8 is a null index, beyond all values."""
    values = np.array([70, 80, 90], np.uint64)
    indices = np.array([1, 0, 2, 2, 2, 2, 2, 2, 50], np.uint32)
    index_validity = np.array([0b11111111, 0b11111110], np.uint8)  # padding is set, and does not count
    taken, valid = reference.take_fixed(values, np.array([0b101], np.uint8), indices, index_validity)
    assert taken.tolist() == [80, 70, 90, 90, 90, 90, 90, 90, 0]
    assert valid.tolist() == [0b11111110, 0]


def test_a_null_index_gives_0_though_it_is_one_of_a_row() -> None:
    """And a bitmap in which all rows taken are valid goes."""
    values, indices = np.array([70, 80], np.uint64), np.array([1, 1], np.uint32)
    taken, valid = reference.take_fixed(values, NO_BITMAP, indices, np.array([0b10], np.uint8))
    assert (taken.tolist(), valid.tolist()) == ([0, 80], [0b10])
    taken, valid = reference.take_fixed(values, np.array([0b10], np.uint8), indices, NO_BITMAP)
    assert (taken.tolist(), valid.size) == ([80, 80], 0)


def test_vectors_keep_their_bits() -> None:
    """A signalling NaN, another payload, -0.0 and the smallest number."""
    bits = np.array([[0x7FA00001, 0xFFC12345], [0x80000000, 1]], np.uint32)
    taken = reference.take_rows(bits.view(np.float32), np.array([1, 0, 1], np.uint32))
    assert taken.dtype == np.float32
    assert taken.view(np.uint32).tolist() == [[0x80000000, 1], [0x7FA00001, 0xFFC12345], [0x80000000, 1]]


def test_strings_stand_end_to_end() -> None:
    """Offsets that begin at 1, an empty string, one taken twice."""
    offsets = np.array([1, 3, 3, 6], np.int32)
    ends, data = reference.take_strings(
        offsets, np.frombuffer(b"-abcde", np.uint8), np.array([2, 1, 0, 2], np.uint32)
    )
    assert (ends.tolist(), ends.dtype) == ([0, 3, 3, 5, 8], np.int32)
    assert data.tobytes() == b"cdeabcde"
    assert reference.take_strings(offsets, data, np.zeros(0, np.uint32))[0].tolist() == [0]


def test_requests_that_are_missing_are_left_out() -> None:
    """Of equal addresses the first counts; 2**53 and the next number are two."""
    returned = np.array([2**53 + 1, 9, 2**64 - 1, 9], np.uint64)
    requested = np.array([9, 2**53, 2**64 - 1, 2**53 + 1, 9], np.uint64)
    found = reference.remap(returned, requested)
    assert (found.tolist(), found.dtype) == ([1, 2, 0, 1], np.uint32)


def test_offsets_count_rows_that_live() -> None:
    """Fragment 5 without rows 0, 1, 3 of 5; fragment 2 of no rows; fragment 9 with both rows; the end."""
    found = reference.map_offsets(
        np.array([3, 0, 1, 2, 4, 2**64 - 1], np.uint64),
        np.array([5, 2, 9], np.uint32),
        np.array([5, 0, 2], np.int64),
        np.array([0, 3, 3, 3], np.int64),
        np.array([0, 1, 3], np.uint32),
    )
    live = [5 << 32 | 2, 5 << 32 | 4, 9 << 32, 9 << 32 | 1]
    assert found.tolist() == [live[3], live[0], live[1], live[2], TOMBSTONE, TOMBSTONE]


@pytest.mark.parametrize("share", [0.0, 0.02, 0.25, 0.5, 0.97, 1.0])
def test_offsets_agree_with_a_list_of_all_rows_that_live(share: float) -> None:
    """Every offset of three fragments, by removing the deleted rows from a list."""
    stream = SplitMix64(3)
    deleted = [np.flatnonzero(stream.floats(200) < share) for _ in range(3)]
    rows = [f << 32 | row for f in range(3) for row in range(200) if row not in deleted[f]]
    found = reference.map_offsets(
        np.arange(len(rows) + 2, dtype=np.uint64),
        np.arange(3, dtype=np.uint32),
        np.full(3, 200),
        np.cumsum([0, *map(len, deleted)]),
        np.concatenate(deleted).astype(np.uint32),
    )
    assert found.tolist() == [*rows, TOMBSTONE, TOMBSTONE]


def test_the_first_wrong_row_is_named() -> None:
    """An index that is the number of rows; a string that ends before it begins; one byte too many."""
    with pytest.raises(ValueError, match=r"^row 1: expected an index below 2, got 2$"):
        reference.take_rows(np.zeros((2, 1), np.float32), np.array([1, 2, 9], np.uint32))
    values, indices = np.zeros(2, np.uint32), np.array([9, 2, 9], np.uint32)
    with pytest.raises(ValueError, match=r"^row 2: "):
        reference.take_fixed(values, NO_BITMAP, indices, np.array([0b100], np.uint8))
    data, rows = np.zeros(1 << 20, np.uint8), np.array([1, 0], np.uint32)
    with pytest.raises(ValueError, match=r"^row 1: expected a string inside 1048576 bytes, got 5 to 2$"):
        reference.take_strings(np.array([5, 2, 2], np.int32), data, rows)
    whole = np.array([0, 1 << 20], np.int32)
    with pytest.raises(ValueError, match=r"^row 2047: expected at most 2147483647 bytes, got 2147483648$"):
        reference.take_strings(whole, data, np.zeros(3_000, np.uint32))


@pytest.mark.parametrize(
    ("n_rows", "starts", "deleted", "wrong"),
    [
        ([3, 3], [0, 1, 2], [2, 3], "fragment 1: expected deleted rows ascending and below 3"),
        ([3, 3], [0, 0, 2], [1, 1], "fragment 1: expected deleted rows ascending and below 3"),
        ([3, -1], [0, 0, 0], [], r"fragment 1: expected 0 to 2\*\*32 rows, got -1"),
        ([2**32 + 1, -1], [0, 0, 0], [], r"fragment 0: expected 0 to 2\*\*32 rows, got 4294967297"),
        ([3, 3], [0, 2, 1], [0, 1], "fragment 1: expected a part of 2 deleted rows, got 2 to 1"),
        ([3, 3], [-1, 2, 2], [0, 1], "fragment 0: expected a part of 2 deleted rows, got -1 to 2"),
    ],
)
def test_the_first_wrong_fragment_is_named(
    n_rows: list[int], starts: list[int], deleted: list[int], wrong: str
) -> None:
    """Though no offset is asked for."""
    fragments = np.zeros(2, np.uint32), np.array(n_rows, np.int64), np.array(starts, np.int64)
    with pytest.raises(ValueError, match=f"^{wrong}$"):
        reference.map_offsets(np.zeros(0, np.uint64), *fragments, np.array(deleted, np.uint32))
