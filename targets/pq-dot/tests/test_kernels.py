"""The baseline and the kernel give the reference's answers, in the battery and at the edges of the API."""

from types import ModuleType

import numpy as np
import pytest

from harness_common.tolerance import Mismatch
from pq_dot import PqShape, reference
from pq_dot.run_experiment import EXPERIMENT
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


def test_the_op_returns_what_the_kernel_returns(battery_cases: list[Case]) -> None:
    """The reference, dressed up as a kernel, is right in every op of a case."""

    class Reference:
        def __init__(self, shape: PqShape, codebook: np.ndarray) -> None:
            self.codebook = codebook

        def search(self, query: np.ndarray, codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
            distances = reference.distances(reference.inner_products(self.codebook, query), codes)
            ids = np.argsort(distances, kind="stable")[:k].astype(np.uint32)
            return ids, distances[ids].astype(np.float32)

    kernel = ModuleType("reference_as_kernel")
    kernel.__dict__["PqKernel"] = Reference
    for case in battery_cases[::7]:
        testing.check_case(EXPERIMENT, case, kernel)


def test_distances_belong_to_their_ids(implementation: ModuleType) -> None:
    """Ten rows of known distance 1 - c: the three least are rows 0, 1 and 3, whatever the order."""
    codebook = np.zeros((1, 256, 1), np.float32)
    codebook[0, :, 0] = np.arange(256)
    kernel = implementation.PqKernel(PqShape(1, 1), codebook)
    codes = np.array([[9, 8, 0, 7, 6, 1, 5, 2, 4, 3]], np.uint8)
    ids, distances = kernel.search(np.ones(1, np.float32), codes, 3)
    assert (ids.dtype, distances.dtype) == (np.uint32, np.float32)
    assert sorted(zip(ids.tolist(), distances.tolist(), strict=True)) == [(0, -8.0), (1, -7.0), (3, -6.0)]


@pytest.mark.parametrize(("n", "k", "expected"), [(0, 1, 0), (0, 7, 0), (1, 1, 1), (3, 7, 3), (7, 3, 3)])
def test_returns_the_lesser_of_k_and_n_rows(
    implementation: ModuleType, n: int, k: int, expected: int
) -> None:
    """More asked for than there are: all rows. No rows: two empty arrays."""
    kernel = implementation.PqKernel(PqShape(8, 2), np.ones((2, 256, 4), np.float32))
    ids, distances = kernel.search(np.ones(8, np.float32), np.zeros((2, n), np.uint8), k)
    assert ids.shape == distances.shape == (expected,)
    assert len(set(ids.tolist())) == expected
    assert (distances == -7).all()


@pytest.mark.parametrize("order", ["falling", "rising", "shuffled", "few values"])
@pytest.mark.parametrize("k", [1, 2, 3, 10, 33, 256])
def test_finds_the_k_best_in_any_order_of_rows(implementation: ModuleType, order: str, k: int) -> None:
    """Integers: the sorted distances are exact."""
    codebook = np.arange(-128, 128).astype(np.float32).reshape(1, 256, 1)
    codes = np.arange(256).astype(np.uint8)
    if order == "falling":
        codes = codes[::-1].copy()
    elif order == "shuffled":
        codes = codes * np.uint8(77)  # odd, so every code comes once
    elif order == "few values":
        codes = codes % np.uint8(5)
    kernel = implementation.PqKernel(PqShape(1, 1), codebook)
    ids, distances = kernel.search(np.ones(1, np.float32), codes.reshape(1, 256), k)
    every = 1 - codebook[0, codes, 0]
    np.testing.assert_array_equal(np.sort(distances), np.sort(every)[:k])
    np.testing.assert_array_equal(every[ids], distances)


@pytest.mark.parametrize("sub_dim", [1, 3, 8, 15, 16, 17, 31, 32, 47, 100])
def test_is_right_at_every_length_of_sub_vector(implementation: ModuleType, sub_dim: int) -> None:
    """Below, at and above one chunk of 16 coordinates, with and without a tail; small integers, so exact."""
    codebook = (np.arange(2 * 256 * sub_dim) % 97 - 48).astype(np.float32).reshape(2, 256, sub_dim)
    query = (np.arange(2 * sub_dim) % 13 - 6).astype(np.float32)
    codes = np.stack([np.arange(256), np.arange(256)[::-1]]).astype(np.uint8)
    ids, distances = implementation.PqKernel(PqShape(2 * sub_dim, 2), codebook).search(query, codes, 256)
    expected = reference.distances(reference.inner_products(codebook, query), codes)
    np.testing.assert_array_equal(distances, expected[ids])
    assert sorted(ids.tolist()) == list(range(256))


def test_shape_refuses_what_cannot_be_cut_evenly() -> None:
    """n_sub must divide dim, and both be positive."""
    assert PqShape(768, 96).sub_dim == 8
    for dim, n_sub in ((10, 3), (0, 1), (8, 0), (8, -2)):
        with pytest.raises(ValueError, match="expected n_sub to divide dim"):
            PqShape(dim, n_sub)
