"""The reference, the baseline and the kernel decode Lance's own files; skipped without pylance.

    uv run --package fsst --group lance pytest targets/fsst/tests/test_against_lance.py

The installed Lance is a later version than the commit that the baseline models; it writes the same format.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsst import baseline, encoder, kernels, reference, texts
from harness_common import lance_file
from harness_common.prng import SplitMix64
from referee.testing import read_only


def test_lance_s_own_pages_are_decoded(tmp_path: Path) -> None:
    """Every chunk of every page, with the page's own table, gives the strings that were written."""
    lance: Any = pytest.importorskip("lance.file")
    arrow: Any = pytest.importorskip("pyarrow")
    strings = encoder.strings_of(*texts.draw(SplitMix64(3), "urls", 8_000))
    kind = arrow.field("text", arrow.string(), metadata={"lance-encoding:compression": "fsst"})
    column = arrow.array([string.decode() for string in strings])
    path = tmp_path / "strings.lance"
    with lance.LanceFileWriter(str(path), arrow.schema([kind]), version="2.1") as writer:
        writer.write_batch(arrow.table([column], schema=arrow.schema([kind])))

    n_chunks, found = 0, {"reference": b"", "baseline": b"", "kernel": b""}
    for page in lance_file.read_pages(path, 0):
        encoding = page.values
        assert encoding is not None
        assert encoding.name == "fsst"
        table = np.frombuffer(encoding.symbol_table, np.uint8)
        chunks = [np.frombuffer(chunk.buffers[0], np.uint8) for chunk in page.chunks]
        starts = np.cumsum([0, *map(len, chunks)]).astype(np.int64)
        n_chunks += len(chunks)
        given = read_only({"table": table, "page": np.concatenate(chunks), "chunk_starts": starts})
        for name, call in (
            ("reference", reference.decode_page),
            ("baseline", baseline.FsstKernel().decode_page),
            ("kernel", kernels.FsstKernel().decode_page),
        ):
            data, offsets = call(**given)
            found[name] += data.tobytes()
            assert len(offsets) - 1 == sum(chunk.n_values for chunk in page.chunks)
    assert n_chunks > 50
    assert set(found.values()) == {b"".join(strings)}
