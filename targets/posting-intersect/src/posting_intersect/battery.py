"""What a trial checks before it times anything: awkward lists, queries and documents, both forms of each."""

from collections.abc import Iterator, Sequence

import numpy as np

from harness_common.prng import SplitMix64
from posting_intersect import BLOCK, INTERSECT, INTERSECT_BLOCKS, MISSING, inputs
from posting_intersect.battery_large import large_cases
from posting_intersect.forms import both_forms
from referee.workload import Case, OpInputs

Query = Sequence[int]

LENGTHS = (0, 1, 2, 3, 127, 128, 129, 255, 256, 257)
ENDS = (0, 1, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)
COUNTS = (1, 2, 3, 4, 5, 6, 16, 40)  # of terms


def correctness_battery(seed: int) -> list[Case]:
    """Return the cases, with fresh documents, and some fresh extents, for every seed."""
    stream = SplitMix64(seed)
    parts = (
        warm_up_case,
        length_cases,
        arrangement_cases,
        end_cases,
        width_cases,
        query_cases,
        many_cases,
        random_cases,
        timed_cases,
        large_cases,
    )
    return [case for i, part in enumerate(parts) for case in part(stream.fork(i))]


def warm_up_case(stream: SplitMix64) -> Iterator[Case]:
    """Yield a plain case that takes every path: both forms, windows of two and three lists, and leaps."""
    lists = [some_docs(stream.fork(k), 300 + 100 * k, 900) for k in range(6)]
    yield make_case("both forms", stream, lists, [[[0, 1], [3, 2]], [[0, 1, 2]], [[1, 0, 2, 4, 5]], [[5]]])


def length_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield lists of every length around one and two blocks, with longer ones and among themselves."""
    for n in LENGTHS:
        own = stream.fork(n)
        lists = [some_docs(own.fork(k), n, 3 * n + 2) for k in range(3)]
        lists += [some_docs(own.fork(3), 2 * n + 300, 4 * n + 600), lists[0]]
        queries = [[[0, 1], [1, 3], [3, 2], [0, 4]], [[0, 3, 1]], [[0, 1, 2, 3]], [[0]], [[3, 3, 4, 0, 4]]]
        yield make_case(f"lists of {n}", own, lists, queries)


def arrangement_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield lists that stand to each other in a special way."""
    low, high = (
        some_docs(stream.fork(0), 500, 2_000),
        some_docs(stream.fork(1), 400, 2_000) + np.uint32(5_000),
    )
    pairs = [[[0, 1], [1, 0]], [[0, 1, 1], [0, 0, 1]], [[1, 0, 0, 1]], [[0, 1, 0, 1, 0]]]
    yield make_case("all of one list before the other", stream, [low, high], pairs)
    yield make_case("one list twice", stream, [low, low.copy()], pairs)
    odd = np.arange(1, 1_401, 2, dtype=np.uint32)
    yield make_case("even and odd", stream, [odd, odd - np.uint32(1)], pairs)
    for name, places in {
        "first": [0],
        "last": [len(low) - 1],
        "last of a block": [BLOCK - 1],
        "first of the next block": [BLOCK],
        "last of the last full block": [3 * BLOCK - 1],
        "first of the rest": [3 * BLOCK],
        "ends of all blocks": [0, 127, 128, 255, 256, 383, 384, 499],
    }.items():
        # The other list has `low`'s documents of these places alone, and its own between all others.
        other = np.union1d(np.setdiff1d(np.arange(2_500, dtype=np.uint32), low)[::3], low[places])
        yield make_case(f"shared: {name}", stream, [low, other], pairs)
    for name, ends in {"short": (30, 500, 700), "long": (700, 500, 30)}.items():
        lists = [np.arange(7, dtype=np.uint32) * np.uint32(9), low[low < ends[0]], low[low < ends[1]], low]
        queries = [[[3, 1, 2], [1, 2, 3], [2, 0, 1]], [[1, 3, 2, 3], [0, 2, 1, 3]], [[3, 2, 1, 2, 3]]]
        yield make_case(f"another list ends first, {name}", stream, lists, queries)
    runs = [np.arange(a, a + n, dtype=np.uint32) for a, n in ((100, 1_000), (600, 128), (727, 129), (0, 101))]
    yield make_case("runs", stream, runs, [[[0, 1], [1, 2], [0, 3]], [[2, 1, 0]], [[0, 1, 2, 0]]])


