"""What a trial checks before it times anything: awkward lists, scores, bounds, masks and counts."""

from collections.abc import Iterator

import numpy as np

from fts_bm25 import draws, inputs, traps
from fts_bm25.cases import (
    Asked,
    Partition,
    asked_of,
    drawn_partition,
    equal_partition,
    make_case,
    of_lists,
    replaced_mask,
    some_queries,
    spaced,
    with_frequencies,
)
from harness_common.prng import SplitMix64
from referee.workload import Case

LENGTHS = (1, 2, 127, 128, 129, 255, 256, 257, 383, 384, 385)
GAPS = (
    1,
    2,
    3,
    5,
    9,
    100,
    5_000,
    20_000,
)  # differences of 1 to 15 bits; of 0 bits there are none but the first
STRETCHES = (0.02, 0.5, 1.0, 2.0, 50.0)  # of the mean length of the query to the stored one
LAST = 2**32 - 1


def correctness_battery(seed: int) -> list[Case]:
    """Return the cases, with fresh lists, and some fresh extents, for every seed."""
    streams = SplitMix64(seed)
    return [*small_battery(seed), *timed_cases(streams.fork(7)), *large_cases(streams.fork(8))]


def small_battery(seed: int) -> list[Case]:
    """Return those that have no timed number of documents."""
    streams = SplitMix64(seed)
    parts = (
        plain_cases,
        list_cases,
        score_cases,
        bound_cases,
        mask_cases,
        random_cases,
        traps.small_cases,
    )
    return [case for i, part in enumerate(parts) for case in part(streams.fork(i))]


def plain_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield a case that takes every path: several essential lists, one, none; with a mask and without."""
    partition = drawn_partition(stream, 6_000, (40, 300, 1_500, 3_000, 129, 700))
    yield make_case("six lists", partition, some_queries(stream, partition, 8, 3, (10, 1, 100)))


def list_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every length around a block's, every gap, lists without postings, at both ends, all the same."""
    for n in LENGTHS:
        partition = drawn_partition(stream, 2_000, (n, n + 128, 3, n))
        yield make_case(f"lists of {n}", partition, some_queries(stream, partition, 4, 3, (10, n, n + 1)))
    for gap in GAPS:
        lists = [spaced(stream, start, gap, 300) for start in (0, 1, gap)]
        partition = of_lists(stream, 301 * gap + 2, lists)
        yield make_case(f"gaps of {gap}", partition, some_queries(stream, partition, 3, 3, (10, 1_000)))
    ends = np.array([0, 2**18 - 1], np.uint32)
    many = np.append(np.arange(300), ends[1:]).astype(np.uint32)
    lists = [with_frequencies(stream, one) for one in (ends, many, ends[1:], many[:128], many[173:])]
    partition = of_lists(stream, 2**18, lists)
    yield make_case("documents 0 and the last", partition, some_queries(stream, partition, 4, 4, (2, 5)))
    empty = drawn_partition(stream, 500, (0, 50, 0, 200, 0))
    yield make_case("lists without postings", empty, some_queries(stream, empty, 6, 4, (10, 1_000)))
    nothing = of_lists(stream, 10, [with_frequencies(stream, np.zeros(0, np.uint32))] * 2)
    yield make_case("no postings at all", nothing, some_queries(stream, nothing, 2, 3, (10,)))
    one = drawn_partition(stream, 3_000, (1_000,)).lists[0]
    same = of_lists(stream, 3_000, [one] * 16)
    yield make_case(
        "sixteen lists that are the same", same, some_queries(stream, same, 3, 16, (10, 999, 1_000))
    )
    few = of_lists(stream, 1, [with_frequencies(stream, np.zeros(1, np.uint32))] * 3)
    yield make_case("a single document", few, some_queries(stream, few, 2, 2, (1, 3)))


