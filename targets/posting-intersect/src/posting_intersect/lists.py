"""The lists that one workload draws its queries from: how documents lie in them, and some special ones."""

from dataclasses import dataclass, replace

import numpy as np

from harness_common.prng import SplitMix64
from posting_intersect import BLOCK

ROOM = 1 << 16  # ids left free behind the last document, so that all of them can be moved up by as much
LAST = 2**32 - 1 - ROOM  # the last document there can be, before that

DENSITY = {"tenth": 0.1, "half": 0.5, "wide": 0.4, "dense": 0.5}
# Of so many documents one has nearly all terms, in `zipf`: of terms that are independent none has.
COMMON = 512
RUN = (100, 1_000)  # documents in a row, and ids between two such runs
TILE = 1 << 18  # ids of a pattern that is repeated in large lists, turned by another angle each time
SPECIAL = 2 * BLOCK + 44  # documents of a special list: two full blocks and a rest


@dataclass(frozen=True)
class Pool:
    """Lists, and how queries are made of them.

    lists    uint32[n] each, strictly ascending
    groups   pairs of numbers of lists and how many of these a query takes
    special  numbers of four lists: the partner, one with few of its documents, one with its last one, none
    in_turn  whether an op takes of each group the list after that of the op before, and not any

    The second of these is 300 documents long and has four of the partner's: its first, its last, and the last
    of a block and the first of the next in both of them.
    """

    lists: list[np.ndarray]
    groups: tuple[tuple[tuple[int, ...], int], ...]
    special: tuple[int, int, int, int]
    in_turn: bool = False


def draw_pool(stream: SplitMix64, distribution: str, m: int, scale: float = 1.0) -> Pool:
    """Return lists for queries of m terms; `scale` times as many documents as usual."""
    if distribution in ("scattered", "clustered"):
        n_tiles = max(round(scale * 16), 1)
        rare = [rare_list(stream.fork(k), distribution, int(scale * 512), n_tiles * TILE) for k in range(6)]
        often = [tiled(stream.fork(6 + k), 0.125, n_tiles) for k in range(2)]
        groups = ((0, 1, 2, 3, 4, 5), 1), ((6, 7), m - 1)
        return with_special(stream.fork(9), [*rare, *often], groups, 6)
    if distribution == "large":
        n_tiles = round(scale * 26)
        long = [tiled(stream.fork(k), 0.4, n_tiles) for k in range(4)]
        short = [
            rare_list(stream.fork(4 + k), "scattered", int(scale * 60_000), n_tiles * TILE) for k in range(4)
        ]
        pool = with_special(stream.fork(8), [*long, *short], (((0, 1, 2, 3), 1), ((4, 5, 6, 7), 1)), 0)
        return replace(pool, in_turn=True)
    if distribution == "zipf":
        n_tiles = max(round(scale * 4), 1)
        common = chosen(stream.fork(12), n_tiles * TILE, 1 / COMMON)
        lists = [zipf_list(stream.fork(k), common, 0.4 / (1 + k), n_tiles) for k in range(8)]
        return with_special(stream.fork(13), lists, ((tuple(range(8)), m),), 0)
    if distribution == "dense":
        lists = [chosen(stream.fork(k), int(scale * (1 << 16)), 0.3 + 0.08 * k) for k in range(6)]
        return with_special(stream.fork(6), lists, ((tuple(range(6)), m),), 0)
    lists = [draw_list(stream.fork(k), distribution, int(scale * 25_000), k % 2) for k in range(4)]
    if distribution == "wide":
        ids = wide_ids(stream.fork(4), int(scale * 25_000 / DENSITY["wide"]))
        lists = [ids[one[one < len(ids)]] for one in lists]
    together = (((0, 2), 1), ((1, 3), 1)) if distribution == "evens" else (((0, 1, 2, 3), 2),)
    return with_special(stream.fork(5), lists, together, 0)


