"""The reference against answers worked out by hand, and against the definition in Python's integers."""

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from predicate import reference
from predicate.inputs import random_bytes


def test_distance_is_the_number_of_differing_bits() -> None:
    """1101 1010 against itself, against one bit less, against its complement, and against zeros."""
    query = np.array([0b1101_1010], np.uint8)
    codes = np.array([[0b1101_1010], [0b1101_1000], [0b0010_0101], [0]], np.uint8)
    assert reference.distances(query, codes).tolist() == [0, 1, 8, 5]


def test_bytes_of_a_row_add_up() -> None:
    """3 bits in the first byte, none in the second, 8 in the third; the order of bytes does not matter."""
    query = np.array([0b0000_0111, 0x55, 0xFF], np.uint8)
    codes = np.array([[0, 0x55, 0], [0xFF, 0x55, 0b0000_0111]], np.uint8)
    assert reference.distances(query, codes).tolist() == [11, 10]
    assert reference.distances(query[::-1], codes[:, ::-1]).tolist() == [11, 10]


def test_no_rows_have_no_distances() -> None:
    """An empty partition is legal."""
    assert reference.distances(np.zeros(4, np.uint8), np.zeros((0, 4), np.uint8)).shape == (0,)


@pytest.mark.parametrize("dim_bytes", [31, 32, 8_192])
def test_counts_do_not_overflow(dim_bytes: int) -> None:
    """A row against its complement differs in all bits: more than a byte holds, more than two hold."""
    query = np.full(dim_bytes, 0xA5, np.uint8)
    distances = reference.distances(query, np.stack([~query, query]))
    assert distances.dtype == np.int64
    assert distances.tolist() == [8 * dim_bytes, 0]


@pytest.mark.parametrize("dim_bytes", [1, 7, 64, 65])
def test_agrees_with_the_ones_of_whole_integers(dim_bytes: int) -> None:
    """A row as one large integer: exclusive or, and count its ones."""
    rows = random_bytes(SplitMix64(dim_bytes), (50, dim_bytes))
    numbers = [int.from_bytes(row.tobytes(), "little") for row in rows]
    expected = [(numbers[0] ^ number).bit_count() for number in numbers]
    assert reference.distances(rows[0], rows).tolist() == expected


def test_smallest_are_in_order_and_as_many_as_there_are() -> None:
    """Equal distances count as often as they occur."""
    distances = np.array([4, 1, 3, 1, 9], np.int64)
    assert reference.smallest(distances, 3).tolist() == [1, 1, 3]
    assert reference.smallest(distances, 7).tolist() == [1, 1, 3, 4, 9]
