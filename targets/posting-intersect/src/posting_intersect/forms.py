"""The same lists in both forms, as op inputs."""

from itertools import pairwise

import numpy as np

from harness_common.prng import SplitMix64
from posting_intersect.pack import Packed, pack

Arrays = dict[str, np.ndarray]


def both_forms(stream: SplitMix64, lists: list[np.ndarray]) -> tuple[Arrays, Arrays]:
    """Return the lists end to end, and packed."""
    return end_to_end(lists), packed(stream, lists).inputs()


def end_to_end(lists: list[np.ndarray]) -> Arrays:
    """Return the lists as `intersect` takes them."""
    docs = np.concatenate([np.zeros(0, np.uint32), *lists])
    return {"docs": docs, "list_start": np.cumsum([0, *map(len, lists)]).astype(np.int64)}


def packed(stream: SplitMix64, lists: list[np.ndarray]) -> Packed:
    """Return the lists in blocks; frequencies, of 1 to 8 or seldom up to 32 bits, are asked for by nobody."""
    ends = np.cumsum([0, *map(len, lists)])
    draws = stream.uint64(int(ends[-1]))
    high = (draws >> 24 & 0xFFFFFFFF) >> (draws >> 9 & 31)
    freqs = np.where(draws % 512 == 0, np.maximum(high, 1), 1 + (draws >> 61)).astype(np.uint32)
    return pack(lists, [freqs[a:b] for a, b in pairwise(ends.tolist())])