def draw_list(stream: SplitMix64, distribution: str, n: int, parity: int) -> np.ndarray:
    """Return about n documents."""
    if distribution == "evens":  # of two kinds, without a document in common: closes leaping
        first = int(stream.integers(0, 64, 1)[0])
        return (2 * (first + np.arange(n)) + parity).astype(np.uint32)
    if distribution == "runs":  # closes what pays only for documents that lie apart
        lengths = stream.integers(*RUN, n // (sum(RUN) // 2) * 2)
        ends = np.cumsum(lengths)
        is_in = np.repeat(np.arange(len(lengths)) % 2 == 0, lengths)
        return np.flatnonzero(is_in[: ends[-1]]).astype(np.uint32)
    return chosen(stream, round(n / DENSITY[distribution]), DENSITY[distribution])


def chosen(stream: SplitMix64, n_ids: int, share: float | np.ndarray) -> np.ndarray:
    """Return each of the first n_ids ids with the chance `share`."""
    return np.flatnonzero(stream.floats(n_ids) < share).astype(np.uint32)


def rare_list(stream: SplitMix64, distribution: str, n: int, n_ids: int) -> np.ndarray:
    """Return about n documents, anywhere or close to eight places."""
    if distribution == "scattered":
        return np.unique(stream.integers(0, n_ids, n)).astype(np.uint32)
    places = stream.fork(0).integers(0, n_ids - 4_096, 8)
    near = stream.fork(1).integers(0, 4_096, (8, n // 8))
    return np.unique(places[:, np.newaxis] + near).astype(np.uint32)


def zipf_list(stream: SplitMix64, common: np.ndarray, share: float, n_tiles: int) -> np.ndarray:
    """Return each id with the chance `share`, and most of the common ones."""
    often = common[stream.fork(0).floats(len(common)) < 0.9]
    docs = tiled(stream.fork(1), share, n_tiles)
    places = np.searchsorted(docs, often)
    is_new = docs[np.minimum(places, len(docs) - 1)] != often
    return np.insert(docs, places[is_new], often[is_new])


def wide_ids(stream: SplitMix64, n: int) -> np.ndarray:
    """Return about n ids from 0 to `LAST`, on both sides of 2**31: closes comparing with a sign."""
    drawn = (stream.uint64(n + n // 64) >> 32) * np.uint64(LAST) >> 32
    ends = np.array([0, 2**31 - 1, 2**31, LAST], np.uint64)
    ids = np.unique(drawn)
    kept = np.sort(ids[stream.permutation(len(ids))[: n - len(ends)]])
    return np.unique(np.concatenate([kept, ends])).astype(np.uint32)


def tiled(stream: SplitMix64, share: float, n_tiles: int) -> np.ndarray:
    """Return each of the first n_tiles * 2**18 ids with the chance `share`, by turns of one pattern."""
    pattern = stream.fork(0).floats(TILE) < share
    turns = stream.fork(1).integers(0, TILE, n_tiles).tolist()
    parts = [np.flatnonzero(np.roll(pattern, turn)) + TILE * i for i, turn in enumerate(turns)]
    return np.concatenate(parts).astype(np.uint32)


def with_special(
    stream: SplitMix64,
    lists: list[np.ndarray],
    groups: tuple[tuple[tuple[int, ...], int], ...],
    partner: int,
) -> Pool:
    """Return the pool with the three special lists behind `lists`."""
    n = len(lists)
    return Pool(
        [*lists, few_of(stream, lists[partner]), lists[partner][-1:], np.zeros(0, np.uint32)],
        groups,
        (partner, n, n + 1, n + 2),
    )


def few_of(stream: SplitMix64, partner: np.ndarray) -> np.ndarray:
    """Return 300 documents, four of them the partner's: closes losing what stands at the end of a block."""
    n_blocks = len(partner) // BLOCK
    middle = BLOCK * (n_blocks // 4 + int(stream.fork(0).integers(0, n_blocks // 2, 1)[0]))
    first, last = int(partner[0]), int(partner[-1])
    low, high = int(partner[middle - 1]), int(partner[middle])
    below = others(stream.fork(1), partner, first, low, BLOCK - 2)
    above = others(stream.fork(2), partner, high, last, SPECIAL - BLOCK - 2)
    return np.concatenate([[first], below, [low, high], above, [last]]).astype(np.uint32)


def others(stream: SplitMix64, partner: np.ndarray, low: int, high: int, n: int) -> np.ndarray:
    """Return n ids between `low` and `high` that are not the partner's."""
    ids = np.unique(low + 1 + stream.integers(0, high - low - 1, 64 * n))
    free = ids[partner[np.minimum(np.searchsorted(partner, ids), len(partner) - 1)] != ids]
    return np.sort(free[stream.fork(1).permutation(len(free))[:n]])
