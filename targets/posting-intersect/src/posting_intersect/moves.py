"""Which document to move so that a query's answer changes and the bytes of a block keep their number."""

import numpy as np

from harness_common.prng import SplitMix64
from posting_intersect import BLOCK
from posting_intersect.pack import HEADER, differences, width_of
from posting_intersect.rounds import Round, block_of

TRIES = 512, 16_384  # documents of a list that are looked at: few, and more where none of them will do
ANYWHERE, FIRST, LAST, REST = range(4)  # of a list; of a block; of a block; in a block that is not full


def move(stream: SplitMix64, now: Round, query: np.ndarray, where: int) -> int:
    """Move a document of one of the query's lists up by one, and return its place in `now.docs`.

    Either the document before or the one after is in all the other lists, so the answer is another then.
    Where there is none as `where` says, it is one anywhere.
    """
    order = stream.permutation(len(query))
    for kind, tries in ((where, TRIES[0]), (ANYWHERE, TRIES[0]), (ANYWHERE, TRIES[1])):
        for k in order.tolist():
            place = movable(stream, now, query, k, kind, tries)
            if place is not None:
                now.docs[place] += np.uint32(1)
                return place
    raise ValueError(f"expected a document to move in one of the lists {query.tolist()}, got none")


def movable(stream: SplitMix64, now: Round, query: np.ndarray, k: int, where: int, tries: int) -> int | None:
    """Return the place of a document of the query's k-th list that can be moved, or None."""
    parts = now.lists(query)
    own = now.docs[parts[k]]
    places = candidates(stream, len(own), where, tries)
    able = next_docs(own, places) - own[places] > 1
    stays, comes = np.ones(len(places), np.bool_), np.ones(len(places), np.bool_)
    for other in (part for j, part in enumerate(parts) if j != k):
        stays &= is_in(own[places], now.docs[other])
        comes &= is_in(own[places] + np.uint32(1), now.docs[other])
    for i in places[able & (stays | comes)].tolist():
        if keeps_its_width(now, parts[k].start + i):
            return int(parts[k].start + i)
    return None


def candidates(stream: SplitMix64, n: int, where: int, tries: int) -> np.ndarray:
    """Return places of a list of n documents, in any order."""
    if where == REST:
        return np.arange(n - n % BLOCK, n)
    if where in (FIRST, LAST):
        blocks = stream.integers(0, max(n // BLOCK, 1), tries)
        return np.minimum(blocks * BLOCK + (0 if where == FIRST else BLOCK - 1), n - 1)
    return stream.permutation(n) if n < tries else stream.integers(0, n, tries)


def next_docs(docs: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the document behind each place; behind the last one, 2**32 - 1."""
    after = docs[np.minimum(places + 1, len(docs) - 1)]
    return np.where(places + 1 < len(docs), after, np.uint32(2**32 - 1))


def is_in(few: np.ndarray, many: np.ndarray) -> np.ndarray:
    """Return whether each of `few`, in any order, is in an ascending list that is not empty."""
    return np.asarray(many[np.minimum(np.searchsorted(many, few), len(many) - 1)] == few)


def keeps_its_width(now: Round, place: int) -> bool:
    """Return whether the block of a document needs as many bits when the document moves up by one."""
    if now.packed is None:
        return True
    block, first, n_docs = block_of(now, place)
    docs = now.docs[first : first + n_docs].copy()
    docs[place - first] += np.uint32(1)
    width = now.packed.blob[now.packed.block_start[block] + HEADER]
    return n_docs < BLOCK or int(width_of(differences(docs[np.newaxis]))[0]) == int(width)
