"""The reference against answers worked out by hand."""

import numpy as np

from pq_l2 import reference


def two_sub_vectors() -> np.ndarray:
    """Return a codebook of two sub-vectors of two coordinates: centroid c is (c, 0), then (0, 2c)."""
    codebook = np.zeros((2, 256, 2), np.float32)
    codebook[0, :, 0] = np.arange(256)
    codebook[1, :, 1] = 2 * np.arange(256)
    return codebook


def test_table_holds_squared_distances_of_sub_vectors() -> None:
    """(3 - c)**2 + 4**2 in the first row, 1**2 + (6 - 2c)**2 in the second."""
    table = reference.distance_table(two_sub_vectors(), np.array([3, 4, 1, 6], np.float32))
    assert table.shape == (2, 256)
    assert table.dtype == np.float64
    assert [table[0, c] for c in (0, 3, 5, 255)] == [25, 16, 20, 252**2 + 16]
    assert [table[1, c] for c in (0, 3, 4, 255)] == [37, 1, 5, 504**2 + 1]


def test_distance_of_a_row_is_the_sum_of_its_entries() -> None:
    """Rows with codes (3, 3), (0, 4) and (5, 0): 16 + 1, 25 + 5, 20 + 37."""
    table = reference.distance_table(two_sub_vectors(), np.array([3, 4, 1, 6], np.float32))
    codes = np.array([[3, 0, 5], [3, 4, 0]], np.uint8)
    assert reference.distances(table, codes).tolist() == [17, 30, 57]


def test_no_rows_have_no_distances() -> None:
    """An empty partition is legal."""
    assert reference.distances(np.zeros((2, 256)), np.zeros((2, 0), np.uint8)).shape == (0,)


def test_what_float32_cannot_hold_is_infinite() -> None:
    """1e20 squared is 1e40, beyond float32's 3.4e38; so is twice 2e38."""
    codebook = np.zeros((1, 256, 1), np.float32)
    assert np.isinf(reference.distance_table(codebook, np.array([1e20], np.float32))).all()
    codes = np.zeros((2, 1), np.uint8)
    assert reference.distances(np.full((2, 256), 1e38), codes).tolist() == [2e38]
    assert reference.distances(np.full((2, 256), 2e38), codes).tolist() == [np.inf]


def test_infinite_coordinate_is_infinitely_far_from_every_row() -> None:
    """Of either sign, and without a NaN."""
    for coordinate in (np.inf, -np.inf):
        table = reference.distance_table(two_sub_vectors(), np.array([coordinate, 0, 0, 0], np.float32))
        assert np.isposinf(table[0]).all()
        assert np.isfinite(table[1]).all()
