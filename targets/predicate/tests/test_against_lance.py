"""Lance's own flat search over binary vectors finds what the reference says; skipped where it is not there.

    uv run --package predicate --group lance pytest targets/predicate/tests/test_against_lance.py

The installed Lance is a later version than the commit that the baseline models; the definition is the same.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from predicate import reference
from predicate.inputs import query_vectors, random_bytes, vectors


def nearest_by_lance(
    folder: Path, codes: np.ndarray, query: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return (row numbers, distances) of Lance's search without an index."""
    lance: Any = pytest.importorskip("lance")
    arrow: Any = pytest.importorskip("pyarrow")
    rows = arrow.FixedSizeListArray.from_arrays(arrow.array(codes.reshape(-1)), codes.shape[1])
    table = arrow.table({"row": np.arange(len(codes)), "code": rows})
    dataset = lance.write_dataset(
        table, str(folder / f"{len(codes)}x{codes.shape[1]}.lance"), mode="overwrite"
    )
    wanted = {"column": "code", "q": arrow.array(query), "k": k, "metric": "hamming", "use_index": False}
    found = dataset.to_table(columns=["row", "_distance"], nearest=wanted)
    return found["row"].to_numpy(), found["_distance"].to_numpy()


@pytest.mark.parametrize("dim_bytes", [1, 9, 64, 96])
@pytest.mark.parametrize("distribution", ["clustered", "uniform", "sparse"])
def test_lance_finds_the_reference_s_distances(tmp_path: Path, distribution: str, dim_bytes: int) -> None:
    """All of 300 rows, so every distance is compared; then ten, so that the cut among ties is."""
    stream = SplitMix64(dim_bytes)
    centres = random_bytes(stream.fork(0), (32, dim_bytes))
    codes = vectors(stream.fork(1), distribution, centres, 300)
    query = query_vectors(stream.fork(2), distribution, centres, 1)[0]
    codes[17], codes[250] = query, ~query
    expected = reference.distances(query, codes)
    for k in (300, 10):
        rows, distances = nearest_by_lance(tmp_path, codes, query, k)
        assert distances.dtype == np.float32
        assert len(set(rows.tolist())) == k
        np.testing.assert_array_equal(distances, expected[rows])
        np.testing.assert_array_equal(np.sort(distances), reference.smallest(expected, k))
