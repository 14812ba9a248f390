"""The reference against answers worked out by hand."""

import numpy as np
import pytest

from ivf_partition import Metric, reference

CENTROIDS = np.array([[0, 0, 0], [3, 4, 0], [1, -1, 2], [-2, 0.5, 6]], np.float32)


def test_l2_is_the_sum_of_squared_differences() -> None:
    """From (1, 1, 1): 1 + 1 + 1, 4 + 9 + 1, 0 + 4 + 1, 9 + 0.25 + 25; no square root."""
    distances = reference.distances(CENTROIDS, np.ones(3, np.float32), "l2")
    assert distances.dtype == np.float64
    assert distances.tolist() == [3, 14, 5, 34.25]


def test_dot_is_one_less_the_product() -> None:
    """With (1, 2, 3): 1 - 0, 1 - 11, 1 - 5, 1 - 17."""
    distances = reference.distances(CENTROIDS, np.array([1, 2, 3], np.float32), "dot")
    assert distances.dtype == np.float64
    assert distances.tolist() == [1, -10, -4, -16]


def test_a_centroid_is_at_distance_zero_from_itself() -> None:
    """Exactly, wherever it lies."""
    far = CENTROIDS + np.float32(1e4)
    assert reference.distances(far, far[3], "l2")[3] == 0


def test_nothing_is_lost_far_from_the_origin() -> None:
    """100,000 and 100,000.0078125 differ by a step of float32, whose square is 2**-14."""
    centroids = np.array([[1e5], [1e5 + 2**-7]], np.float32)
    assert reference.distances(centroids, centroids[0], "l2").tolist() == [0, 2**-14]


def test_what_float32_cannot_hold_is_infinite() -> None:
    """1e20 squared is 1e40, beyond float32's 3.4e38; so are four squares of 1e19."""
    centroids = np.zeros((2, 4), np.float32)
    centroids[1] = 1e19
    assert reference.distances(centroids, np.zeros(4, np.float32), "l2").tolist() == [0, np.inf]
    assert np.isposinf(reference.distances(centroids, np.full(4, 1e20, np.float32), "l2")).all()


@pytest.mark.parametrize("coordinate", [np.inf, -np.inf])
def test_an_infinite_coordinate_is_infinitely_far_from_every_centroid(coordinate: float) -> None:
    """Of either sign, and without a NaN."""
    query = np.array([0, coordinate, 0], np.float32)
    assert np.isposinf(reference.distances(CENTROIDS, query, "l2")).all()


@pytest.mark.parametrize(("metric", "distance"), [("l2", 0.0), ("dot", 1.0)])
def test_a_zero_query_at_zero_centroids(metric: Metric, distance: float) -> None:
    """All alike: the same distance, or no product at all."""
    zeros = np.zeros((5, 3), np.float32)
    assert reference.distances(zeros, zeros[0], metric).tolist() == [distance] * 5
