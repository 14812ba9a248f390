"""What an IVF_PQ index of Lance itself returns for cosine, against the reference.

    uv run --package pq-cosine --group lance pytest targets/pq-cosine/tests/test_against_lance.py

Lance is given our centroids and our codebook and encodes by itself; the codes here are ours.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from pq_cosine import PqShape, quantizer, reference
from pq_cosine.cases import directions, drawn_index, offsets_of

SHAPE = PqShape(32, 4)
LENGTHS = (1, 1, 1, 1)
N_ROWS = 600


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, dict[str, Any]]:
    """Return (a data set with a cosine index, what the reference needs to know of it)."""
    lance = pytest.importorskip("lance")
    pa = pytest.importorskip("pyarrow")
    stream = SplitMix64(1)
    index = drawn_index(stream, "gaussian", SHAPE, LENGTHS)
    vectors = stream.normals((N_ROWS, SHAPE.dim)).astype(np.float32)
    vectors *= np.ldexp(1.0, stream.integers(-3, 4, (N_ROWS, 1))).astype(np.float32)
    units = directions(vectors)
    homes = ((units[:, np.newaxis] - index.centroids) ** 2).sum(axis=2).argmin(axis=1)
    rows = np.argsort(homes, kind="stable")
    offsets = offsets_of(np.bincount(homes, minlength=len(LENGTHS)).tolist())
    codes = quantizer.encode(index.codebook, units - index.centroids[homes])[:, rows]
    laid_out = np.concatenate([part.reshape(-1) for part in np.split(codes, offsets[1:-1], axis=1)])

    def listed(values: np.ndarray) -> Any:
        flat = pa.array(values.reshape(-1), pa.float32())
        return pa.FixedSizeListArray.from_arrays(flat, values.shape[-1])

    table = pa.table({"vector": listed(vectors)})
    folder: Path = tmp_path_factory.mktemp("lance")
    dataset = lance.write_dataset(table, folder / "rows.lance")
    dataset = dataset.create_index(
        "vector",
        "IVF_PQ",
        metric="cosine",
        num_partitions=len(LENGTHS),
        num_sub_vectors=SHAPE.n_sub,
        ivf_centroids=index.centroids,
        pq_codebook=listed(index.codebook),
    )
    asked = {"codebook": index.codebook, "centroids": index.centroids, "codes": laid_out, "offsets": offsets}
    return dataset, {**asked, "rows": rows}


def found(dataset: Any, query: np.ndarray) -> Any:
    """Return (row numbers, distances) of the ten nearest rows in all partitions, without refining."""
    nearest = {"column": "vector", "q": query, "k": 10, "nprobes": len(LENGTHS)}
    table = dataset.to_table(columns=["_distance"], nearest=nearest, with_row_id=True)
    return table["_rowid"].to_numpy(), table["_distance"].to_numpy()


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e3])
def test_lance_returns_the_squared_distance_of_normalised_vectors(
    searched: tuple[Any, dict[str, Any]], scale: float
) -> None:
    """Not half of it, from each partition's centroid, whatever the length of the query."""
    dataset, asked = searched
    rows = asked["rows"]
    for query in SplitMix64(2).normals((5, SHAPE.dim)).astype(np.float32) * np.float32(scale):
        expected = reference.distances(
            asked["codebook"], asked["centroids"], query, asked["codes"], asked["offsets"]
        )
        ids, distances = found(dataset, query)
        np.testing.assert_allclose(distances, np.sort(expected)[:10], rtol=1e-4)
        np.testing.assert_allclose(expected[np.argsort(rows)[ids]], distances, rtol=1e-4)
