"""Lance itself finds the documents that the reference finds, and its blocks are read; skipped without it.

    uv run --package posting-intersect --group lance pytest \
        targets/posting-intersect/tests/test_against_lance.py

The installed Lance is a later version than the commits that the baseline models. Its full blocks are the
same; it packs the documents that are left over in another way, so each term here has a multiple of 128.
"""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from posting_intersect import BLOCK, MISSING, baseline, kernels, reference
from referee.testing import read_only

N_DOCS = 47 * BLOCK
# Blocks of each; one term is in all documents, since Lance does not count a document without terms.
TERMS = {"alpha": 30, "bravo": 24, "charlie": 12, "delta": 6, "echo": 40, "filler": 47}
IMPLEMENTATIONS = pytest.mark.parametrize("implementation", [reference, baseline, kernels])
Index = tuple[Any, dict[str, np.ndarray], dict[str, np.ndarray], list[str]]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Return a dataset, the documents of each term, its index's own lists, and their terms in order."""
    lance: Any = pytest.importorskip("lance")
    arrow: Any = pytest.importorskip("pyarrow")
    stream = SplitMix64(5)
    docs = {
        term: np.sort(stream.fork(k).permutation(N_DOCS)[: n * BLOCK]).astype(np.uint32)
        for k, (term, n) in enumerate(TERMS.items())
    }
    words: list[list[str]] = [[] for _ in range(N_DOCS)]
    for term, ids in docs.items():
        for doc in ids.tolist():
            words[doc] += [term] * (1 + doc % 3)
    place = tmp_path_factory.mktemp("index") / "texts.lance"
    texts = [" ".join(one) for one in words]
    dataset = lance.write_dataset(arrow.table({"row": np.arange(N_DOCS), "text": texts}), str(place))
    dataset.create_scalar_index("text", "INVERTED", with_position=False)
    (part,) = Path(place).glob("_indices/*/part_*_invert.lance")
    stored = lance.file.LanceFileReader(str(part)).read_all().to_table()
    blocks = [[bytes(block) for block in one] for one in stored["_posting"].to_pylist()]
    flat = [block for one in blocks for block in one]
    lists = {
        "blob": np.frombuffer(b"".join(flat), np.uint8),
        "block_start": np.cumsum([0, *map(len, flat)]).astype(np.int64),
        "block_first_doc": np.array([int.from_bytes(block[4:8], "little") for block in flat], np.uint32),
        "blocks_of_list": np.cumsum([0, *map(len, blocks)]).astype(np.int64),
        "length": stored["_length"].to_numpy().astype(np.int64),
    }
    by_length = {n * BLOCK: term for term, n in TERMS.items()}
    return lance.dataset(str(place)), docs, lists, [by_length[int(n)] for n in lists["length"]]


def call(implementation: ModuleType, name: str, **inputs: np.ndarray) -> list[int]:
    """Return the documents of the only query."""
    start, ids = getattr(implementation, name)(*read_only(inputs).values())
    assert start.tolist() == [0, len(ids)]
    found: list[int] = ids.tolist()
    return found


@IMPLEMENTATIONS
@pytest.mark.parametrize(
    "terms",
    [
        *(("alpha", "bravo"), ("delta", "echo", "alpha"), ("echo", "charlie", "bravo", "alpha"), ("delta",)),
        *(("alpha", "nowhere"), ("alpha", "bravo", "charlie", "delta", "echo")),
    ],
)
def test_lance_finds_the_same_documents(
    implementation: ModuleType, index: Index, terms: tuple[str, ...]
) -> None:
    """By a query of Lance's own; from plain lists; and from the blocks that Lance has written."""
    query: Any = pytest.importorskip("lance.query")
    dataset, docs, lists, stored = index
    match = query.MatchQuery(" ".join(terms), "text", operator=query.FullTextOperator.AND)
    answer = dataset.scanner(columns=["row"], full_text_query=match, limit=N_DOCS).to_table()
    expected = sorted(answer["row"].to_pylist())
    assert (len(expected) > 0) == ("nowhere" not in terms)
    numbers = np.array([[stored.index(term) if term in stored else MISSING for term in terms]], np.int32)
    assert call(implementation, "intersect_blocks", **lists, queries=numbers) == expected
    raw = np.concatenate([docs[term] for term in stored])
    list_start = np.cumsum([0, *(len(docs[term]) for term in stored)]).astype(np.int64)
    assert call(implementation, "intersect", docs=raw, list_start=list_start, queries=numbers) == expected
