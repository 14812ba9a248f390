"""Genuine dictionary pages, written and read by Lance itself, decode to what Lance reads; skipped without it.

    uv run --package dictionary --group lance pytest targets/dictionary/tests/test_against_lance.py

The installed Lance is a later version than the commit that the baseline models; the format is the same 2.1.
"""

import decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dictionary import baseline, kernels, reference
from harness_common import lance_file
from harness_common.lance_file import Page
from harness_common.prng import SplitMix64
from referee.testing import read_only

N_ROWS = 9_500
NO_NULLS = np.zeros(0, np.uint8)
DECODERS = pytest.mark.parametrize(
    "decoder",
    [reference, baseline.DictionaryKernel(), kernels.DictionaryKernel()],
    ids=["reference", "baseline", "kernel"],
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Return a file of three columns, and what Lance reads from it."""
    arrow: Any = pytest.importorskip("pyarrow")
    lance: Any = pytest.importorskip("lance.file")
    stream = SplitMix64(20_251_115)
    words = [f"mode {i} " + "ż" * (i % 23) for i in range(45)]
    chosen = [words[i] for i in stream.integers(0, len(words), N_ROWS)]
    nulls = stream.integers(0, 5, N_ROWS) == 0
    prices = [decimal.Decimal(int(i) * 10**21 + 7) for i in stream.integers(0, 300, N_ROWS)]
    table = arrow.table(
        {
            "strings": chosen,
            "strings or nulls": [None if null else word for null, word in zip(nulls, chosen, strict=True)],
            "decimals": arrow.array(prices, arrow.decimal128(38, 0)),
        }
    )
    path = tmp_path_factory.mktemp("lance") / "dictionary.lance"
    with lance.LanceFileWriter(str(path), table.schema, version="2.1") as writer:
        writer.write_batch(table)
    return path, lance.LanceFileReader(str(path)).read_all().to_table().combine_chunks()


def page_of(path: Path, column: int) -> Page:
    """Return the only page of a column, which has a dictionary and bit-packed codes of 32 bits."""
    (page,) = lance_file.read_pages(path, column)
    assert page.dictionary is not None
    assert (page.values.name, page.values.bits, page.n_items) == ("inline_bitpacking", 32, N_ROWS)
    return page


def packed_codes(page: Page) -> list[Any]:
    """Return words, chunk_starts and n_values as a kernel takes them: the chunks' buffers, end to end."""
    chunks = [np.frombuffer(chunk.buffers[0], np.uint32) for chunk in page.chunks]
    starts = np.append(0, np.cumsum([len(chunk) for chunk in chunks])).astype(np.int64)
    return [np.concatenate(chunks), starts, page.n_items]


def strings_of(page: Page) -> list[np.ndarray]:
    """Return offsets and data of a dictionary of strings: two numbers of 32 bits, then both."""
    assert page.dictionary is not None
    assert page.dictionary.name == "variable"
    raw = page.dictionary_bytes
    bits, start = np.frombuffer(raw[:8], np.uint32)
    assert bits == 32
    offsets = np.frombuffer(raw[8:start], np.int32)
    assert len(offsets) == page.n_dictionary_items + 1
    return [offsets, np.frombuffer(raw[start:], np.uint8)]


def validity_of(page: Page) -> np.ndarray:
    """Return the validity of a page whose definition levels have one bit: 1 is a null.

    They are packed as codes are, in words of 16 bits: 64 lanes of 16 rows.
    """
    assert page.definition is not None
    i = np.arange(1024)
    lane = i % 64
    row = reference.BLOCKS[(i % 128 - lane) // 16] * 8 + i // 128
    levels = [
        (np.frombuffer(chunk.definition, np.uint16)[lane] >> row & 1)[: chunk.n_levels]
        for chunk in page.chunks
    ]
    return np.packbits(np.concatenate(levels) == 0, bitorder="little")


def decoded(method: Any, *arguments: Any) -> Any:
    """Return what a decoder answers to read-only arrays."""
    return method(*read_only(dict(enumerate(arguments))).values())  # type: ignore[arg-type,call-overload]


@DECODERS
def test_strings_are_what_lance_reads(decoder: Any, written: tuple[Path, Any]) -> None:
    """Offsets and bytes."""
    path, table = written
    page = page_of(path, 0)
    ends, joined = decoded(decoder.decode_packed_strings, *strings_of(page), *packed_codes(page), NO_NULLS)
    _, offsets, data = table.column(0).combine_chunks().buffers()
    np.testing.assert_array_equal(ends, np.frombuffer(offsets, np.int32)[: N_ROWS + 1])
    np.testing.assert_array_equal(joined, np.frombuffer(data, np.uint8)[: ends[-1]])


@DECODERS
def test_strings_with_nulls_are_what_lance_reads(decoder: Any, written: tuple[Path, Any]) -> None:
    """Nulls come from the definition levels of the page; a fifth of the rows."""
    path, table = written
    page = page_of(path, 1)
    validity = validity_of(page)
    ends, joined = decoded(decoder.decode_packed_strings, *strings_of(page), *packed_codes(page), validity)
    wanted = table.column(1).to_pylist()
    valid = reference.valid_rows(validity, N_ROWS)
    assert valid.tolist() == [word is not None for word in wanted]
    assert [joined[a:b].tobytes() for a, b in pairwise(ends.tolist())] == [
        (word or "").encode() for word in wanted
    ]


@DECODERS
def test_decimals_are_what_lance_reads(decoder: Any, written: tuple[Path, Any]) -> None:
    """Values of sixteen bytes."""
    path, table = written
    page = page_of(path, 2)
    assert page.dictionary is not None
    assert (page.dictionary.name, page.dictionary.bits) == ("flat", 128)
    values = np.frombuffer(page.dictionary_bytes, np.uint64).reshape(-1, 2)
    assert len(values) == page.n_dictionary_items == 300
    found = decoded(decoder.decode_packed_fixed, values, *packed_codes(page), NO_NULLS)
    wanted = np.frombuffer(table.column(2).combine_chunks().buffers()[1], np.uint64).reshape(-1, 2)
    np.testing.assert_array_equal(found, wanted[:N_ROWS])
