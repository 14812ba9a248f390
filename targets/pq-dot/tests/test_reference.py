"""The reference against answers worked out by hand."""

import numpy as np

from pq_dot import reference


def two_sub_vectors() -> np.ndarray:
    """Return a codebook of two sub-vectors of two coordinates: centroid c is (c, 0), then (0, -2c)."""
    codebook = np.zeros((2, 256, 2), np.float32)
    codebook[0, :, 0] = np.arange(256)
    codebook[1, :, 1] = -2 * np.arange(256)
    return codebook


def test_products_of_sub_vectors() -> None:
    """3c + 4 * 0 in the first row, 1 * 0 - 6 * 2c in the second."""
    products = reference.inner_products(two_sub_vectors(), np.array([3, 4, 1, 6], np.float32))
    assert products.shape == (2, 256)
    assert products.dtype == np.float64
    assert [products[0, c] for c in (0, 1, 5, 255)] == [0, 3, 15, 765]
    assert [products[1, c] for c in (0, 1, 4, 255)] == [0, -12, -48, -3060]


def test_distance_of_a_row_is_one_minus_the_sum_of_its_products() -> None:
    """Rows with codes (3, 3), (0, 4), (5, 0) and (0, 0): 1 - (9 - 36), 1 + 48, 1 - 15, and 1."""
    products = reference.inner_products(two_sub_vectors(), np.array([3, 4, 1, 6], np.float32))
    codes = np.array([[3, 0, 5, 0], [3, 4, 0, 0]], np.uint8)
    assert reference.distances(products, codes).tolist() == [28, 49, -14, 1]


def test_it_is_one_minus_the_inner_product_with_the_decoded_row() -> None:
    """Whatever the number of sub-vectors: the ones of Lance's table are not part of the definition."""
    codebook = (np.arange(3 * 256 * 2) % 11 - 5).astype(np.float32).reshape(3, 256, 2)
    query = np.array([1, -2, 3, 4, -5, 6], np.float32)
    codes = np.array([[200], [17], [99]], np.uint8)
    row = [*codebook[0, 200], *codebook[1, 17], *codebook[2, 99]]
    expected = 1 - sum(float(q) * float(x) for q, x in zip(query, row, strict=True))
    assert reference.distances(reference.inner_products(codebook, query), codes).tolist() == [expected]


def test_a_zero_query_is_at_distance_one_from_every_row() -> None:
    """Exactly, so that all rows tie."""
    products = reference.inner_products(two_sub_vectors(), np.zeros(4, np.float32))
    assert (reference.distances(products, np.arange(256, dtype=np.uint8).reshape(2, 128)) == 1).all()


def test_no_rows_have_no_distances() -> None:
    """An empty partition is legal."""
    assert reference.distances(np.zeros((2, 256)), np.zeros((2, 0), np.uint8)).shape == (0,)


def test_digits_below_float32_are_kept() -> None:
    """Two products of 1e8 that cancel leave the third: float32 would have lost it beside them."""
    products = np.zeros((3, 256))
    products[0, 1], products[1, 1], products[2, 1] = 1e8, 0.125, -1e8
    assert reference.distances(products, np.ones((3, 1), np.uint8)).tolist() == [0.875]