def score_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield scores that tie, are 0 or differ in the last bit, and the ends of lengths and frequencies."""
    for n in (1_000, 9_000):
        equal = equal_partition(stream, n, (n // 2, n // 3, n))
        yield make_case(
            f"ties of {n} documents", equal, some_queries(stream, equal, 4, 3, (1, 10, 128, n // 2))
        )
    several = drawn_partition(stream, 3_000, (300, 1_000, 2_500))
    zero = some_queries(stream, several, 4, 3, (10, 200, 3_000))
    for i, one in enumerate(zero):
        one.idf[:2] = 0.0
        one.idf[2:, i % 3] = 0.0
    yield make_case("idf of 0", several, zero)
    unknown = some_queries(stream, several, 6, 4, (10, 0, 5_000))
    for one in unknown:
        one.terms[0], one.terms[1, :2], one.terms[2, 1:], one.terms[3] = -1, -1, -1, 2
        one.terms[4, 2] = one.terms[4, 0]
    yield make_case("unknown and repeated terms, k of 0", several, unknown)
    yield make_case(
        "no queries, no slots", several, [asked_of(several, *shape) for shape in ((0, 3), (2, 0))]
    )
    long = drawn_partition(stream, 2_000, (500, 900, 1_500))
    extreme = np.array([0, 0, 1, 15, 16, LAST, LAST - 1, 2**31, 2**24 + 1, 100], np.uint32)
    lengths = extreme[stream.integers(0, len(extreme), 2_000)]
    often = np.array([1, 1, 2, 10**9, LAST, 2**24 + 1, 2**31], np.uint32)
    lists = [(one[0], often[stream.integers(0, len(often), len(one[0]))]) for one in long.lists]
    ends = Partition(lengths, 1000.0, lists, long.stored_idf)
    yield make_case(
        "lengths and frequencies at their ends", ends, some_queries(stream, ends, 6, 3, (10, 1, 300))
    )
    yield near_tie_case(stream)


def near_tie_case(stream: SplitMix64) -> Case:
    """Return sixteen terms whose idf go from 1e-7 to 18, and documents that differ in the last bits."""
    n = 4_000
    lists = [draws.posting_list(stream, np.full(n, 100, np.uint32), 3_000, "equal") for _ in range(16)]
    partition = of_lists(stream, n, lists, equal=True)
    asked = some_queries(stream, partition, 6, 16, (10, 100))
    steps = np.array(
        [1e-7, 18.0, 3e-4, 2.5, 1e-6, 7.0, 0.1, 1.0, 5e-7, 12.0, 1e-3, 0.5, 3.0, 2e-7, 0.01, 9.0]
    )
    for one in asked:
        for query in range(6):
            one.idf[query] = steps[stream.permutation(16)].astype(np.float32)
    return make_case("sixteen terms, near ties", partition, asked)


def bound_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield mean lengths far from the stored one."""
    for stretch in STRETCHES:
        partition = drawn_partition(stream, 20_000, (300, 5_000, 12_000, 900))
        asked = some_queries(stream, partition, 4, 3, (10, 1), stretch)
        yield make_case(f"mean length {stretch} of the stored one", partition, asked)


