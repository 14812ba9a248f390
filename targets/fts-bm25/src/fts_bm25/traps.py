"""Cases that a search fails only for one reason: narrow bounds, one width of bits, one number too many.

A bound is tried where it is nearly reached: a document comes second in its list, in the next block, its score
lies above the k-th, and what is stored of its block, rescaled and not widened, does not.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from fts_bm25 import BLOCK
from fts_bm25.cases import (
    Asked,
    Partition,
    drawn_partition,
    make_case,
    of_lists,
    some_queries,
    with_frequencies,
)
from fts_bm25.index import List, contributions, maximum, norms
from harness_common.prng import SplitMix64
from referee.workload import Case

LAST = 2**32 - 1
N_CANDIDATES = (
    200_000  # postings among which pairs are looked for; there are a hundred pairs, or some thousands
)
MOST_DOCUMENTS = 2**23
N_PAIRS = 24


def small_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield all that need not have a timed number of documents."""
    for stretch in (1.0, 2.0, 50.0):
        yield tight_case(stream, 2 * BLOCK * N_PAIRS + 1, N_PAIRS, stretch)
    yield fold_case()
    yield width_case(stream)
    yield gap_case(stream)
    many = drawn_partition(stream, 3_000, stream.integers(1, 400, 40).tolist())
    yield make_case("seventy slots", many, some_queries(stream, many, 3, 70, (10, 500)))
    few = drawn_partition(stream, 60, stream.integers(1, 4, 2_100).tolist())
    yield make_case("2,100 terms, forty queries", few, some_queries(stream, few, 40, 3, (2, 7)))
    for stored_avgdl, avgdl in ((1.0, 2.0**32), (2.0**32, 1.0)):
        yield extreme_case(stream, stored_avgdl, avgdl)


def tight_case(stream: SplitMix64, n_documents: int, n_pairs: int, stretch: float) -> Case:
    """Return lists of two blocks, each with one posting to be found, and the better one in the second.

    The better one's block has a bound that is not above the other's score unless it is widened for roundings
    and, where the query's mean length is `stretch` times the stored one, by all of that: documents are then
    so long that their scores grow with the mean length. Each list is asked for alone, and together with one
    of another document, k is 1.
    """
    stored_avgdl = 123.0 if stretch == 1 else 1.0
    avgdl = stored_avgdl * stretch
    idf = stream.uniform(0.5, 9.0, 2).astype(np.float32)
    weight, stored_idf = np.float32(idf[0]), np.float32(idf[1])
    good = (2 + stream.integers(0, 58 if stretch == 1 else 3, N_CANDIDATES)).astype(np.uint32)
    if stretch == 1:
        lengths, filler = (1 + stream.integers(0, 2_000, N_CANDIDATES)).astype(np.uint32), 4_000
    else:
        lengths, filler = (2**31 + stream.integers(0, 2**31 - 1, N_CANDIDATES)).astype(np.uint32), LAST
    scores = contributions(good, norms(lengths, avgdl), weight)
    scale = np.float32(np.float64(weight) / np.float64(stored_idf) * stretch)
    bounds = scale * maximum(good[:, np.newaxis], norms(lengths, stored_avgdl)[:, np.newaxis], stored_idf)
    order = np.argsort(scores, kind="stable")
    places = np.empty((2, N_CANDIDATES), np.intp)
    for found_at, some in zip(places, (bounds, scores), strict=True):  # in order it is five times as fast
        found_at[order] = np.searchsorted(scores[order], some[order])
    low, high = places
    found = np.flatnonzero(low < high)  # whose bound is not above a score that is below theirs
    assert len(found) >= n_pairs
    second = found[np.argsort(bounds[found] / scores[found], kind="stable")[:n_pairs]]
    first = order[low[second]]

    doc_length = np.full(n_documents, filler, np.uint32)
    start = int(stream.integers(0, n_documents - 2 * BLOCK * n_pairs, 1)[0])
    lists: list[List] = [(np.array([n_documents - 1], np.uint32), np.ones(1, np.uint32))]
    for i, pair in enumerate(zip(first, second, strict=True)):
        documents = (start + 2 * BLOCK * i + np.arange(2 * BLOCK)).astype(np.uint32)
        frequencies = np.ones(2 * BLOCK, np.uint32)
        for half, one in enumerate(pair):
            place = half * BLOCK + int(stream.integers(0, BLOCK, 1)[0])
            frequencies[place], doc_length[documents[place]] = good[one], lengths[one]
        lists.append((documents, frequencies))
    partition = Partition(doc_length, stored_avgdl, lists, np.repeat(stored_idf, len(lists)))
    terms = np.zeros((n_pairs, 2), np.int32)
    terms[:, 0] = 1 + np.arange(n_pairs)
    both = np.tile(np.array([weight, 2.0**-30], np.float32), (n_pairs, 1))
    asked = [Asked(terms[:, :1].copy(), both[:, :1].copy(), avgdl, 1), Asked(terms, both, avgdl, 1)]
    return make_case(f"tight bounds at {stretch} times the mean, {n_documents} documents", partition, asked)


