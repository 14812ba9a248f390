"""What a trial checks before it times anything: awkward distances, row ids, lists and counts."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from harness_common.prng import SplitMix64
from posting_intersect import SORTED, UNSORTED, inputs, reference
from referee.workload import Case, Edit, OpInputs, Value

List = tuple[np.ndarray, np.ndarray]  # float32[length], uint64[length]
Query = Sequence[List]

DISTANCES = ("gaussian", "wide", "ties", "all equal", "zeros", "subnormal", "infinite")
ROW_IDS = ("small", "fragments", "above 2**53", "around 2**63", "near 2**64", "one fragment")
LENGTHS = (1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 4097)  # around the widths of vectors and masks
N_LISTS = (0, 1, 2, 3, 8, 257)
LARGE_KS = (1, 10, 33, 100)
LARGE = {  # what stands in for the rows of a timed shape
    "20x10": ("gaussian", "around 2**63"),
    "100x1000": ("infinite", "near 2**64"),
    "1024x100": ("zeros", "around 2**63"),
    "64x4000": ("wide", "fragments"),
    "25x8192": ("ties", "above 2**53"),
}
ODD = inputs.Shape(SORTED, 3, 7, 4_999, 100)  # of no timed extents, but as many rows


def correctness_battery(seed: int) -> list[Case]:
    """Return the cases, with fresh rows, and some fresh extents, for every seed."""
    streams = SplitMix64(seed)
    parts = (
        warm_up_case,
        kind_cases,
        extent_cases,
        arrangement_cases,
        random_cases,
        timed_cases,
        large_cases,
    )
    return [case for i, part in enumerate(parts) for case in part(streams.fork(i))]


def warm_up_case(stream: SplitMix64) -> Iterator[Case]:
    """Yield a plain case that takes every path: both orders, a full heap, ties, and lists wholly above."""
    queries = [[*lists(stream, "ties", "fragments", [70] * 9), *lists(stream, "ties", "small", [200] * 2)]]
    yield make_case("two kinds of lists", stream, queries * 2, (10, 100))


def kind_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every kind of distance with every kind of row id."""
    for distances in DISTANCES:
        for row_ids in ROW_IDS:
            queries = [lists(stream, distances, row_ids, stream.integers(0, 90, 7)) for _ in range(3)]
            yield make_case(f"{distances}, {row_ids}", stream, queries, (10, 1, 100))


def extent_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every length of a list, every number of lists, and k at, below and above what there is."""
    for length in LENGTHS:
        queries = [lists(stream, "gaussian", "fragments", [length] * 3)]
        yield make_case(
            f"lists of {length}", stream, queries, (1, 10, length, 3 * length - 1, 3 * length, 3 * length + 3)
        )
    for n_lists in N_LISTS:
        queries = [lists(stream, "ties", "fragments", [20] * n_lists) for _ in range(2)]
        yield make_case(f"{n_lists} lists", stream, queries, (1, 10, 20, 1_000))
    for n_queries in (1, 40):
        queries = [lists(stream, "wide", "small", stream.integers(0, 30, 5)) for _ in range(n_queries)]
        yield make_case(f"{n_queries} queries", stream, queries, (5, 40))


def arrangement_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield lists that stand to each other in a special way."""
    empty = lists(stream, "ties", "small", [0] * 5)
    some = lists(stream, "gaussian", "fragments", [50] * 5)
    distances, row_ids = by_distance(*end_to_end([some])[:2])
    parts = [(distances[i : i + 50], row_ids[i : i + 50]) for i in range(0, 250, 50)]
    arrangements: dict[str, Query] = {
        "all lists empty": empty,
        "some lists empty": [*empty[:2], *some[:2], empty[2], some[2], empty[3]],
        "only the last list has rows": [*empty, some[0]],
        "one list holds all that count": [(one[0] + np.float32(100), one[1]) for one in some[:2]] + [some[2]],
        "the same list five times": [some[0]] * 5,
        "lists from near to far": parts,
        "lists from far to near": parts[::-1],
        "rows from far to near": [(one[0][::-1], one[1][::-1]) for one in parts[::-1]],
        "a few distances, each list all of them": lists(stream, "ties", "one fragment", [700] * 5),
        "the same row many times": [(np.full(70, 2.5, np.float32), np.full(70, 2**63 + 1, np.uint64))] * 5,
    }
    for name, query in arrangements.items():
        yield make_case(name, stream, [query], (10, 1, 50, 100), shuffled=name != "rows from far to near")
    yield make_case("a query without rows among others", stream, [some, empty, some], (10, 300))


def random_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield extents that no kernel can have listed."""
    for _ in range(10):
        n_queries, n_lists, most, k = (int(stream.integers(1, end, 1)[0]) for end in (6, 41, 300, 500))
        kinds = DISTANCES[stream.next_uint64() % len(DISTANCES)], ROW_IDS[stream.next_uint64() % len(ROW_IDS)]
        queries = [lists(stream, *kinds, stream.integers(0, most, n_lists)) for _ in range(n_queries)]
        name = f"random: {n_queries} x {n_lists} lists, k {k}, {', '.join(kinds)}"
        yield make_case(name, stream, queries, (k, 1 + k // 7))


def timed_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield two ops of each timed shape, so that none is met for the first time when the clock runs."""
    for i, shape_name in enumerate(inputs.SHAPES):
        distribution = inputs.DISTRIBUTIONS[(i + stream.next_uint64()) % len(inputs.DISTRIBUTIONS)]
        workload = inputs.workload(shape_name, distribution)
        yield Case(f"timed: {workload.combo}", {}, inputs.redraw(workload, stream.next_uint64())[:2])


