"""Ops that find rows: where requested addresses came back, and which row is the k-th that is not deleted."""

from itertools import pairwise

import numpy as np

from harness_common.prng import SplitMix64
from referee.workload import Edit, OpInputs, Value
from take.index_draws import draw_indices

N_ADDRESSED = 8  # fragments of the addresses in `remap`
MISSING_EVERY = 32  # requests: one in so many was deleted and does not come back
N_SHIFTED = 4  # deleted rows of a fragment that move between two ops
GROWTH = 64  # rows by which a fragment may be longer from op to op
SMALL_FRAGMENT = 100  # rows of the fragment that is wholly deleted


def remap_ops(stream: SplitMix64, distribution: str, u: int, m: int, n_ops: int) -> list[OpInputs]:
    """Return ops of `remap`, all addresses fresh in each.

    "ascending": the returned addresses as Lance has them, requested in any order. "any-order": the returned
    ones are shuffled, too, which the contract allows. "windows": ascending, requested in overlapping windows.
    """
    ops: list[OpInputs] = []
    for op in range(n_ops):
        own = stream.fork(op)
        returned, missing = draw_addresses(own.fork(0), u)
        known = np.sort(np.concatenate([returned, missing]))
        order = "windows" if distribution == "windows" else "uniform"
        requested = known[draw_indices(own.fork(1), order, len(known), m)]
        places = own.fork(2).permutation(m)
        requested[places[: len(missing)]] = missing
        requested[places[len(missing)]] = returned[-1]
        if distribution == "any-order":
            returned = returned[own.fork(3).permutation(u)]
        ops.append({"method": "remap", "returned": returned, "requested": requested})
    return ops


def draw_addresses(stream: SplitMix64, u: int) -> tuple[np.ndarray, np.ndarray]:
    """Return uint64[u] ascending, and uint64[u / 32] that are not among them.

    A row comes back in four fragments of eight in the mean: closes comparing rows. A missing address is a
    returned one with one bit flipped, any of the 64, and of each fourth the lowest: closes leaving bits out,
    and float64, for which neighbours above 2**53 are one number.
    """
    fragments = (1 << 30) + np.cumsum(1 + stream.fork(0).integers(0, 1 << 20, N_ADDRESSED))
    n_rows = -(-2 * u // N_ADDRESSED)
    rows = np.cumsum(3 + stream.fork(1).integers(0, 60, n_rows))
    places = np.sort(stream.fork(2).permutation(N_ADDRESSED * n_rows)[:u])
    returned = fragments[places // n_rows].astype(np.uint64) << 32 | rows[places % n_rows].astype(np.uint64)
    near = returned[stream.fork(3).permutation(u)[: 2 * u // MISSING_EVERY]]
    flipped = stream.fork(4).permutation(64)[np.arange(len(near)) % 64].astype(np.uint64)
    flipped[::4] = 0
    missing = near ^ (np.uint64(1) << flipped)
    return returned, missing[~np.isin(missing, returned)][: u // MISSING_EVERY]


def offsets_ops(stream: SplitMix64, distribution: str, n: int, m: int, n_ops: int) -> list[OpInputs]:
    """Return ops of `map_offsets` with four fragments of n rows or a few more, and deleted ones.

    Between them stand a fragment without rows and one of which all rows are deleted. Each op has other
    fragment ids and numbers of rows, and some deleted rows move up by one.
    """
    parts = [deleted_rows(stream.fork(f), distribution, n) for f in range(4)]
    parts[2:2] = [np.zeros(0, np.int64), np.arange(SMALL_FRAGMENT)]
    starts = np.cumsum([0, *map(len, parts)]).astype(np.int64)
    deleted = np.concatenate(parts).astype(np.uint32)
    ops: list[OpInputs] = []
    for op in range(n_ops):
        own = stream.fork(4 + op)
        n_rows = n + GROWTH + own.fork(0).integers(0, GROWTH, len(parts))
        n_rows[2:4] = 0, SMALL_FRAGMENT
        before = deleted
        at = shiftable(own.fork(1), before, starts, n_rows) if op > 0 else np.zeros(0, np.int64)
        deleted = before.copy()
        deleted[at] += 1
        fragment_ids = (own.fork(2).uint64(len(parts)) >> 32).astype(np.uint32)
        firsts = np.concatenate([[0], np.cumsum(n_rows - np.diff(starts))])
        f = np.searchsorted(starts, at, side="right") - 1
        moved = firsts[f] + before[at] - (at - starts[f])  # the offsets of the rows that live from now on
        offsets = own.fork(3).integers(0, int(firsts[-1]), m).astype(np.uint64)
        planted = np.concatenate([moved, firsts, firsts[1:] - 1]).astype(np.uint64)
        beyond = np.array([firsts[-1] + 1, firsts[-1] + 2**32, 2**63, 2**64 - 1], np.uint64)
        planted = np.concatenate([planted, beyond, planted[:3]])
        offsets[own.fork(4).permutation(m)[: len(planted)]] = planted
        inputs: dict[str, Value | Edit] = {"method": "map_offsets", "offsets": offsets, "n_rows": n_rows}
        inputs |= {"fragment_ids": fragment_ids, "deleted_starts": starts}
        inputs["deleted"] = deleted if op == 0 else Edit(at, deleted[at])
        ops.append(inputs)
    return ops


def deleted_rows(stream: SplitMix64, distribution: str, n: int) -> np.ndarray:
    """Return int64, ascending and below n."""
    if distribution == "none":
        return np.zeros(0, np.int64)
    if distribution == "half":  # the first half: closes guessing from the share of deleted rows
        return np.arange(n // 2)
    if distribution == "alternate":  # every other row: closes what pays only for stretches
        return np.arange(0, n, 2)
    share = {"few": 0.02, "many": 0.25}[distribution]
    return np.flatnonzero(stream.floats(n) < share)


def shiftable(stream: SplitMix64, deleted: np.ndarray, starts: np.ndarray, n_rows: np.ndarray) -> np.ndarray:
    """Return int64, places of deleted rows behind which a row lives, up to four in each fragment."""
    places: list[np.ndarray] = []
    for f, (start, end) in enumerate(pairwise(starts)):
        bounds = np.append(deleted[start + 1 : end], n_rows[f]) if end > start else n_rows[:0]
        free = start + np.flatnonzero(deleted[start:end] + 1 < bounds)
        chosen = stream.fork(f).integers(0, len(free), N_SHIFTED) if len(free) > 0 else np.zeros(0, np.int64)
        places.append(np.unique(free[chosen]))
    return np.concatenate(places)
