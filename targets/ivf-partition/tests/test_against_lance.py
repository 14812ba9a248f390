"""Which partitions an index of Lance itself searches, against the reference.

    uv run --package ivf-partition --group lance pytest targets/ivf-partition/tests/test_against_lance.py

Lance is given our centroids, and one row at each: the rows it returns are the partitions that it searched.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from ivf_partition import Metric, reference

N_PARTITIONS, DIM = 64, 32
N_PROBES = (1, 2, 5, 20, 63, 64)


@pytest.mark.parametrize("metric", ["l2", "dot"])
def test_lance_searches_the_partitions_that_the_reference_ranks_first(metric: Metric, tmp_path: Path) -> None:
    """Twenty queries with six numbers of probes each, and the distances of the rows at the centroids."""
    lance = pytest.importorskip("lance")
    pa = pytest.importorskip("pyarrow")
    stream = SplitMix64(1)
    centroids = stream.normals((N_PARTITIONS, DIM)).astype(np.float32)
    # Of length 1: with dot, too, every row then belongs to the partition whose centroid it is.
    centroids /= np.sqrt((centroids**2).sum(axis=1, keepdims=True))
    flat = pa.array(centroids.reshape(-1), pa.float32())
    table = pa.table({"vector": pa.FixedSizeListArray.from_arrays(flat, DIM)})
    dataset: Any = lance.write_dataset(table, tmp_path / "rows.lance").create_index(
        "vector", "IVF_FLAT", metric=metric, num_partitions=N_PARTITIONS, ivf_centroids=centroids
    )
    for query in stream.normals((20, DIM)).astype(np.float32):
        expected = reference.distances(centroids, query, metric)
        order = np.argsort(expected, kind="stable")
        for n_probes in N_PROBES:
            nearest = {"column": "vector", "q": query, "k": N_PARTITIONS}
            nearest |= {"minimum_nprobes": n_probes, "maximum_nprobes": n_probes}
            found = dataset.to_table(columns=["_distance"], nearest=nearest, with_row_id=True)
            ids, distances = found["_rowid"].to_numpy(), found["_distance"].to_numpy()
            assert sorted(ids.tolist()) == sorted(order[:n_probes].tolist())
            np.testing.assert_allclose(distances, expected[ids], rtol=1e-4, atol=1e-5)
