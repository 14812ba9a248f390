"""What a trial times: four shapes, three distributions, fresh queries every op and a fresh index every round.

Every array follows from the seed alone, the same bits on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from fts_bm25 import BLOCK, draws, oracle
from fts_bm25.index import List, Term, arranged, contributions, encode, norms, with_frequencies
from harness_common.prng import SplitMix64
from referee.workload import Edit, OpInputs, Value, Workload


@dataclass(frozen=True)
class Shape:
    """An index and the queries on it.

    n_lists     terms of each kind; the first kind is that of the first slot of a query
    density     from which to which part of the documents has a term, for each kind
    n_copies    how often each list stands in the index, each time as another term
    n_slots     terms of a query: one of the first kind, the others of the last
    """

    n_documents: int
    n_lists: tuple[int, ...]
    density: tuple[tuple[float, float], ...]
    n_copies: int
    n_slots: int
    n_queries: int
    k: int
    n_ops: int = 8


SHAPES = {
    "3x-top10": Shape(2**18, (64,), ((0.01, 0.05),), 1, 3, 4, 10),  # words of middling frequency
    "stop+2-top10": Shape(2**20, (3, 32), ((0.38, 0.42), (0.0005, 0.005)), 1, 3, 4, 10),  # one is a stop word
    "12x-top1000": Shape(2**15, (32,), ((0.04, 0.2),), 1, 12, 2, 1_000),  # nothing can be skipped; fits L2
    "5x-top100-large": Shape(2**22, (64,), ((0.0012, 0.003),), 26, 5, 2, 100, 4),  # beyond the last cache
}
DISTRIBUTIONS = ("uniform", "clustered", "equal")
LARGE = "5x-top100-large"
LONG = "12x-top1000"
COMBOS = [
    *product([name for name in SHAPES if name not in (LONG, LARGE)], DISTRIBUTIONS),
    *product([LONG], ("uniform", "clustered")),
    (LARGE, "uniform"),
]

MASKED = (2, 3, 6, 7)  # ops in which not every document may be returned
AGAIN = {8: (1, 6), 4: (2,)}  # of so many ops, those in which query 1 asks for what it asked for before
ODD = (1, 5)  # ops with unknown terms, terms that stand twice, and idf of 0
MEAN_LENGTH = 128.0  # about that of the lengths drawn, and what the partition was written with


@dataclass(frozen=True)
class Source:
    """What the rounds of a workload share.

    doc_length   uint32[N]
    stored_norm  float32[N]
    kinds        of each list, which of the shape's kinds it is
    """

    shape: Shape
    doc_length: np.ndarray
    stored_norm: np.ndarray
    lists: Sequence[List]
    kinds: np.ndarray
    terms: Sequence[Term]


@dataclass(frozen=True)
class Change:
    """One block with other bytes, and another maximum: its number among all blocks, and where it begins."""

    block: int
    start: int
    content: np.ndarray
    maximum: np.float32


def speed_workloads(seed: int) -> list[Workload]:
    """Return the ten workloads."""
    stream = SplitMix64(seed)
    return [workload(*combo, stream.fork(i).next_uint64()) for i, combo in enumerate(COMBOS)]


def workload(shape_name: str, distribution: str, seed: int) -> Workload:
    """Return one shape x distribution: the documents, and the lists that every round numbers anew."""
    shape = SHAPES[shape_name]
    stream = SplitMix64(seed)
    doc_length = draws.document_lengths(stream.fork(0), shape.n_documents, distribution)
    kinds = np.repeat(np.arange(len(shape.n_lists)), shape.n_lists)
    lists = []
    for i, kind in enumerate(kinds.tolist()):
        own = stream.fork(1 + i)
        part = own.uniform(*shape.density[kind], 1)[0]
        lists.append(draws.posting_list(own, doc_length, int(part * shape.n_documents), distribution))
    stored_idf = np.array([draws.idf_of(len(one[0]), shape.n_documents) for one in lists], np.float32)
    stored_norm = norms(doc_length, MEAN_LENGTH)
    return Workload(
        shape=shape_name,
        distribution=distribution,
        build_inputs={"doc_length": doc_length, "stored_avgdl": MEAN_LENGTH},
        least_bytes=least_bytes(shape),
        source=Source(shape, doc_length, stored_norm, lists, kinds, encode(lists, stored_idf, stored_norm)),
    )


def least_bytes(shape: Shape) -> int:
    """Return what any right kernel must write in one op, and half of what it must read.

    It writes every output, and reads the terms and idf of every query. How many postings and lengths it needs
    besides depends on how well it skips.
    """
    n_returned = shape.n_queries * shape.k
    return 8 * n_returned + 4 * shape.n_queries + 8 * shape.n_queries * shape.n_slots // 2


def redraw(workload: Workload, seed: int, n_ops: int | None = None) -> list[OpInputs]:
    """Return the ops of one round, or the first of them: terms numbered anew, then in each op other queries.

    What is planted, and which shortcut it closes:
      from the second op on a block of query 0 or 1 in turn has other frequencies, so that the best document's
          score is another: closes remembering what was decoded, or a bound;
      in two ops query 1 asks for the same terms as in the op before, every idf greater by its last bit:
          closes remembering what was asked, but for a difference that seems too small to count; in one of
          the two a block of query 1 is the one that has changed;
      in one op of four a slot that is unknown, a term that is there twice, a term of idf 0, which adds
          nothing and still finds;
      in every other pair of ops, a mask that leaves out the document which would come first.
    """
    stream = SplitMix64(seed)
    source: Source = workload.source
    shape = source.shape
    order = stream.fork(0).permutation(len(source.terms) * shape.n_copies)
    number = np.argsort(order).reshape(shape.n_copies, -1)  # of each copy of each list, its term
    index = arranged([source.terms[i] for i in (order % len(source.terms)).tolist()])
    queries = drawn_queries(stream.fork(1), source)
    terms, idf = asked(stream.fork(2), source, queries, number)
    avgdl = (MEAN_LENGTH * stream.fork(3).uniform(0.93, 1.07, shape.n_ops)).astype(np.float32)
    masks = stream.fork(4)
    ops: list[OpInputs] = []
    before: Change | None = None
    for op in range(n_ops or shape.n_ops):
        slots = slots_of(source, queries[op], idf[op])
        mask = drawn_mask(masks, shape.n_documents) if op in MASKED else np.zeros(0, np.uint8)
        if len(mask):
            first = best_document(slots[1], source, float(avgdl[op]), mask)
            mask[first >> 3] &= ~np.uint8(1 << (first & 7))
        one = 1 - op % 2
        best = best_document(slots[one], source, float(avgdl[op]), mask)
        change = changed(source, index, queries[op, one], idf[op, one], terms[op, one], best)
        given: dict[str, Value | Edit] = {} if op else {**index, "k": shape.k}
        given |= {"terms": terms[op], "idf": idf[op], "avgdl": float(avgdl[op]), "mask": mask}
        ops.append(given | (edits(index, before, change) if op else {}))
        before = change if op else None
    return ops


def drawn_queries(stream: SplitMix64, source: Source) -> np.ndarray:
    """Return int64[n_ops, Q, q], the list that each slot asks for, or -1; mostly all are different."""
    shape = source.shape
    first = np.flatnonzero(source.kinds == 0)
    rest = np.flatnonzero(source.kinds == source.kinds[-1])
    keys = stream.fork(0).uint64((shape.n_ops, shape.n_queries, len(rest)))
    queries = rest[np.argsort(keys, axis=2, kind="stable")[:, :, : shape.n_slots]]
    if len(shape.n_lists) > 1:
        queries[:, :, 0] = first[stream.fork(1).integers(0, len(first), queries.shape[:2])]
    places = np.argsort(stream.fork(2).uint64(queries.shape), axis=2, kind="stable")
    queries = np.take_along_axis(queries, places, axis=2)
    for op in AGAIN[shape.n_ops]:
        queries[op, 1] = queries[op - 1, 1]
    alone = rest[np.argsort(stream.fork(3).uint64((shape.n_ops, len(rest))), axis=1, kind="stable")]
    for op in ODD[: shape.n_ops // 4]:
        if shape.n_queries > 3:
            queries[op, 2, 0], queries[op, 2, 1:] = -1, alone[op, 0]
            queries[op, 3], queries[op, 3, 1] = alone[op, 1], -1
        else:
            queries[op, 0, 0], queries[op, 0, 1] = -1, queries[op, 0, 2]
    return queries


def asked(
    stream: SplitMix64, source: Source, queries: np.ndarray, number: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (terms int32[n_ops, Q, q], idf float32[n_ops, Q, q]).

    The idf of a query are those of a larger index, up to a tenth more or less than those stored.
    """
    stored = np.array([term.stored_idf for term in source.terms], np.float32)
    idf = (stored[queries] * stream.fork(0).uniform(0.9, 1.1, queries.shape)).astype(np.float32)
    copies = stream.fork(1).integers(0, source.shape.n_copies, queries.shape)
    for op in AGAIN[len(idf)]:
        idf[op, 1] = np.nextafter(idf[op - 1, 1], np.float32(np.inf))
        copies[op, 1] = copies[op - 1, 1]
    for op in ODD[: len(idf) // 4]:
        copies[op] = copies[op, 0, 0]
        if source.shape.n_queries > 3:
            idf[op, 3] = 0.0
        else:
            idf[op, 0, 3] = 0.0
    return np.where(queries < 0, -1, number[copies, queries]).astype(np.int32), idf


def slots_of(source: Source, queries: np.ndarray, idf: np.ndarray) -> list[list[tuple[List, np.float32]]]:
    """Return of each query its lists and idf, in order, without those that are unknown."""
    return [
        [(source.lists[i], weight) for i, weight in zip(one.tolist(), its_idf, strict=True) if i >= 0]
        for one, its_idf in zip(queries, idf, strict=True)
    ]


def best_document(
    slots: Sequence[tuple[List, np.float32]], source: Source, avgdl: float, mask: np.ndarray
) -> int:
    """Return the document that comes first; beside a stop word, it is looked for in the other lists."""
    shape = source.shape
    if len(shape.n_lists) == 1:
        return int(oracle.best_documents(slots, source.doc_length, avgdl, 1, mask)[0][0])
    most = shape.density[-1][1] * shape.n_documents
    ids = np.unique(np.concatenate([one[0] for one, _ in slots if len(one[0]) <= most]))
    if len(mask):
        ids = ids[(mask[ids >> 3] >> (ids & 7).astype(np.uint8) & 1).view(np.bool_)]
    norm = norms(source.doc_length[ids], avgdl)
    total = np.zeros(len(ids), np.float32)
    for (documents, frequencies), weight in slots:
        place = np.minimum(np.searchsorted(documents, ids), len(documents) - 1)
        more = contributions(frequencies[place], norm, weight)
        total += np.where(documents[place] == ids, more, np.float32(0))
    return int(ids[np.argmax(total)])


def drawn_mask(stream: SplitMix64, n_documents: int) -> np.ndarray:
    """Return uint8[ceil(n / 8)], three bits of four set."""
    n_words = -(-n_documents // 64)
    words = stream.uint64(n_words) | stream.uint64(n_words)
    return words.astype("<u8").view(np.uint8)[: -(-n_documents // 8)].copy()


def changed(
    source: Source,
    index: dict[str, np.ndarray],
    query: np.ndarray,
    idf: np.ndarray,
    terms: np.ndarray,
    document: int,
) -> Change:
    """Return the block of the first list with `document`, which changes frequencies with another posting.

    If all of the block are the same, the document has the term once more.
    """
    for i, weight, term in zip(query.tolist(), idf.tolist(), terms.tolist(), strict=True):
        if i < 0 or weight == 0:
            continue
        documents, frequencies = source.lists[i]
        place = int(np.searchsorted(documents, document))
        if place == len(documents) or documents[place] != document:
            continue
        number, offset = divmod(place, BLOCK)
        inside = slice(number * BLOCK, min((number + 1) * BLOCK, len(documents)))
        after = frequencies[inside].copy()
        others = np.flatnonzero(after != after[offset])
        if len(others):
            after[[offset, others[0]]] = after[[others[0], offset]]
        else:
            after[offset] += 1
        content, most = with_frequencies(
            source.terms[i], number, after, source.stored_norm[documents[inside]]
        )
        block = int(index["blocks_of_term"][term]) + number
        return Change(block, int(index["block_start"][block]), content, most)
    raise AssertionError(f"expected a list with document {document}, got none")


def edits(index: dict[str, np.ndarray], before: Change | None, after: Change) -> dict[str, Edit]:
    """Return the edits that undo one change and make another."""
    changes = [after]
    if before is not None and before.block != after.block:
        end = before.start + len(before.content)
        changes.append(
            Change(
                before.block,
                before.start,
                index["blob"][before.start : end],
                index["block_max_score"][before.block],
            )
        )
    at = np.concatenate([one.start + np.arange(len(one.content)) for one in changes])
    return {
        "blob": Edit(at, np.concatenate([one.content for one in changes])),
        "block_max_score": Edit(
            np.array([one.block for one in changes]), np.array([one.maximum for one in changes], np.float32)
        ),
    }
