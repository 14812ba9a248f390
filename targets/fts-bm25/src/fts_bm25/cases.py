"""How a case is made: documents' lengths, lists, and queries on them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fts_bm25 import draws
from fts_bm25.index import List, arranged, encode, norms
from harness_common.prng import SplitMix64
from referee.workload import Case, OpInputs, Value


@dataclass(frozen=True)
class Partition:
    """What a case builds on: documents' lengths, and lists; the mean length and the idf are those stored."""

    doc_length: np.ndarray
    stored_avgdl: float
    lists: Sequence[List]
    stored_idf: np.ndarray


@dataclass(frozen=True)
class Asked:
    """One op's queries."""

    terms: np.ndarray
    idf: np.ndarray
    avgdl: float
    k: int
    mask: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint8))


def make_case(name: str, partition: Partition, asked: Sequence[Asked]) -> Case:
    """Return a case: the index in the first op, queries in each."""
    norm = norms(partition.doc_length, partition.stored_avgdl)
    index: dict[str, Value] = dict(arranged(encode(partition.lists, partition.stored_idf, norm)))
    ops: list[OpInputs] = []
    for one in asked:
        query: dict[str, Value] = {"terms": one.terms, "idf": one.idf, "avgdl": one.avgdl, "k": one.k}
        query["mask"] = one.mask
        ops.append(query if ops else {**index, **query})
    return Case(name, {"doc_length": partition.doc_length, "stored_avgdl": partition.stored_avgdl}, ops)


def some_queries(
    stream: SplitMix64,
    partition: Partition,
    n_queries: int,
    n_slots: int,
    ks: Sequence[int],
    stretch: float = 1.0,
) -> list[Asked]:
    """Return queries of drawn terms, a tenth of them unknown, for each k."""
    asked = []
    for k in ks:
        shape = (n_queries, n_slots)
        terms = stream.integers(0, len(partition.lists), shape).astype(np.int32)
        idf = (partition.stored_idf[terms] * stream.uniform(0.8, 1.25, shape)).astype(np.float32)
        terms[stream.floats(shape) < 0.1] = -1
        avgdl = float(
            np.float32(max(1.0, partition.stored_avgdl * stretch * stream.uniform(0.97, 1.03, 1)[0]))
        )
        asked.append(Asked(terms, idf, avgdl, k))
    return asked


def asked_of(partition: Partition, n_queries: int, n_slots: int) -> Asked:
    """Return queries of the first term."""
    shape = (n_queries, n_slots)
    return Asked(np.zeros(shape, np.int32), np.ones(shape, np.float32), partition.stored_avgdl, 5)


def replaced_mask(asked: Asked, mask: np.ndarray) -> Asked:
    """Return the same queries with another mask."""
    return Asked(asked.terms, asked.idf, asked.avgdl, asked.k, mask)


def drawn_partition(stream: SplitMix64, n_documents: int, sizes: Sequence[int]) -> Partition:
    """Return documents of drawn lengths, and lists of exactly these sizes."""
    lists = []
    for size in sizes:
        documents = np.sort(stream.permutation(n_documents)[:size]).astype(np.uint32)
        lists.append(with_frequencies(stream, documents))
    return of_lists(stream, n_documents, lists)


def of_lists(stream: SplitMix64, n_documents: int, lists: Sequence[List], equal: bool = False) -> Partition:
    """Return a partition with these lists."""
    doc_length = draws.document_lengths(stream, n_documents, "equal" if equal else "uniform")
    stored_idf = np.array([draws.idf_of(len(one[0]), n_documents) for one in lists], np.float32)
    return Partition(doc_length, 128.0, lists, stored_idf)


def equal_partition(stream: SplitMix64, n_documents: int, sizes: Sequence[int]) -> Partition:
    """Return documents and postings that are all alike."""
    lengths = np.full(n_documents, 128, np.uint32)
    return of_lists(
        stream,
        n_documents,
        [draws.posting_list(stream, lengths, size, "equal") for size in sizes],
        equal=True,
    )


def with_frequencies(stream: SplitMix64, documents: np.ndarray) -> List:
    """Return documents with frequencies of 1 to 8."""
    return documents, (1 + stream.integers(0, 8, len(documents))).astype(np.uint32)


def spaced(stream: SplitMix64, start: int, gap: int, n: int) -> List:
    """Return n documents at the same distance."""
    return with_frequencies(stream, (start + gap * np.arange(n)).astype(np.uint32))
