"""The reference against Lance itself, if it is installed.

    uv run --package pq-dot --group lance pytest targets/pq-dot/tests/test_against_lance.py

An index of one partition gets our codebook, and a query without a refine step returns what its product
quantiser computed. Lance encoded rows by largest inner product at the commit that the baseline models, and by
nearest centroid in later versions; centroids of unit length make both choose the same codes.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from pq_dot import PqShape, quantizer
from pq_dot.oracle import compare, expect

lance: Any = pytest.importorskip("lance")
pyarrow: Any = pytest.importorskip("pyarrow")

N_ROWS = 2_000
K = 50


@pytest.mark.parametrize(
    "shape", [PqShape(64, 8), PqShape(768, 96)], ids=lambda shape: f"{shape.dim}x{shape.n_sub}"
)
def test_the_distances_of_a_dot_index_are_the_references(shape: PqShape, tmp_path: Path) -> None:
    """Rows a little beside their codewords: the index gives the distance of the codewords."""
    stream = SplitMix64(shape.dim)
    codebook = stream.normals((shape.n_sub, 256, shape.sub_dim))
    codebook = (codebook / np.linalg.norm(codebook, axis=2, keepdims=True)).astype(np.float32)
    codes = stream.integers(0, 256, (shape.n_sub, N_ROWS))
    rows = np.concatenate([part[code] for part, code in zip(codebook, codes, strict=True)], axis=1)
    rows += stream.uniform(-0.02, 0.02, rows.shape).astype(np.float32)
    query = stream.normals(shape.dim).astype(np.float32)

    vectors = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(rows.reshape(-1)), shape.dim)
    table = pyarrow.table({"vector": vectors, "row": np.arange(N_ROWS, dtype=np.uint32)})
    dataset = lance.write_dataset(table, tmp_path / "rows").create_index(
        "vector",
        "IVF_PQ",
        metric="dot",
        num_partitions=1,
        num_sub_vectors=shape.n_sub,
        ivf_centroids=np.zeros((1, shape.dim), np.float32),
        pq_codebook=codebook,
    )
    nearest = {"column": "vector", "q": query, "k": K, "nprobes": 1}
    found = dataset.to_table(nearest=nearest, columns=["row", "_distance"])
    ids, distances = found["row"].to_numpy(), found["_distance"].to_numpy()

    encoded = quantizer.encode(codebook, rows)
    np.testing.assert_array_equal(encoded, codes)
    np.testing.assert_array_equal(encoded, quantizer.nearest(codebook, rows))
    expected = expect({"codebook": codebook}, {"query": query, "codes": encoded, "k": K})
    compare(expected, (ids, distances))
    exact = 1 - rows[ids].astype(np.float64) @ query
    assert np.median(abs(distances - exact) / expected.allowed[ids]) > 10
