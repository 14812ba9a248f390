"""The kernel, the baseline and bm25s on the timed workloads, for a human: no verdict uses it.

    uv run --package fts-bm25 --group bench pytest targets/fts-bm25/benches/bench_fts_bm25.py

bm25s computes every posting's score when it builds its index, with its own idf and the mean length of its
documents; a query then adds up numbers. So the corpus is that of the lists, word by word, and its answer is
checked against ours with the same statistics, as far as scores differ; it leaves out the factor 2.2, which
changes no order. One thread each; one round is one op.
"""

from typing import Any

import numpy as np
import pytest

from fts_bm25 import baseline, inputs, kernels
from fts_bm25.prepare import prepare
from referee import testing
from referee.testing import read_only, seen
from referee.workload import Workload

SEED = 20_251_115
ROUNDS = 40
PEER_COMBOS = [combo for combo in inputs.COMBOS if combo[0] == "12x-top1000"]  # others take long to build


@pytest.fixture(params=inputs.COMBOS, ids="-".join)
def drawn(request: pytest.FixtureRequest) -> Workload:
    """Return one shape x distribution."""
    return inputs.workload(*request.param, SEED)


@pytest.mark.parametrize("implementation", [kernels, baseline], ids=["kernel", "baseline"])
def test_ours(benchmark: Any, drawn: Workload, implementation: Any) -> None:
    """One op."""
    op = prepare(implementation, read_only(drawn.build_inputs))
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, op, [read_only(one) for one in seen(inputs.redraw(drawn, SEED))], ROUNDS)


@pytest.mark.parametrize("combo", PEER_COMBOS, ids="-".join)
def test_bm25s(benchmark: Any, combo: tuple[str, str]) -> None:
    """The same number of queries of as many terms, after a check of the best documents of one."""
    bm25s = pytest.importorskip("bm25s")
    workload = inputs.workload(*combo, SEED)
    source: inputs.Source = workload.source
    documents: list[list[int]] = [[] for _ in source.doc_length]
    for term, (ids, frequencies) in enumerate(source.lists):
        for document, frequency in zip(ids.tolist(), frequencies.tolist(), strict=True):
            documents[document] += [term] * frequency
    lengths = np.array([len(one) for one in documents], np.uint32)
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75, dtype="float32")
    vocabulary = {str(term): term for term in range(len(source.lists))}
    index.index((documents, vocabulary), show_progress=False)
    queries = inputs.drawn_queries(inputs.SplitMix64(SEED), source)
    asked = [[sorted(set(query[query >= 0].tolist())) for query in op] for op in queries]

    def search(op: list[list[int]]) -> Any:
        return [index.get_scores_from_ids(query) for query in op]

    check(search(asked[0])[1], source, asked[0][1], lengths)
    benchmark.group = workload.combo
    k = source.shape.k
    testing.time_in_turn(
        benchmark, lambda op: [np.argpartition(-one, k)[:k] for one in search(op)], asked, ROUNDS
    )


def check(scores: np.ndarray, source: inputs.Source, query: list[int], lengths: np.ndarray) -> None:
    """Raise AssertionError unless the scores are BM25 with the corpus's statistics, within 1e-4."""
    expected = np.zeros(len(lengths))
    norm = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
    for term in query:
        documents, frequencies = source.lists[term]
        n = len(documents)
        idf = np.log((len(lengths) - n + 0.5) / (n + 0.5) + 1)
        expected[documents] += idf * frequencies / (frequencies + norm[documents])
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)