def mask_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield masks of every density, and those that leave out the best documents."""
    partition = drawn_partition(stream, 5_003, (400, 2_000, 4_000))
    n_bytes = -(-5_003 // 8)
    nobody, last = np.zeros(n_bytes, np.uint8), np.zeros(n_bytes, np.uint8)
    last[5_002 >> 3] = 1 << (5_002 & 7)
    masks = {"nobody": nobody, "the last": last, "everybody": np.full(n_bytes, 255, np.uint8)}
    masks |= {"half": stream.integers(0, 256, n_bytes).astype(np.uint8)}
    for name, mask in masks.items():
        asked = some_queries(stream, partition, 4, 3, (10, 400))
        yield make_case(f"mask: {name}", partition, [replaced_mask(one, mask) for one in asked])
    good = np.arange(0, 5_003, 7)
    lengths = np.full(5_003, 300, np.uint32)
    lengths[good] = 5
    partition = Partition(lengths, partition.stored_avgdl, partition.lists, partition.stored_idf)
    without = np.packbits(np.isin(np.arange(5_003), good, invert=True), bitorder="little")
    asked = some_queries(stream, partition, 4, 3, (10, 1, 100))
    yield make_case("mask: without the best", partition, [replaced_mask(one, without) for one in asked])


def random_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield extents that no kernel can have listed."""
    for _ in range(8):
        n_documents, n_lists, n_slots, k = (
            int(stream.integers(1, end, 1)[0]) for end in (9_000, 12, 17, 300)
        )
        partition = drawn_partition(
            stream, n_documents, stream.integers(0, n_documents + 1, n_lists).tolist()
        )
        stretch = float(stream.uniform(0.3, 3.0, 1)[0])
        asked = some_queries(stream, partition, 3, n_slots, (k, 1 + k // 9), stretch)
        yield make_case(
            f"random: {n_documents} documents, {n_lists} lists, {n_slots} slots, k {k}", partition, asked
        )


def timed_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield three ops of each timed shape, so that none is met for the first time when the clock runs.

    Of the large one the first alone.
    """
    for shape_name in inputs.SHAPES:
        choice = [combo for combo in inputs.COMBOS if combo[0] == shape_name]
        combo = choice[stream.next_uint64() % len(choice)]
        workload = inputs.workload(*combo, stream.next_uint64())
        n_ops = 1 if shape_name == inputs.LARGE else 3
        ops = inputs.redraw(workload, stream.next_uint64(), n_ops)
        yield Case(f"timed: {workload.combo}", workload.build_inputs, ops)


def large_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield what is special once more, in partitions of exactly the timed sizes, and of 0.9 to 1.3 times.

    Closes a path for large partitions only, or for one size, that is wrong for what no timed op has.
    """
    for exact in (True, False):
        for shape_name, shape in inputs.SHAPES.items():
            factor = 1.0 if exact else float(stream.uniform(0.9, 1.3, 1)[0])
            n = int(shape.n_documents * factor)
            if n > 2**21:
                n = n if exact else 2**22 - 5
            if exact:
                yield traps.tight_case(stream, n, 8, (1.0, 2.0, 50.0)[stream.next_uint64() % 3])
            yield large_case(stream, f"large: {shape_name}, {n} documents", n, shape)


def large_case(stream: SplitMix64, name: str, n: int, shape: inputs.Shape) -> Case:
    """Return one partition of n documents with the k, the slots and the density of a shape."""
    distribution = ("uniform", "equal")[stream.next_uint64() % 2]
    doc_length = draws.document_lengths(stream, n, distribution)
    sizes = [
        int(part * n)
        for part in (shape.density[0][0] / 2, shape.density[-1][1] / 2, shape.density[-1][0] / 2)
    ]
    lists = [draws.posting_list(stream, doc_length, size, distribution) for size in sizes]
    far = np.append(lists[2][0], [n - 1]) if lists[2][0][-1] != n - 1 else lists[2][0]
    often = np.array([1, 3, 10**9, LAST], np.uint32)[stream.integers(0, 4, len(far))]
    lists += [(far.astype(np.uint32), often), (np.array([n - 1], np.uint32), np.array([7], np.uint32))]
    ends = np.arange(n - 1 - 32 * (n // 33), n - 1, n // 33)  # 32 documents, of all lengths
    lists.append(with_frequencies(stream, ends.astype(np.uint32)))
    doc_length[stream.integers(0, n, 50)] = LAST
    doc_length[lists[1][0][stream.integers(0, len(lists[1][0]), 50)]] = 0
    doc_length[ends] = stream.uint64(len(ends)) >> (32 + np.arange(len(ends))).astype(np.uint64)
    doc_length[ends[:2]] = LAST, 0
    doc_length[lists[1][0][-1]], lists[1][1][-1] = 0, 1_000
    stored_idf = np.array([draws.idf_of(len(one[0]), n) for one in lists], np.float32)
    partition = Partition(doc_length, inputs.MEAN_LENGTH, lists, stored_idf)
    asked = some_queries(stream, partition, 2, shape.n_slots, (shape.k,))
    asked += some_queries(
        stream, partition, 2, shape.n_slots, (shape.k,), (0.5, 2.0)[stream.next_uint64() % 2]
    )
    asked[1].terms[0, 0] = -1
    asked[1].idf[1] = 0.0
    asked[0].terms[1] = np.where(np.arange(shape.n_slots) == 0, 1, -1)  # its best document is its last
    mask = stream.integers(0, 256, -(-n // 8)).astype(np.uint8)
    mask[(n - 1) >> 3] |= np.uint8(1 << ((n - 1) & 7))
    asked.append(replaced_mask(asked[0], mask))
    # Documents of 0 behind one that is above, the 32 of all lengths, and a k above all that is timed.
    terms = np.array([[4, 1, -1], [-1, 5, 4]], np.int32)
    idf = np.array([[1.0, 0.0, 1.0], [1.0, 2.0, 0.0]], np.float32)
    asked.append(Asked(terms, idf, inputs.MEAN_LENGTH, 3_000))
    return make_case(name, partition, asked)