def end_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield documents at both ends of their type, and on both sides of its sign bit."""
    for k, n in enumerate((0, 60, 250, 1_000)):
        own = stream.fork(k)
        lists = []
        for i in range(3):
            drawn = (own.fork(i).uint64(n) >> 32).astype(np.uint32)
            near = np.array([2**31 - 70 + 3 * j for j in range(50)], np.uint32)
            lists.append(np.unique(np.concatenate([drawn, near, np.array(ENDS, np.uint32)])))
        lists += [np.unique(np.concatenate([one, lists[0][::5]])) for one in lists[1:]]
        lists += [np.array(ENDS[i:j], np.uint32) for i, j in ((0, 6), (5, 6), (0, 1), (2, 4), (3, 5))]
        queries = [
            [[0, 1], [0, 3], [4, 3], [5, 0], [0, 6], [7, 0], [8, 0], [0, 9], [6, 7]],
            [[0, 3, 4], [5, 0, 3], [6, 0, 1]],
            [[0, 3, 4, 5], [6, 0, 1, 2]],
            [[6], [0]],
        ]
        yield make_case(f"ends of the type, {len(lists[0])} documents", own, lists, queries)
    # The last document stands alone in its block: what would be a sentinel begins one.
    ids = np.unique((stream.fork(9).uint64(2_500) >> 32).astype(np.uint32))[:-1]
    alone = [
        np.append(np.sort(ids[stream.fork(10 + n).permutation(len(ids))[: n - 1]]), np.uint32(2**32 - 1))
        for n in (129, 257, 1_025, 384, 1)
    ]
    pairs = [[a, b] for a in range(5) for b in range(5) if a != b]
    orders = [stream.fork(20 + k).permutation(5).tolist() for k in range(6)]
    queries = [pairs, [row[:3] for row in orders], [row[:4] for row in orders], [[v] for v in range(5)]]
    yield make_case("ends of the type, in a block alone", stream.fork(30), alone, queries)


def width_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield blocks of every width: of 1 to 32 bits; two documents differ, so there is none of 0."""
    for width in range(1, 33):
        own = stream.fork(width)
        most = min(2**width - 1, (2**32 - 1) // 400)
        blocks = [1 + own.fork(k).integers(0, max(most, 1), BLOCK) for k in range(3)]
        # One difference of exactly so many bits, where there is room for it: at 32 bits, in one block alone.
        for k in range(3 if width < 31 else 1):
            blocks[k][1 + int(own.fork(3 + k).integers(0, BLOCK - 1, 1)[0])] = 2 ** (width - 1)
        docs = np.cumsum(np.concatenate([[0], *blocks]))
        docs = np.unique(docs[docs < 2**32]).astype(np.uint32)
        other = np.unique(np.concatenate([docs[::3], docs[1::7], docs[2:-1] - np.uint32(1)]))
        yield make_case(f"width {width}", own, [docs, other], [[[0, 1], [0, 0]], [[0, 1, 0]], [[1, 0, 0, 1]]])


def query_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield numbers of terms from 0 to 40, a missing term in every place, no queries, and no lists."""
    lists = [some_docs(stream.fork(k), 1_050 + 3 * k, 1_200) for k in range(40)]
    for m in COUNTS:
        orders = [stream.fork(100 + m + i).permutation(40)[:m].tolist() for i in range(3)]
        missing = [
            [MISSING if j == place else order for j, order in enumerate(orders[0])] for place in range(m)
        ]
        yield make_case(f"{m} terms", stream, lists, [[*orders[:2], *missing, orders[2]]])
    yield make_case("no terms", stream, lists[:2], [np.zeros((3, 0), np.int32)])
    yield make_case("no queries", stream, lists[:2], [np.zeros((0, 2), np.int32), np.zeros((0, 5), np.int32)])
    yield make_case(
        "no lists", stream, [], [[[-1, -1]], [[-1, -1, -1]], [[-1] * 4], np.zeros((0, 1), np.int32)]
    )
    yield make_case("all missing", stream, lists[:2], [[[-1, -1]] * 3, [[-1] * 5] * 3])
    empty = np.zeros(0, np.uint32)
    yield make_case(
        "empty lists",
        stream,
        [empty, lists[0], empty],
        [[[0, 1], [1, 2], [0, 2]], [[1, 1, 2]], [[0]], [[1, 0, 1, 1]]],
    )


def many_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield more lists, queries and blocks than a fixed room, or a number of 8 or 16 bits, would hold."""
    lengths = stream.fork(0).integers(0, 200, 300).tolist()
    lists = [some_docs(stream.fork(1 + k), n, 300) for k, n in enumerate(lengths)]
    asked = [stream.fork(400 + m).integers(0, 300, (300, m)).astype(np.int32) for m in (2, 3, 5)]
    yield make_case("300 lists and queries", stream.fork(500), lists, asked)
    n = 65_600  # in pairs of lists that share their first document
    firsts = np.repeat((stream.fork(501).uint64(n // 2) >> 33 << 1).astype(np.uint32), 2)
    docs = firsts[:, np.newaxis] + np.arange(2, dtype=np.uint32)
    counts = stream.fork(502).integers(1, 3, n).tolist()
    lists = [own[:count] for own, count in zip(docs, counts, strict=True)]
    ends = [k + j for k in (0, 127, 255, 2**15, 2**16, n) for j in range(-8, 8, 2) if 0 <= k + j < n]
    pairs = [[v - v % 2, v - v % 2 + 1] for v in ends]
    asked = [np.array([pair * 2 for pair in pairs], np.int32)[:, :m] for m in (2, 3, 4)]
    yield make_case(f"{n} lists", stream.fork(503), lists, asked)


def random_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield extents that no kernel can have listed."""
    for k in range(12):
        own = stream.fork(k)
        n_lists, most, m, n_queries, gap = (int(own.integers(1, end, 1)[0]) for end in (9, 1_500, 8, 12, 20))
        lists = [some_docs(own.fork(i), int(own.integers(0, most, 1)[0]), most * gap) for i in range(n_lists)]
        if k % 2 == 0:  # documents all over the type
            ids = np.unique((own.fork(99).uint64(most * gap + 100) >> 32).astype(np.uint32))
            lists = [ids[one[one < len(ids)]] for one in lists]
        queries = own.integers(-1 if k % 3 == 0 else 0, n_lists, (n_queries, m)).astype(np.int32)
        yield make_case(
            f"random: {n_lists} lists up to {most}, {n_queries} x {m} terms", own, lists, [queries]
        )


def timed_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield two ops of each timed shape, so that none is met for the first time when the clock runs."""
    pools: inputs.Pools = {}
    seed = stream.next_uint64()
    for name, ways in inputs.DISTRIBUTIONS.items():
        drawn = inputs.workload(name, ways[stream.next_uint64() % len(ways)], seed, pools)
        yield Case(f"timed: {drawn.combo}", {}, inputs.redraw(drawn, stream.next_uint64())[:2])


def make_case(
    name: str,
    stream: SplitMix64,
    lists: Sequence[np.ndarray],
    queries: Sequence[Sequence[Query] | np.ndarray],
) -> Case:
    """Return a case with an op for each of `queries` in both forms, the lists being the same in all."""
    asked = [np.array(rows, np.int32) if isinstance(rows, list) else np.asarray(rows) for rows in queries]
    raw, blocks = both_forms(stream, list(lists))
    ops: list[OpInputs] = []
    for method, arrays in ((INTERSECT, raw), (INTERSECT_BLOCKS, blocks)):
        ops += [
            {"method": method, **(arrays if i == 0 else {}), "queries": rows} for i, rows in enumerate(asked)
        ]
    return Case(name, {}, ops)


def some_docs(stream: SplitMix64, n: int, n_ids: int) -> np.ndarray:
    """Return n of the first n_ids documents, or all of them."""
    return np.sort(stream.permutation(n_ids)[:n]).astype(np.uint32)
