"""Lance itself takes what the reference says, from a dataset with deletions; skipped where it is not there.

    uv run --package take --group lance pytest targets/take/tests/test_against_lance.py

The installed Lance is a later version than the commit that the baseline models; the definitions are the same.
"""

from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from referee.testing import read_only
from take import TOMBSTONE, baseline, kernels, reference

N, DIM = 700, 8
DELETED = {"none": "row < 0", "few": "row % 50 = 7", "half": "row < 350", "alternate": "row % 2 = 0"}
IMPLEMENTATIONS = pytest.mark.parametrize("implementation", [reference, baseline, kernels])


def call(implementation: ModuleType, method: str, **inputs: np.ndarray) -> Any:
    """Return what the kernel, or the reference, answers to read-only arrays."""
    kernel = implementation if implementation is reference else implementation.TakeKernel()
    return getattr(kernel, method)(**read_only(inputs))


def columns() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vectors float32[N, DIM], and the offsets and data of N strings."""
    stream = SplitMix64(6)
    vectors = stream.normals((N, DIM)).astype(np.float32)
    offsets = np.concatenate([[0], np.cumsum(stream.integers(0, 20, N))]).astype(np.int32)
    return vectors, offsets, stream.integers(97, 123, int(offsets[-1])).astype(np.uint8)


@pytest.mark.parametrize("way", DELETED)
def test_lance_takes_the_same_rows(tmp_path: Path, way: str) -> None:
    """Offsets to addresses, and the values, vectors and strings at these addresses; four fragments."""
    lance: Any = pytest.importorskip("lance")
    arrow: Any = pytest.importorskip("pyarrow")
    vectors, offsets, data = columns()
    strings = [data[a:b].tobytes().decode() for a, b in pairwise(offsets)]
    table = arrow.table(
        {
            "row": np.arange(N),
            "maybe": arrow.array(np.arange(N) * 3, mask=np.arange(N) % 5 == 0),
            "vector": arrow.FixedSizeListArray.from_arrays(arrow.array(vectors.reshape(-1)), DIM),
            "string": strings,
        }
    )
    dataset = lance.write_dataset(table, str(tmp_path / "rows.lance"), max_rows_per_file=200)
    dataset.delete(DELETED[way])
    fragments = dataset.get_fragments()
    live = dataset.to_table(columns=["row"], with_row_address=True)
    addresses = live["_rowaddr"].to_numpy()
    by_fragment = [addresses[addresses >> 32 == f.fragment_id] & 0xFFFFFFFF for f in fragments]
    n_rows = np.array([f.physical_rows for f in fragments], np.int64)
    deleted = [np.setdiff1d(np.arange(n), rows) for n, rows in zip(n_rows, by_fragment, strict=True)]
    wanted = SplitMix64(7).integers(0, len(live), 300)
    taken = dataset.take(wanted.tolist())
    rows = taken["row"].to_numpy().astype(np.uint32)
    for implementation in (reference, baseline, kernels):
        found = call(
            implementation,
            "map_offsets",
            offsets=np.append(wanted, len(live)).astype(np.uint64),
            fragment_ids=np.array([f.fragment_id for f in fragments], np.uint32),
            n_rows=n_rows,
            deleted_starts=np.cumsum([0, *map(len, deleted)]).astype(np.int64),
            deleted=np.concatenate(deleted).astype(np.uint32),
        )
        assert found.tolist() == [*addresses[wanted].tolist(), TOMBSTONE]
        # What Lance took is what stands at these rows of the whole columns.
        got = call(implementation, "take_rows", vectors=vectors, indices=rows)
        assert got.tobytes() == taken["vector"].combine_chunks().values.to_numpy().tobytes()
        ends, got = call(implementation, "take_strings", offsets=offsets, data=data, indices=rows)
        assert got.tobytes().decode() == "".join(taken["string"].to_pylist())
        assert np.diff(ends).tolist() == [len(one) for one in taken["string"].to_pylist()]
        values, valid = call(
            implementation,
            "take_fixed",
            values=np.arange(N, dtype=np.uint64) * np.uint64(3),
            validity=np.packbits(np.arange(N) % 5 != 0, bitorder="little"),
            indices=rows,
            index_validity=np.zeros(0, np.uint8),
        )
        maybe = taken["maybe"].to_pylist()
        assert reference.bits(valid, len(rows)).tolist() == [one is not None for one in maybe]
        assert all(one in (None, value) for one, value in zip(maybe, values.tolist(), strict=True))


@IMPLEMENTATIONS
def test_arrow_takes_the_same_null_rows(implementation: ModuleType) -> None:
    """Null indices and null values; what stands under a null, Arrow does not say."""
    arrow: Any = pytest.importorskip("pyarrow")
    compute: Any = pytest.importorskip("pyarrow.compute")
    stream = SplitMix64(9)
    values, null = stream.uint64(99) >> 32, stream.floats(99) < 0.2
    indices, skipped = stream.integers(0, 99, 500), stream.floats(500) < 0.2
    expected = compute.take(arrow.array(values, mask=null), arrow.array(indices, mask=skipped)).to_pylist()
    taken, valid = call(
        implementation,
        "take_fixed",
        values=values,
        validity=np.packbits(~null, bitorder="little"),
        indices=indices.astype(np.uint32),
        index_validity=np.packbits(~skipped, bitorder="little"),
    )
    found = [
        value if ok else None
        for value, ok in zip(taken.tolist(), reference.bits(valid, 500).tolist(), strict=True)
    ]
    assert found == expected