def fold_case() -> Case:
    """Return a document that is above the k-th only as the sum is rounded: a bound rounded down drops it.

    Document 0 has a score of 2.7779379. Document 20,000 has three terms of 6.2868384e-7, 0.015441144 and
    2.7624962: in the order of the first two queries they are 2.7779381, in that of the third 2.7779379, a
    tie. The numbers are those of a review of Lance's pull request 7603. A frequency of 1 in a document with
    norm 1.2 is worth 1. The list of the largest has other windows before that document, so that the others
    are not essential when it is met.
    """
    n, far = 30_000, 20_000
    lists = [
        (np.array(documents, np.uint32), np.ones(len(documents), np.uint32))
        for documents in ([far], [far], [*range(1, 129), *range(10_000, 10_100), far], [0])
    ]
    doc_length = np.full(n, LAST, np.uint32)
    doc_length[[0, far]] = 100
    partition = Partition(doc_length, 100.0, lists, np.ones(4, np.float32))
    idf = np.array([6.2868384e-7, 0.015441144, 2.7624962, 2.7779378891], np.float32)
    terms = np.array([[1, 2, 0, 3], [3, 2, 1, 0], [0, 1, 2, 3]], np.int32)
    return make_case(
        "a sum that is rounded up", partition, [Asked(terms, idf[terms], 100.0, k) for k in (1, 2, 3)]
    )


def width_case(stream: SplitMix64) -> Case:
    """Return frequencies of 1 to 32 bits, whose every bit counts: lengths go from 1 to 2**32 - 1."""
    n = 4_000
    doc_length = (stream.uint64(n) >> (32 + stream.integers(0, 32, n)).astype(np.uint64)).astype(np.uint32)
    lists = []
    for width in range(1, 33):
        documents = np.sort(stream.permutation(n)[: 2 * BLOCK + 3]).astype(np.uint32)
        frequencies = (stream.uint64(len(documents)) >> np.uint64(64 - width)).astype(np.uint32)
        frequencies[int(stream.integers(0, BLOCK, 1)[0]) :: BLOCK] = 2**width - 1
        lists.append((documents, np.maximum(frequencies, 1)))
    partition = Partition(doc_length, 2.0, lists, np.full(32, 3.3, np.float32))
    return make_case("frequencies of 1 to 32 bits", partition, all_of(partition, (300,)))


def gap_case(stream: SplitMix64) -> Case:
    """Return lists whose widest difference has 1 to 23 bits, in the most documents that there may be."""
    lists = []
    for width in range(1, 24):
        small = 1 + stream.integers(0, min(8, 2 ** (width - 1)), 300)
        wide = 2 ** (width - 1) + stream.integers(0, 2 ** (width - 1), 2)
        small[[50, 200]] = wide if width < 22 else (wide[0] - 3_000, 1)
        documents = np.cumsum(small)
        lists.append(with_frequencies(stream, (MOST_DOCUMENTS - 1 - documents[::-1]).astype(np.uint32)))
    partition = of_lists(stream, MOST_DOCUMENTS, lists)
    return make_case("differences of 1 to 23 bits", partition, all_of(partition, (300,)))


def extreme_case(stream: SplitMix64, stored_avgdl: float, avgdl: float) -> Case:
    """Return idf and stored idf at both ends, and mean lengths as far apart as they may be."""
    n = 9_000
    lengths = (stream.uint64(n) >> (32 + stream.integers(0, 32, n)).astype(np.uint64)).astype(np.uint32)
    lists = drawn_partition(stream, n, (700, 40, 2_000, 150, 900, 5)).lists
    ends = np.array([2.0**-40, 2.0**40, 1.0], np.float32)
    partition = Partition(lengths, stored_avgdl, lists, np.resize(ends, 6))
    asked = some_queries(stream, partition, 6, 4, (1, 10, 300))
    return make_case(
        f"idf at their ends, mean length {avgdl:.0f}",
        partition,
        [Asked(one.terms, ends[stream.integers(0, 3, (6, 4))], avgdl, one.k) for one in asked],
    )


def all_of(partition: Partition, ks: Sequence[int]) -> list[Asked]:
    """Return one query for each list, alone."""
    terms = np.arange(len(partition.lists), dtype=np.int32)[:, np.newaxis]
    return [Asked(terms, partition.stored_idf[terms], partition.stored_avgdl, k) for k in ks]
