"""Corrupt input in as many rows as are timed: one thing wrong at a time, at places that are drawn.

Closes tests that are made only where there is little to test, only at some places, or in too few bits.
"""

from collections.abc import Callable, Sequence

import numpy as np

from harness_common.prng import SplitMix64
from referee.workload import Edit, OpInputs, Value, applied
from take import MAP_OFFSETS, REMAP, TAKE_FIXED, TAKE_STRINGS

Arrays = dict[str, np.ndarray]
Wrong = tuple[str, int, int]  # in this array, at this place, this value


def corrupt_ops(stream: SplitMix64, ops: Sequence[OpInputs]) -> list[OpInputs]:
    """Return ops to follow `ops`: the last of these with one thing wrong in each, then sound again.

    No addresses are corrupt: of `remap` one op in which the second half of them repeats the first.
    """
    *_, last = applied(ops)
    arrays = {name: value for name, value in last.items() if isinstance(value, np.ndarray)}
    if last["method"] == REMAP:
        half = len(arrays["returned"]) // 2
        return [{"returned": Edit(half + np.arange(half), arrays["returned"][:half])}]
    if last["method"] == MAP_OFFSETS:
        return one_at_a_time(arrays, wrong_fragments(stream, arrays))
    column = {TAKE_FIXED: "values", TAKE_STRINGS: "offsets"}.get(str(last["method"]), "vectors")
    n = len(arrays[column]) - (column == "offsets")
    wrongs = wrong_indices(stream.fork(0), arrays, n)
    if column == "offsets":
        wrongs += wrong_strings(stream.fork(1), arrays)
    return one_at_a_time(arrays, wrongs)


def one_at_a_time(arrays: Arrays, wrongs: Sequence[Wrong]) -> list[OpInputs]:
    """Return an op for each wrong value, which the next op takes back, and one more for the last."""
    ops: list[OpInputs] = []
    back: Wrong | None = None
    for wrong in [*wrongs, None]:
        changes: dict[str, dict[int, int]] = {}
        for change in (back, wrong):  # of two values at one place the later one stays
            if change is not None:
                name, at, value = change
                changes.setdefault(name, {})[at] = value
        edits: dict[str, Value | Edit] = {}
        for name, values in changes.items():
            places = np.array(list(values), np.int64)
            edits[name] = Edit(places, np.array(list(values.values()), arrays[name].dtype))
        ops.append(edits)
        back = None if wrong is None else (wrong[0], wrong[1], int(arrays[wrong[0]][wrong[1]]))
    return ops


def wrong_indices(stream: SplitMix64, arrays: Arrays, n: int) -> list[Wrong]:
    """Return indices beyond n at the last valid row and at drawn ones; of uint64 one sound in 32 bits."""
    indices = arrays["indices"]
    valid = np.arange(len(indices))
    if len(bitmap := arrays.get("index_validity", indices[:0])) > 0:
        valid = np.flatnonzero(np.unpackbits(bitmap, count=len(indices), bitorder="little"))
    rows = [int(row) for row in valid[stream.integers(0, len(valid), 4)]]
    wrongs = [("indices", int(valid[-1]), n), ("indices", rows[0], 2**32 - 1), ("indices", rows[1], n)]
    if indices.dtype == np.uint64:
        wrongs += [("indices", rows[2], 2**32 + int(indices[rows[2]])), ("indices", rows[3], 2**63)]
    return wrongs


def wrong_strings(stream: SplitMix64, arrays: Arrays) -> list[Wrong]:
    """Return offsets that are wrong for one string that is taken, its neighbour being no request.

    Were the neighbour taken as well, a test of one end only would find the same row now and then.
    """
    offsets, n_bytes = arrays["offsets"], len(arrays["data"])
    taken = np.unique(arrays["indices"]).astype(np.int64)
    firsts, lasts = np.setdiff1d(taken, taken + 1), np.setdiff1d(taken, taken - 1)
    start, later = (int(one) for one in firsts[stream.fork(0).integers(0, len(firsts), 2)])
    end, other = (int(one) for one in lasts[stream.fork(1).integers(0, len(lasts), 2)])
    return [
        ("offsets", end + 1, n_bytes + 1),
        ("offsets", int(taken[-1]) + 1, n_bytes + 1),
        ("offsets", start, -1),
        ("offsets", int(taken[0]), -1),
        ("offsets", other + 1, int(offsets[other]) - 1),
        ("offsets", later, int(offsets[later + 1]) + 1),
    ]


def wrong_fragments(stream: SplitMix64, arrays: Arrays) -> list[Wrong]:
    """Return deleted rows, numbers of rows and starts that cannot be, in fragments and at places drawn."""
    starts, n_rows, deleted = arrays["deleted_starts"], arrays["n_rows"], arrays["deleted"]
    n = len(n_rows)
    wrongs: list[Wrong] = []
    counts = np.diff(starts)
    large = np.flatnonzero((counts > 2) & (2 * counts >= counts.max()))
    full = np.flatnonzero(counts > 2)
    # The row before a drawn place has one before it, so it is 1 at least.
    ways: list[Callable[[int], int]] = [lambda before: before, lambda before: before - 1, lambda before: 0]
    for k, way in enumerate(2 * ways if len(full) > 0 else []):
        own = stream.fork(k)
        among = large if k < len(ways) else full
        f = int(among[own.integers(0, len(among), 1)[0]])
        start, end = int(starts[f]), int(starts[f + 1])
        at = start + 2 + int(own.integers(0, end - start - 2, 1)[0])
        wrongs.append(("deleted", at, way(int(deleted[at - 1]))))
        if k == 0:
            wrongs.append(("deleted", at - 1, 2**32 - 1))
        elif k == 1:
            wrongs.append(("deleted", end - 1, int(deleted[end - 2])))
        elif k == 2 and n_rows[f] < 2**32:
            wrongs.append(("deleted", end - 1, int(n_rows[f])))
        elif k == 3:
            wrongs.append(("n_rows", f, int(deleted[end - 1])))
    drawn = [int(f) for f in stream.fork(9).integers(0, n, 6)]
    wrongs += [("n_rows", drawn[0], -1), ("n_rows", drawn[1], 2**32 + 1), ("n_rows", drawn[2], 2**63 - 1)]
    wrongs += [
        ("deleted_starts", 0, -1),
        ("deleted_starts", drawn[3], -(2**63)),
        ("deleted_starts", drawn[4], int(starts[drawn[4] + 1]) + 1),
        ("deleted_starts", drawn[5], len(deleted) + 1),
        ("deleted_starts", n, len(deleted) + 1),
        ("deleted_starts", n, 2**63 - 1),
    ]
    return wrongs
