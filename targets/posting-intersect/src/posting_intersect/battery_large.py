"""Cases of the timed sizes, exactly and 0.9 to 1.3 times, with all that is awkward at once.

Closes a path for many documents only that is wrong for what no timed op has.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from harness_common.prng import SplitMix64
from posting_intersect import BLOCK, INTERSECT, INTERSECT_BLOCKS, MISSING
from posting_intersect.forms import end_to_end, packed
from posting_intersect.inputs import DISTRIBUTIONS, SHAPES
from posting_intersect.lists import Pool, draw_pool
from referee.workload import Case, OpInputs

PLACES = ("apart", "high")  # from 0 over 2**31 to 2**32 - 1, with two wide gaps; or all up to 2**32 - 1
LARGEST = ("scattered", "clustered", "zipf")  # but for `large`: what takes long to draw
OTHER_COUNTS = (1, 2, 3, 4, 5, 16)


def large_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield each timed distribution with the extents of a timed op, and with others at about its size.

    The largest lists come once; packed they are not timed, and left out.
    """
    ways = dict.fromkeys(way for ways in DISTRIBUTIONS.values() for way in ways)
    for k, way in enumerate(ways):
        own = stream.fork(k)
        scale = 0.9 + 0.4 * float(own.floats(1)[0])
        both: tuple[str, ...] = (INTERSECT, INTERSECT_BLOCKS)
        drawn, place = both[own.next_uint64() % 2], PLACES[own.next_uint64() % 2]
        yield large_case(own.fork(0), way, 1.0, "apart", both[:1] if way == "large" else both, is_timed=True)
        if way in LARGEST:
            yield large_case(own.fork(1), way, scale, "high", (drawn,), is_timed=False)
        elif way != "large":
            yield large_case(own.fork(1), way, 1.0, "high", both, is_timed=False)
            yield large_case(own.fork(2), way, scale, place, both, is_timed=False)


def large_case(
    stream: SplitMix64, distribution: str, scale: float, place: str, forms: tuple[str, ...], is_timed: bool
) -> Case:
    """Return a case of one distribution: queries of as many terms as are timed, and of another number.

    Lists and queries are as many, and lists as long, as in a timed op; or there are more of them.
    """
    timed = {shape.m: shape for name, shape in SHAPES.items() if distribution in DISTRIBUTIONS[name]}
    pool = draw_pool(stream.fork(1), distribution, max(timed), scale)
    lists = moved(pool, place, keeps_lengths=is_timed)
    if not is_timed:
        lists += more_lists(lists[pool.special[0]])
    other = [3] if distribution == "large" else [count for count in OTHER_COUNTS if count not in timed]
    counts = [*timed, other[stream.next_uint64() % len(other)]]
    ops: list[OpInputs] = []
    for form in forms:
        arrays = end_to_end(lists) if form == INTERSECT else packed(stream.fork(30), lists).inputs()
        for m in counts:
            rows = queries(stream.fork(4 + m), pool, len(lists), m)
            if distribution == "large":  # of so many documents, all of them take seconds
                rows = rows[stream.fork(90 + m).permutation(len(rows))[:8]]
            n = timed[m].n_queries + 3 if is_timed and m in timed else len(rows)
            rows = np.resize(rows, (-(-len(rows) // n) * n, m))
            for i in range(0, len(rows), n):
                ops.append({"method": form, **arrays, "queries": rows[i : i + n]})
                arrays = {}
    extents = "timed" if is_timed else "more"
    return Case(
        f"large: {distribution}, {scale:.3f}, {place}, {extents} lists, {' and '.join(forms)}", {}, ops
    )


def moved(pool: Pool, place: str, keeps_lengths: bool) -> list[np.ndarray]:
    """Return the pool's lists elsewhere, with the first and the last id of all at the ends of each long one.

    keeps_lengths  whether these take the place of a list's own first and last document
    """
    main = pool.lists[: pool.special[1]]
    least, most = min(int(one[0]) for one in main), max(int(one[-1]) for one in main)
    span = most - least
    room = 2**32 - 1 - span
    ids = np.array([least, least + span // 3, least + 2 * span // 3], np.uint32)
    ups = {"apart": [0, min(2**31 - span // 2, room), room], "high": [room] * 3}[place]

    def up(docs: np.ndarray) -> np.ndarray:
        cuts = [*np.searchsorted(docs, ids).tolist(), len(docs)]
        parts = [docs[a:b] - ids[0] + np.uint32(n) for (a, b), n in zip(pairwise(cuts), ups, strict=True)]
        return np.concatenate(parts)

    long = [up(one[1:-1] if keeps_lengths else one) for one in main]
    ends = np.array([ups[0]], np.uint32), np.array([span + ups[2]], np.uint32)
    long = [with_ends(one, *ends) for one in long]
    partner = long[pool.special[0]]
    return [*long, up(pool.lists[pool.special[1]]), partner[-1:], np.zeros(0, np.uint32)]


def with_ends(docs: np.ndarray, least: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Return an ascending list with `least` and `most`, which are nowhere inside it, at its ends."""
    return np.concatenate([least[docs[:1] != least], docs, most[docs[-1:] != most]])


def more_lists(partner: np.ndarray) -> list[np.ndarray]:
    """Return its first document; full blocks, nearly all of it; and both halves, one document over.

    Each has the first or the last document of the partner.
    """
    n, half = len(partner) // BLOCK * BLOCK, len(partner) // (2 * BLOCK) * BLOCK + 1
    copy = np.concatenate([partner[:BLOCK], partner[BLOCK - n :]])
    return [partner[:1], copy, copy[:half], copy[-half:]]


def queries(stream: SplitMix64, pool: Pool, n_lists: int, m: int) -> np.ndarray:
    """Return int32[q, m] with pairs of all kinds; more terms than two are other lists of the pool."""
    partner, few, last, none = pool.special
    n = few
    pairs = [(partner, other) for other in (few, last, none, partner)] + [(few, few), (last, few)]
    if n_lists > none + 1:
        first, copy, lower, upper = range(none + 1, n_lists)
        pairs += [(partner, other) for other in (first, copy, lower, upper)]
        pairs += [(lower, upper), (upper, lower), (copy, lower), (upper, copy), (first, last)]
    pairs += [(int(a), int(b)) for a, b in stream.integers(0, n, (4, 2))]
    rows = [[*pair, *stream.integers(0, n, max(m - 2, 0)).tolist()][:m] for pair in pairs]
    rows += [
        [MISSING if j == place else v for j, v in enumerate(rows[place % len(rows)])] for place in range(m)
    ]
    return np.array([[row[k] for k in stream.permutation(m)] for row in rows], np.int32)
