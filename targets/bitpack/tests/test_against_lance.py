"""Pages that Lance wrote decode to what was written; skipped where it is not there.

    uv run --package bitpack --group lance pytest targets/bitpack/tests/test_against_lance.py

The installed Lance is a later version than the commit that the baseline models; the files are of format 2.1,
which both write.
"""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bitpack import baseline, kernels, reference
from harness_common.lance_file import Page, read_pages
from harness_common.prng import SplitMix64
from referee import testing


class BitpackKernel:
    """The definition, dressed up as a kernel."""

    unpack_inline = staticmethod(reference.unpack_inline)
    unpack_out_of_line = staticmethod(reference.unpack_out_of_line)
    unpack_levels = staticmethod(reference.unpack_levels)


DEFINITION: Any = type("module", (), {"BitpackKernel": BitpackKernel})
IMPLEMENTATIONS = pytest.mark.parametrize(
    "implementation", [DEFINITION, baseline, kernels], ids=["definition", "baseline", "kernels"]
)
WIDTHS = {8: (3, 7), 16: (5, 9), 32: (13, 20), 64: (23, 40)}
N_ROWS = 5 * 1024 + 300


@pytest.fixture(scope="module")
def columns() -> dict[str, np.ndarray]:
    """Return columns of random integers of two widths by turns, chunk by chunk."""
    stream = SplitMix64(3)
    drawn = {}
    for bits, widths in WIDTHS.items():
        shifts = 64 - np.repeat(np.resize(widths, 6), 1024)[:N_ROWS]
        drawn[f"u{bits}"] = (stream.uint64(N_ROWS) >> shifts.astype(np.uint64)).astype(f"u{bits // 8}")
    return drawn


@pytest.fixture(scope="module")
def pages(columns: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Page]]:
    """Return the pages of these columns in a file that Lance wrote, and of one where values are missing."""
    lance_file: Any = pytest.importorskip("lance.file")
    arrow: Any = pytest.importorskip("pyarrow")
    path = tmp_path_factory.mktemp("lance") / "columns.lance"
    missing = arrow.array(np.arange(N_ROWS, dtype=np.uint32), mask=missing_rows())
    table = arrow.table(
        {name: arrow.array(column) for name, column in columns.items()} | {"missing": missing}
    )
    with lance_file.LanceFileWriter(str(path), version="2.1") as writer:
        writer.write_batch(table)
    return {name: read_pages(path, place) for place, name in enumerate(table.column_names)}


def missing_rows() -> np.ndarray:
    """Return bool[N_ROWS], one in eight true."""
    return SplitMix64(5).integers(0, 8, N_ROWS) == 0


@IMPLEMENTATIONS
@pytest.mark.parametrize("name", ["u8", "u16", "u32", "u64"])
def test_chunks_decode_to_what_was_written(
    columns: dict[str, np.ndarray], pages: dict[str, list[Page]], implementation: ModuleType, name: str
) -> None:
    """The buffers of a page's mini-blocks, end to end; their headers have the two widths by turns."""
    kind = columns[name].dtype
    values, widths = [], []
    for page in pages[name]:
        assert page.values.name == "inline_bitpacking"
        parts = [np.frombuffer(chunk.buffers[0], kind) for chunk in page.chunks]
        starts = np.cumsum([0, *map(len, parts)], dtype=np.int64)
        n_values = sum(chunk.n_values for chunk in page.chunks)
        words = testing.read_only({"words": np.concatenate(parts), "starts": starts})
        values.append(implementation.BitpackKernel().unpack_inline(words["words"], words["starts"], n_values))
        widths += [int(part[0]) for part in parts]
    np.testing.assert_array_equal(np.concatenate(values), columns[name])
    assert widths == np.resize(WIDTHS[8 * kind.itemsize], 6).tolist()


@IMPLEMENTATIONS
def test_definition_levels_say_which_rows_are_missing(
    pages: dict[str, list[Page]], implementation: ModuleType
) -> None:
    """Buffers of u16 of one bit, packed and raw tails as Lance chose: 1 where a row is missing."""
    levels = []
    for page in pages["missing"]:
        assert page.definition is not None
        assert (page.definition.name, page.definition.bits) == ("out_of_line_bitpacking", 16)
        assert page.definition.inner is not None
        parts = [np.frombuffer(chunk.definition, np.uint16) for chunk in page.chunks]
        handed = testing.read_only(
            {
                "words": np.concatenate(parts),
                "starts": np.cumsum([0, *map(len, parts)], dtype=np.int64),
                "counts": np.array([chunk.n_values for chunk in page.chunks], np.int32),
            }
        )
        width = page.definition.inner.bits
        kernel = implementation.BitpackKernel()
        levels.append(kernel.unpack_levels(handed["words"], handed["starts"], width, handed["counts"]))
        assert width == 1
    np.testing.assert_array_equal(np.concatenate(levels), missing_rows())
