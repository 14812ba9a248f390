"""The reference against answers worked out by hand."""

import numpy as np
import pytest

from pq_cosine import reference

NO_ROWS = np.empty(0, np.uint8)


def two_sub_vectors() -> np.ndarray:
    """Return a codebook of two sub-vectors of one coordinate: codeword c is c / 10 in both."""
    return np.stack([np.arange(256, dtype=np.float32)[:, np.newaxis] / np.float32(10)] * 2)


def two_partitions() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return centroids (0, 0) and (1, 0); rows (0, 0) and (6, 8) in the first, (0, 10) in the second."""
    codes = np.array([0, 6, 0, 8, 0, 10], np.uint8)
    return np.array([[0, 0], [1, 0]], np.float32), codes, np.array([0, 2, 3])


def test_a_row_is_measured_from_the_normalised_query() -> None:
    """(3, 4) becomes (0.6, 0.8): 1 from (0, 0), 0 from (0.6, 0.8), 0.4**2 + 0.2**2 from (1, 1)."""
    centroids, codes, offsets = two_partitions()
    query = np.array([3, 4], np.float32)
    found = reference.distances(two_sub_vectors(), centroids, query, codes, offsets)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [1.0, 0.0, 0.2], atol=1e-7)


def test_the_length_of_a_query_does_not_count_and_its_sign_does() -> None:
    """Four times as long: the same bits. Turned round: 1.6**2 + 1.8**2 from (1, 1)."""
    centroids, codes, offsets = two_partitions()
    query = np.array([3, 4], np.float32)
    found = [
        reference.distances(two_sub_vectors(), centroids, factor * query, codes, offsets)
        for factor in (np.float32(1), np.float32(4), np.float32(-1))
    ]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_allclose(found[2], [1.0, 4.0, 5.8], atol=1e-6)


def test_a_distance_is_twice_one_minus_the_cosine_where_rows_have_length_one() -> None:
    """(0.6, 0.8) and (1, 0): cosine 0.6, distance 0.8."""
    codes = np.array([0, 0], np.uint8)
    centroids = np.array([[1, 0]], np.float32)
    found = reference.distances(
        two_sub_vectors(), centroids, np.array([6, 8], np.float32), codes, np.array([0, 1])
    )
    np.testing.assert_allclose(found, [2 * (1 - 0.6)], atol=1e-7)


def test_table_holds_squared_distances_of_sub_vectors() -> None:
    """(0.5 - c / 10)**2 in both rows."""
    table = reference.distance_table(two_sub_vectors(), np.array([0.5, 0.5]))
    assert table.shape == (2, 256)
    np.testing.assert_allclose(table[:, [0, 5, 10]], [[0.25, 0.0, 0.25]] * 2, atol=1e-7)


@pytest.mark.parametrize(
    "query",
    [(0, 0), (1e-30, 1e-30), (np.inf, 0), (0, -np.inf), (np.nan, 1), (1e25, 0), (1.5e19, 1.5e19)],
)
def test_a_query_without_a_length_in_float32_is_nowhere(query: tuple[float, float]) -> None:
    """Zero, too short, too long, infinite and NaN: every distance NaN."""
    centroids, codes, offsets = two_partitions()
    asked = np.array(query, np.float32)
    assert np.isnan(reference.distances(two_sub_vectors(), centroids, asked, codes, offsets)).all()
    assert np.isnan(reference.direction(asked)).all()


def test_a_long_or_a_short_query_has_a_direction_while_float32_holds_its_square() -> None:
    """1e19 squared is 1e38, below 3.4e38; 1e-18 squared is above the least normal number."""
    for length in (1e19, 1e-18):
        direction = reference.direction(np.array([0, length], np.float32))
        np.testing.assert_allclose(direction, [0, 1], rtol=1e-7)


def test_empty_partitions_have_no_rows() -> None:
    """Alone or among others."""
    codebook, query = two_sub_vectors(), np.array([3, 4], np.float32)
    centroids, codes, _ = two_partitions()
    assert reference.distances(codebook, centroids, query, NO_ROWS, np.array([0, 0, 0])).shape == (0,)
    three = np.concatenate([centroids[:1], np.full((1, 2), 9, np.float32), centroids[1:]])
    found = reference.distances(codebook, three, query, codes, np.array([0, 2, 2, 3]))
    np.testing.assert_allclose(found, [1.0, 0.0, 0.2], atol=1e-7)
