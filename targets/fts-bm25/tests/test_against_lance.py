"""Lance itself scores and ranks as the reference says; skipped where it is not there.

    uv run --package fts-bm25 --group lance pytest targets/fts-bm25/tests/test_against_lance.py

The installed Lance is a later version than the commit that fixes the format; the formula is the same.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fts_bm25 import BLOCK, baseline, kernels, oracle, reference
from fts_bm25.index import arranged, encode, maximum, norms
from fts_bm25.prepare import ARGUMENTS
from harness_common.prng import SplitMix64
from referee.testing import read_only

N_DOCUMENTS, WORDS = 900, ("apple", "birch", "cedar", "daisy", "elder", "fern")
QUERIES = ((0,), (1, 4), (5, 2, 3), (3, 0, 5, 1))


def corpus() -> np.ndarray:
    """Return int64[documents, words], how often each word stands in each document; some have none."""
    stream = SplitMix64(20)
    often = stream.integers(0, 7, (N_DOCUMENTS, len(WORDS)))
    rare = stream.uniform(0, 1, often.shape) < np.array([0.9, 0.5, 0.2, 0.05, 0.6, 0.01])
    return often * rare


def test_lance_has_the_same_scores(tmp_path: Path) -> None:
    """Queries of one to four words: every document that Lance finds, and its score, bit by bit.

    And its own index file: whole blocks and their maxima are what the definition reads and what is stored
    here; last blocks are packed in another way there.
    """
    lance: Any = pytest.importorskip("lance")
    arrow: Any = pytest.importorskip("pyarrow")
    from lance.query import MatchQuery

    often = corpus()
    texts = [" ".join(np.repeat(WORDS, row).tolist()) for row in often]
    dataset = lance.write_dataset(arrow.table({"text": texts}), str(tmp_path / "texts.lance"))
    dataset.create_scalar_index(
        "text", "INVERTED", with_position=False, stem=False, remove_stop_words=False, ascii_folding=False
    )
    lengths = often.sum(axis=1).astype(np.uint32)
    n = np.float32(np.count_nonzero(lengths))  # Lance does not count documents without words
    avgdl = float(np.float32(lengths.sum()) / n)
    lists = []
    for word in range(len(WORDS)):
        documents = np.flatnonzero(often[:, word])
        lists.append((documents.astype(np.uint32), often[documents, word].astype(np.uint32)))
    counts = np.array([len(one[0]) for one in lists], np.float32)
    half, one = np.float32(0.5), np.float32(1)
    # In float64: NumPy's own logarithm of float32 differs from Rust's in the last bit.
    idf = np.log(((n - counts + half) / (counts + half) + one).astype(np.float64)).astype(np.float32)
    index = arranged(encode(lists, idf, norms(lengths, avgdl)))
    (part,) = (tmp_path / "texts.lance").glob("_indices/*/part_*_invert.lance")
    stored = lance.file.LanceFileReader(str(part)).read_all().to_table()
    by_length = {len(one[0]): (*one, weight) for one, weight in zip(lists, idf, strict=True)}
    assert len(by_length) == len(lists) == len(stored)
    number_of = np.cumsum(lengths > 0) - 1  # documents without words have none
    n_blocks = 0
    for blocks, length in zip(stored["_posting"].to_pylist(), stored["_length"].to_pylist(), strict=True):
        documents, frequencies, weight = by_length[length]
        for number, block in enumerate(blocks[: length // BLOCK]):
            inside = slice(number * BLOCK, (number + 1) * BLOCK)
            wanted = number_of[documents[inside]].tolist(), frequencies[inside].tolist()
            assert reference.whole_block(bytes(block)) == wanted
            most = maximum(frequencies[inside], norms(lengths, avgdl)[documents[inside]], weight)
            assert np.frombuffer(bytes(block), "<f4", 1)[0] == most
            n_blocks += 1
    assert n_blocks >= 10
    for query in QUERIES:
        text = " ".join(WORDS[word] for word in query)
        scanner = dataset.scanner(
            columns=["_score"], with_row_id=True, full_text_query=MatchQuery(text, "text"), limit=N_DOCUMENTS
        )
        found = scanner.to_table()
        ids, scores = found["_rowid"].to_numpy(), found["_score"].to_numpy()
        order = np.lexsort((ids, -scores))
        terms = np.array([query], np.int32)
        asked: dict[str, Any] = {"terms": terms, "idf": idf[terms], "avgdl": avgdl, "k": len(ids)}
        op = read_only({**index, **asked, "mask": np.zeros(0, np.uint8)})
        expected = oracle.expect({"doc_length": lengths, "stored_avgdl": avgdl}, op)
        np.testing.assert_array_equal(scores[order], expected[1][0])
        np.testing.assert_array_equal(ids[order], expected[0][0])
        for implementation in (baseline, kernels):
            got = implementation.FtsBm25Kernel(lengths, avgdl).search(*(op[name] for name in ARGUMENTS))
            oracle.compare(expected, got)
