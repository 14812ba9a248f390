"""The lists as they lie in one round: in an order of its own, all documents moved up by one number."""

from dataclasses import dataclass

import numpy as np

from harness_common.prng import SplitMix64
from posting_intersect import BLOCK, MISSING
from posting_intersect.lists import ROOM, Pool
from posting_intersect.pack import HEADER, Packed, differences, packed_bits, scatter
from referee.workload import Edit


@dataclass(frozen=True)
class Round:
    """What the next op of a round finds; its arrays change with the ops.

    docs        uint32[P], list_start int64[V + 1]: the lists, packed or not
    packed      the same lists in blocks, where they are packed
    number      int64[V], where each list of the pool stands
    """

    docs: np.ndarray
    list_start: np.ndarray
    packed: Packed | None
    number: np.ndarray

    def inputs(self) -> dict[str, np.ndarray]:
        """Return copies of what describes the lists in an op."""
        if self.packed is None:
            return {"docs": self.docs.copy(), "list_start": self.list_start}
        return {name: array.copy() for name, array in self.packed.inputs().items()}

    def lists(self, query: np.ndarray) -> list[slice]:
        """Return where the lists of a query are in `docs`."""
        return [slice(int(self.list_start[v]), int(self.list_start[v + 1])) for v in query]


def begun(stream: SplitMix64, pool: Pool, packed: Packed | None) -> Round:
    """Return the lists before the first op.

    They move up by less than 2**16; in about one round of four by nothing, in one by all there is room for.
    """
    order = stream.fork(0).permutation(len(pool.lists))
    up = int(np.clip(stream.fork(1).integers(-ROOM // 2, 3 * ROOM // 2, 1)[0], 0, ROOM))
    lists = [pool.lists[v] for v in order]
    list_start = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    docs = np.concatenate(lists) + np.uint32(up)
    return Round(docs, list_start, packed and moved_up(reordered(packed, order), up), np.argsort(order))


def reordered(packed: Packed, order: np.ndarray) -> Packed:
    """Return the lists of `packed` in another order."""
    blocks = [slice(packed.blocks_of_list[v], packed.blocks_of_list[v + 1]) for v in order]
    sizes, starts = np.diff(packed.block_start), packed.block_start
    return Packed(
        np.concatenate([packed.blob[starts[one.start] : starts[one.stop]] for one in blocks]),
        np.cumsum([0, *np.concatenate([sizes[one] for one in blocks])]).astype(np.int64),
        np.concatenate([packed.block_first_doc[one] for one in blocks]),
        np.cumsum([0, *(one.stop - one.start for one in blocks)]).astype(np.int64),
        packed.length[order],
    )


def moved_up(packed: Packed, up: int) -> Packed:
    """Return `packed`, whose bytes are overwritten, with `up` more in each document."""
    firsts = packed.block_first_doc + np.uint32(up)
    for end, n in zip(packed.blocks_of_list[1:], packed.length % BLOCK, strict=True):
        if n > 0:
            start = int(packed.block_start[end - 1]) + 4
            rest = packed.blob[start : start + 4 * int(n)]
            rest[:] = (rest.view(np.uint32) + np.uint32(up)).view(np.uint8)
    scatter(packed.blob, packed.block_start[:-1] + 4, firsts)
    return Packed(packed.blob, packed.block_start, firsts, packed.blocks_of_list, packed.length)


def edits(now: Round, places: list[int]) -> dict[str, Edit]:
    """Return what changes in an op's inputs now that the documents at `places` are others.

    Of a packed list, all differences of a block change places with others of the same width.
    """
    at = np.unique(places).astype(np.int64)
    if now.packed is None:
        return {"docs": Edit(at, now.docs[at])}
    bytes_at, values, firsts_at = [np.zeros(0, np.int64)], [np.zeros(0, np.uint8)], list[int]()
    first_docs = now.packed.block_first_doc
    for block, first, n_docs in sorted({block_of(now, int(place)) for place in at}):
        docs = now.docs[first : first + n_docs]
        start = int(now.packed.block_start[block])
        changed = docs
        if n_docs == BLOCK:
            width = int(now.packed.blob[start + HEADER])
            bits = packed_bits(differences(docs[np.newaxis]), width).view(np.uint8).reshape(-1)
            bytes_at.append(start + HEADER + 1 + np.arange(len(bits)))
            values.append(bits)
            changed = docs[:1]
        bytes_at.append(start + 4 + np.arange(4 * len(changed)))
        values.append(changed.view(np.uint8))
        if first_docs[block] != docs[0]:
            first_docs[block] = docs[0]
            firsts_at.append(block)
    found = {"blob": Edit(np.concatenate(bytes_at), np.concatenate(values))}
    if firsts_at:
        found["block_first_doc"] = Edit(np.array(firsts_at, np.int64), first_docs[firsts_at])
    return found


def block_of(now: Round, place: int) -> tuple[int, int, int]:
    """Return the number of the block of a document, where the block begins in `docs`, and its length."""
    assert now.packed is not None
    v = int(np.searchsorted(now.list_start, place, side="right")) - 1
    start, end = int(now.list_start[v]), int(now.list_start[v + 1])
    number = (place - start) // BLOCK
    first = start + BLOCK * number
    return int(now.packed.blocks_of_list[v]) + number, first, min(BLOCK, end - first)


def draw_queries(stream: SplitMix64, pool: Pool, number: np.ndarray, m: int, n: int, op: int) -> np.ndarray:
    """Return int32[n + 3, m]: n queries as the pool's groups say, terms in any order, and three short ones.

    One of the three is the first of the n with a missing term, one asks for the list that has few of its
    partner's documents; the last is in turn the empty list, the partner's last document, and lists twice.
    """
    rows = []
    for _ in range(n):
        terms = [
            numbers[k]
            for numbers, count in pool.groups
            for k in ([op % len(numbers)] if pool.in_turn else stream.permutation(len(numbers))[:count])
        ]
        rows.append([terms[k] for k in stream.permutation(m)])
    partner, few, last, none = pool.special
    third = ([none, partner, few, few, few], [last, *[partner] * 4], [few] * 5)[op % 3]
    rows += [rows[0], [few, partner, few, partner, few][:m], third[:m]]
    found = np.array([[number[v] for v in row] for row in rows], np.int32)
    found[n, int(stream.integers(0, m, 1)[0])] = MISSING
    return found
