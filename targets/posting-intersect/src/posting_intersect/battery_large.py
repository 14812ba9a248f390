"""Cases of the timed sizes, exactly and 0.9 to 1.3 times, with all that is awkward at once.

Closes a path for many documents only that is wrong for what no timed op has.
"""

from collections.abc import Iterator

import numpy as np

from harness_common.prng import SplitMix64
from posting_intersect import INTERSECT, INTERSECT_BLOCKS, MISSING
from posting_intersect.forms import end_to_end, packed
from posting_intersect.inputs import DISTRIBUTIONS, SHAPES
from posting_intersect.lists import Pool, draw_pool
from referee.workload import Case, OpInputs

PLACES = ("low", "sign", "high")  # of the first document 0; of 2**31 among them; of the last one 2**32 - 1
OTHER_COUNTS = (1, 2, 3, 4, 5, 16)


def large_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield each timed distribution twice, at places of the type that are drawn.

    The largest lists come once; packed they are not timed, and left out.
    """
    ways = dict.fromkeys(way for ways in DISTRIBUTIONS.values() for way in ways)
    for k, way in enumerate(ways):
        own = stream.fork(k)
        scales = [1.0, 0.9 + 0.4 * float(own.floats(1)[0])]
        if way == "large":
            scales = scales[own.next_uint64() % 2 :][:1]
        # Of what takes longest to draw one form is exact and the other is not, as drawn.
        turned = int(own.next_uint64() % 2)
        for turn, scale in enumerate(scales):
            place = PLACES[own.next_uint64() % len(PLACES)]
            forms: tuple[str, ...] = (INTERSECT, INTERSECT_BLOCKS)
            if way == "large":
                forms = forms[:1]
            elif way in ("scattered", "clustered", "zipf"):
                forms = forms[turn ^ turned :][:1]
            yield large_case(own.fork(turn), way, scale, place, forms)


def large_case(
    stream: SplitMix64, distribution: str, scale: float, place: str, forms: tuple[str, ...]
) -> Case:
    """Return a case of one distribution: queries of as many terms as are timed, and of another number."""
    timed = sorted({shape.m for name, shape in SHAPES.items() if distribution in DISTRIBUTIONS[name]})
    pool = draw_pool(stream.fork(1), distribution, timed[-1], scale)
    is_largest = distribution == "large"
    lists = awkward(pool, place, copied=not is_largest)
    other = [3] if is_largest else [count for count in OTHER_COUNTS if count not in timed]
    counts = [*timed, other[stream.next_uint64() % len(other)]]
    asked = [queries(stream.fork(4 + count), pool, len(lists), count) for count in counts]
    if is_largest:  # of so many documents, seven queries take a second
        asked = [rows[stream.permutation(len(rows))[:7]] for rows in asked]
    ops: list[OpInputs] = []
    for form in forms:
        is_raw = form == INTERSECT
        arrays = end_to_end(lists) if is_raw else packed(stream.fork(30), lists).inputs()
        ops += [
            {"method": form, **(arrays if i == 0 else {}), "queries": rows} for i, rows in enumerate(asked)
        ]
    return Case(f"large: {distribution}, {scale:.3f}, {place}, {' and '.join(forms)}", {}, ops)


def awkward(pool: Pool, place: str, copied: bool) -> list[np.ndarray]:
    """Return the pool's lists at another place, and behind them more: a copy, a list behind all others, ends.

    All lists have the first and the last id that any of them has.
    """
    main = pool.lists[: pool.special[1]]
    least, most = min(int(one[0]) for one in main), max(int(one[-1]) for one in main)
    room = 2**32 - 1 - (most - least)
    up = {"low": 0, "high": room, "sign": min(2**31 - (most - least) // 2, room)}[place]
    lists = [with_ends(one, least, most) - np.uint32(least) + np.uint32(up) for one in main]
    partner = lists[pool.special[0]]
    few = pool.lists[pool.special[1]] - np.uint32(least) + np.uint32(up)
    lists += [few, partner[-1:], partner[:1], np.zeros(0, np.uint32)]
    copy = partner.copy() if copied else partner[-(2 * len(partner) // 3) :: 64]
    half = len(copy) // 2
    return [*lists, copy, copy[:half], copy[half:]]


def with_ends(docs: np.ndarray, least: int, most: int) -> np.ndarray:
    """Return an ascending list with `least` and `most`, which are nowhere inside it, at its ends."""
    first = np.array([least] if docs[0] != least else [], np.uint32)
    last = np.array([most] if docs[-1] != most else [], np.uint32)
    return np.concatenate([first, docs, last])


def queries(stream: SplitMix64, pool: Pool, n_lists: int, m: int) -> np.ndarray:
    """Return int32[q, m] with pairs of all kinds; more terms than two are other lists of the pool."""
    n, partner = pool.special[1], pool.special[0]
    few, last, first, none, copy, lower, upper = range(n, n_lists)
    pairs = [
        *((partner, other) for other in (few, last, first, none, copy, lower, upper)),
        *((lower, upper), (upper, lower), (copy, partner), (few, few), (first, last)),
        *((int(a), int(b)) for a, b in stream.integers(0, n, (4, 2))),
    ]
    rows = [[*pair, *stream.integers(0, n, max(m - 2, 0)).tolist()][:m] for pair in pairs]
    rows += [
        [MISSING if j == place else v for j, v in enumerate(rows[place % len(rows)])] for place in range(m)
    ]
    return np.array([[row[k] for k in stream.permutation(m)] for row in rows], np.int32)