def large_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield awkward rows of the timed shapes and one more, each about as many as are timed.

    Closes a path for many rows only that is wrong for what no timed op has. But for two kinds, distances tie
    at the k-th row, and where row ids repeat, the next row may be the same.
    """
    shapes = {**inputs.SHAPES, "odd": ODD}
    for name, (distances, row_ids) in {**LARGE, "odd": ("subnormal", "around 2**63")}.items():
        shape = shapes[name]
        n_lists = shape.n_queries * shape.n_lists
        n_timed = n_lists * shape.length
        n_rows = int(stream.integers(9 * n_timed // 10, 13 * n_timed // 10, 1)[0]) | 1
        every = draw_distances(stream, distances, n_rows), draw_row_ids(stream, row_ids, n_rows)
        cuts = [0, *np.sort(stream.integers(0, n_rows, n_lists - 1)).tolist(), n_rows]
        parts = [(every[0][a:b], every[1][a:b]) for a, b in pairwise(cuts)]
        queries = [parts[q : q + shape.n_lists] for q in range(0, n_lists, shape.n_lists)]
        yield make_case(f"large: {name}, {n_rows} rows, {distances}, {row_ids}", stream, queries, LARGE_KS)


def make_case(
    name: str, stream: SplitMix64, queries: Sequence[Query], ks: Sequence[int], shuffled: bool = True
) -> Case:
    """Return a case with two ops per k for sorted lists, and two for the same lists unsorted.

    The second of the two has another first row, put in place: its row id is the old first one's less 1.
    Unsorted lists are shuffled, unless they come in the order that the case is about.
    """
    ops: list[OpInputs] = []
    for order in (SORTED, UNSORTED):
        arranged = [[arrange(stream, order, shuffled, *one) for one in query] for query in queries]
        distances, row_ids, offsets = end_to_end(arranged)
        whole: dict[str, Value] = {"distances": distances, "row_ids": row_ids, "offsets": offsets}
        for k in ks:
            ops.append({**whole, "order": order, "k": k})
            if len(distances) > 0:
                ops.append(better_first_row(distances, row_ids, offsets))
    return Case(name, {}, ops)


def better_first_row(distances: np.ndarray, row_ids: np.ndarray, offsets: np.ndarray) -> OpInputs:
    """Return the edits that put another first row in place of each query's, its row id less by 1."""
    bounds = [(lists[0], lists[-1]) for lists in offsets if lists[0] < lists[-1]]
    at = np.array([a + reference.first(distances[a:b], row_ids[a:b], 1)[0] for a, b in bounds], np.int64)
    return {"row_ids": Edit(at, row_ids[at] - np.uint64(1)), "distances": Edit(at, distances[at])}


def end_to_end(queries: Sequence[Query]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (distances, row_ids, offsets) as a kernel takes them."""
    every = [(np.zeros(0, np.float32), np.zeros(0, np.uint64)), *(one for query in queries for one in query)]
    ends = np.cumsum([len(one[0]) for one in every])
    n_lists = len(queries[0])
    offsets = np.array([ends[q * n_lists : (q + 1) * n_lists + 1] for q in range(len(queries))], np.int64)
    return np.concatenate([one[0] for one in every]), np.concatenate([one[1] for one in every]), offsets


def arrange(
    stream: SplitMix64, order: str, shuffled: bool, distances: np.ndarray, row_ids: np.ndarray
) -> List:
    """Return the rows of one list as its order says."""
    if order == SORTED:
        return by_distance(distances, row_ids)
    places = stream.permutation(len(distances)) if shuffled else np.arange(len(distances))
    return distances[places], row_ids[places]


def by_distance(distances: np.ndarray, row_ids: np.ndarray) -> List:
    """Return the rows of one list in order."""
    order = np.lexsort((row_ids, reference.ordered(distances)))
    return distances[order], row_ids[order]


def lists(
    stream: SplitMix64, distances: str, row_ids: str, lengths: Sequence[int] | np.ndarray
) -> list[List]:
    """Return lists of these lengths and kinds, unsorted."""
    return [
        (draw_distances(stream, distances, int(n)), draw_row_ids(stream, row_ids, int(n))) for n in lengths
    ]


def draw_distances(stream: SplitMix64, kind: str, n: int) -> np.ndarray:
    """Return float32[n] of one kind, without NaN."""
    if kind == "gaussian":  # half of them below zero, as dot products are
        return stream.normals(n).astype(np.float32)
    if kind == "wide":  # every exponent, either sign
        bits = stream.uint64(n) >> 32
        return np.where(bits & 0x7F800000 == 0x7F800000, 0, bits).astype(np.uint32).view(np.float32)
    choice = {
        "ties": np.arange(0.25, 13, 0.25),
        "all equal": np.array([1.5]),
        "zeros": np.array([-0.0, 0.0]),
        "subnormal": np.arange(-4, 5) * 2.0**-149,
        "infinite": np.array([-np.inf, -1.0, 1.0, np.inf, np.inf, np.inf]),
    }[kind]
    return choice.astype(np.float32)[stream.integers(0, len(choice), n)]


def draw_row_ids(stream: SplitMix64, kind: str, n: int) -> np.ndarray:
    """Return uint64[n] of one kind, none 0; most kinds repeat some."""
    draw = stream.uint64(n)
    if kind == "small":
        return 1 + draw % 100
    if kind == "fragments":  # as Lance has them: the number of a fragment, then a row in it
        return (1 + draw % 1000 << 32) | (draw >> 40)
    if kind == "above 2**53":  # float64 makes one of two neighbours
        return 2**53 + draw % 64
    if kind == "around 2**63":  # of either sign as int64
        return 2**63 - 500 + draw % 1000
    if kind == "near 2**64":  # below zero as int64, and again one number as float64
        return 2**64 - 1 - draw % 1000
    return 2**63 + (5 << 32) + draw % 2**32
