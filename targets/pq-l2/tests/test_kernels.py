"""The baseline and the kernel give the reference's answers, in the battery and at the edges of the API."""

from types import ModuleType

import numpy as np
import pytest

from harness_common.tolerance import Mismatch
from pq_l2 import PqShape, reference
from pq_l2.run_experiment import EXPERIMENT
from referee import testing
from referee.workload import Case


def test_agrees_with_the_reference(implementation: ModuleType, battery_cases: list[Case]) -> None:
    """Every op of every case of the battery."""
    for case in battery_cases:
        try:
            testing.check_case(EXPERIMENT, case, implementation)
        except Mismatch as wrong:
            wrong.add_note(case.name)
            raise


def test_distances_belong_to_their_ids(implementation: ModuleType) -> None:
    """Ten rows of known distance: the three nearest are 2, 5 and 7, whatever the order."""
    codebook = np.zeros((1, 256, 1), np.float32)
    codebook[0, :, 0] = np.arange(256)
    kernel = implementation.PqKernel(PqShape(1, 1), codebook)
    codes = np.array([[9, 8, 0, 7, 6, 1, 5, 2, 4, 3]], np.uint8)
    ids, distances = kernel.probe_top_k(kernel.distance_table(np.zeros(1, np.float32)), codes, 3)
    assert (ids.dtype, distances.dtype) == (np.uint32, np.float32)
    assert sorted(zip(ids.tolist(), distances.tolist(), strict=True)) == [(2, 0.0), (5, 1.0), (7, 4.0)]


@pytest.mark.parametrize(("n", "k", "expected"), [(0, 1, 0), (0, 7, 0), (1, 1, 1), (3, 7, 3), (7, 3, 3)])
def test_returns_the_lesser_of_k_and_n_rows(
    implementation: ModuleType, n: int, k: int, expected: int
) -> None:
    """More asked for than there are: all rows. No rows: two empty arrays."""
    kernel = implementation.PqKernel(PqShape(8, 2), np.ones((2, 256, 4), np.float32))
    ids, distances = kernel.probe_top_k(np.ones((2, 256), np.float32), np.zeros((2, n), np.uint8), k)
    assert ids.shape == distances.shape == (expected,)
    assert len(set(ids.tolist())) == expected


@pytest.mark.parametrize("sub_dim", [1, 3, 8, 15, 16, 17, 31, 32, 47, 100])
def test_table_is_right_at_every_length_of_sub_vector(implementation: ModuleType, sub_dim: int) -> None:
    """Below, at and above one chunk of 16 coordinates, with and without a tail."""
    codebook = (np.arange(2 * 256 * sub_dim) % 97).astype(np.float32).reshape(2, 256, sub_dim)
    query = (np.arange(2 * sub_dim) % 13).astype(np.float32)
    table = implementation.PqKernel(PqShape(2 * sub_dim, 2), codebook).distance_table(query)
    np.testing.assert_array_equal(table, reference.distance_table(codebook, query))  # small integers: exact


def test_shape_refuses_what_cannot_be_cut_evenly() -> None:
    """n_sub must divide dim, and both be positive."""
    assert PqShape(768, 96).sub_dim == 8
    for dim, n_sub in ((10, 3), (0, 1), (8, 0), (8, -2)):
        with pytest.raises(ValueError, match="expected n_sub to divide dim"):
            PqShape(dim, n_sub)
