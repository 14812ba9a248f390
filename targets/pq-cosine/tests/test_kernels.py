"""The baseline and the kernel give the reference's answers, in the battery and at the edges of the API."""

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from harness_common.tolerance import Mismatch
from pq_cosine import PqShape, prepare, reference
from pq_cosine.oracle import compare, expect
from pq_cosine.run_experiment import EXPERIMENT
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


class ReferenceKernel:
    """The reference, called as a kernel is."""

    def __init__(self, shape: PqShape, codebook: np.ndarray, centroids: np.ndarray) -> None:
        self.codebook, self.centroids = codebook, centroids

    def search(self, query: np.ndarray, codes: np.ndarray, offsets: np.ndarray, k: int) -> Any:
        """Return the k least by (distance, row)."""
        distances = reference.distances(self.codebook, self.centroids, query, codes, offsets)
        ids = np.argsort(distances, kind="stable")[:k]
        return ids.astype(np.uint32), distances[ids].astype(np.float32)


def test_the_op_gives_a_kernel_its_inputs_and_returns_its_answer(battery_cases: list[Case]) -> None:
    """The reference dressed up as a kernel gets all ops right, through the same `prepare`."""
    dressed: Any = SimpleNamespace(PqKernel=ReferenceKernel)
    for case in battery_cases[::7]:
        op = prepare.prepare(dressed, case.build_inputs)
        for op_inputs in testing.seen(case.ops):
            compare(expect(case.build_inputs, op_inputs), op(op_inputs))


def small_index() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return one sub-vector of one coordinate with codeword c / 100, centroids 0 and 0.5, and seven rows."""
    codebook = np.arange(256, dtype=np.float32).reshape(1, 256, 1) / np.float32(100)
    centroids = np.array([[0.0], [0.5], [0.0]], np.float32)
    codes = np.array([0, 90, 120, 100, 20, 50, 45], np.uint8)
    return codebook, centroids, codes, np.array([0, 3, 3, 7])


def made(implementation: ModuleType, codebook: np.ndarray, centroids: np.ndarray) -> Callable[..., Any]:
    """Return the search of a kernel that is handed read-only arrays, as by a player: Numba compiles once."""
    n_sub, _, sub_dim = codebook.shape
    build: Any = {"dim": n_sub * sub_dim, "n_sub": n_sub, "codebook": codebook, "centroids": centroids}
    op = prepare.prepare(implementation, testing.read_only(build))
    return lambda query, codes, offsets, k: op(
        testing.read_only({"query": query, "codes": codes, "offsets": offsets, "k": k})
    )


def test_rows_are_counted_over_all_partitions(implementation: ModuleType) -> None:
    """The query is at 1: row 3 is there, row 1 is 0.1 off, row 2 0.2, and those of partition 2 come after."""
    codebook, centroids, codes, offsets = small_index()
    search = made(implementation, codebook, centroids)
    ids, distances = search(np.array([5.0], np.float32), codes, offsets, 4)
    assert (ids.dtype, distances.dtype) == (np.uint32, np.float32)
    found = sorted(zip(ids.tolist(), distances.tolist(), strict=True))
    assert [row for row, _ in found] == [1, 2, 3, 5]
    np.testing.assert_allclose([distance for _, distance in found], [0.01, 0.04, 0.0, 0.25], atol=1e-6)


@pytest.mark.parametrize(
    ("lengths", "k", "expected"),
    [((0,), 1, 0), ((0, 0), 7, 0), ((1, 0), 1, 1), ((1, 2), 7, 3), ((4, 0, 3), 3, 3), ((2, 2, 2), 5, 5)],
)
def test_returns_the_lesser_of_k_and_all_rows(
    implementation: ModuleType, lengths: tuple[int, ...], k: int, expected: int
) -> None:
    """More asked for than there are: all rows. No rows: two empty arrays."""
    search = made(implementation, np.ones((2, 256, 4), np.float32), np.zeros((len(lengths), 8), np.float32))
    offsets = np.cumsum([0, *lengths])
    ids, distances = search(np.ones(8, np.float32), np.zeros(2 * sum(lengths), np.uint8), offsets, k)
    assert ids.shape == distances.shape == (expected,)
    assert len(set(ids.tolist())) == expected


@pytest.mark.parametrize("sub_dim", [1, 3, 8, 15, 16, 17, 31, 32, 47, 100])
def test_distances_are_right_at_every_length_of_sub_vector(implementation: ModuleType, sub_dim: int) -> None:
    """Below, at and above one chunk of 16 coordinates, with and without a tail; every codeword once."""
    codebook = (np.arange(2 * 256 * sub_dim) % 97 / np.float32(97 * sub_dim)).astype(np.float32)
    build: Any = {
        "codebook": codebook.reshape(2, 256, sub_dim),
        "centroids": np.linspace(-0.1, 0.1, 4 * sub_dim, dtype=np.float32).reshape(2, 2 * sub_dim),
    }
    codes = np.concatenate([np.arange(100), np.arange(100), np.arange(100, 256), np.arange(100, 256)])
    asked: Any = {
        "query": np.arange(1, 2 * sub_dim + 1, dtype=np.float32),
        "codes": codes.astype(np.uint8),
        "offsets": np.array([0, 100, 256]),
        "k": 256,
    }
    compare(expect(build, asked), made(implementation, **build)(**asked))


def test_a_query_without_a_direction_gets_the_first_rows(implementation: ModuleType) -> None:
    """Whatever the partitions are, and the next query is answered as ever."""
    codebook, centroids, codes, offsets = small_index()
    search = made(implementation, codebook, centroids)
    for lost in (0.0, 1e-30, 1e25, np.inf, -np.inf, np.nan):
        ids, distances = search(np.array([lost], np.float32), codes, offsets, 5)
        assert sorted(ids.tolist()) == [0, 1, 2, 3, 4]
        assert np.isnan(distances).all()
    ids, distances = search(np.array([0.25], np.float32), codes, offsets, 1)
    assert (ids.tolist(), distances.tolist()) == ([3], [0.0])


def test_shape_refuses_what_cannot_be_cut_evenly() -> None:
    """n_sub must divide dim, and both be positive."""
    assert PqShape(768, 96).sub_dim == 8
    for dim, n_sub in ((10, 3), (0, 1), (8, 0), (8, -2)):
        with pytest.raises(ValueError, match="expected n_sub to divide dim"):
            PqShape(dim, n_sub)
