"""The baseline and the kernel give the reference's answers, in the battery and at the edges of the API."""

from types import ModuleType

import numpy as np
import pytest

from hamming import reference
from hamming.inputs import random_bytes
from hamming.run_experiment import EXPERIMENT
from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
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
    """Ten rows of known distance from zeros: the three nearest are 2, 5 and 7, whatever the order."""
    n_ones = np.array([8, 7, 0, 3, 6, 1, 5, 2, 4, 4])
    codes = ((1 << n_ones) - 1).astype(np.uint8)[:, np.newaxis]
    kernel = implementation.HammingKernel(1)
    inputs = testing.read_only({"query": np.zeros(1, np.uint8), "codes": codes})
    assert kernel.distances(**inputs).tolist() == n_ones.tolist()
    ids, distances = kernel.top_k(**inputs, k=3)
    assert (ids.dtype, distances.dtype) == (np.uint32, np.float32)
    assert sorted(zip(ids.tolist(), distances.tolist(), strict=True)) == [(2, 0.0), (5, 1.0), (7, 2.0)]


@pytest.mark.parametrize(("n", "k", "expected"), [(0, 1, 0), (0, 7, 0), (1, 1, 1), (3, 7, 3), (7, 3, 3)])
def test_returns_the_lesser_of_k_and_n_rows(
    implementation: ModuleType, n: int, k: int, expected: int
) -> None:
    """More asked for than there are: all rows. No rows: two empty arrays."""
    kernel = implementation.HammingKernel(8)
    inputs = testing.read_only({"query": np.zeros(8, np.uint8), "codes": np.zeros((n, 8), np.uint8)})
    ids, distances = kernel.top_k(**inputs, k=k)
    assert ids.shape == distances.shape == (expected,)
    assert len(set(ids.tolist())) == expected
    assert kernel.distances(**inputs).shape == (n,)


def test_distances_are_right_at_every_length_of_row(implementation: ModuleType) -> None:
    """All lengths up to beyond two chunks of 64: every mix of chunks, sixteens, fours and single bytes."""
    stream = SplitMix64(7)
    for dim_bytes in range(1, 150):
        codes = random_bytes(stream, (20, dim_bytes))
        inputs = testing.read_only({"query": codes[3], "codes": codes})
        got = implementation.HammingKernel(dim_bytes).distances(**inputs)
        np.testing.assert_array_equal(got, reference.distances(codes[3], codes))


@pytest.mark.parametrize("dim_bytes", [1, 64, 96])
def test_bytes_next_to_the_rows_do_not_count(implementation: ModuleType, dim_bytes: int) -> None:
    """Rows and query between bytes of ones, at every offset of a word: only their own bits count."""
    for offset in range(9):
        memory = np.full(offset + 5 * dim_bytes + 64, 255, np.uint8)
        memory[offset : offset + 5 * dim_bytes] = 0
        codes = memory[offset : offset + 4 * dim_bytes].reshape(4, dim_bytes)
        query = memory[offset + 4 * dim_bytes : offset + 5 * dim_bytes]
        inputs = testing.read_only({"query": query, "codes": codes})
        assert implementation.HammingKernel(dim_bytes).distances(**inputs).tolist() == [0, 0, 0, 0]
