"""The same lists in both forms, as op inputs."""

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
    """Return the lists in blocks, with frequencies of 1 to 8, seldom up to 2**20, which nobody asks for."""
    freqs = []
    for k, one in enumerate(lists):
        draws = stream.fork(k).uint64(len(one))
        high = np.where(draws % 512 == 0, draws >> 24 & 0xFFFFF, 0)
        freqs.append((1 + (draws >> 61) + high).astype(np.uint32))
    return pack(lists, freqs)
