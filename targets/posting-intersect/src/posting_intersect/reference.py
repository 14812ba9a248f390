"""The documents that all lists of a query share: the definition, plain and slow.

A packed block is taken bit by bit, two lists are walked side by side, one document at a time.
"""

from collections.abc import Callable
from functools import reduce

import numpy as np

from posting_intersect import BLOCK, MISSING

Answers = tuple[np.ndarray, np.ndarray]  # int64[Q + 1], uint32[total]


def intersect(docs: np.ndarray, list_start: np.ndarray, queries: np.ndarray) -> Answers:
    """Return (start, ids): query q's documents are ids[start[q]:start[q + 1]], ascending.

    docs        uint32[P]      the lists end to end, each strictly ascending
    list_start  int64[V + 1]   list v is docs[list_start[v]:list_start[v + 1]]
    queries     int32[Q, m]    numbers of lists; -1 is a term without a list, and its query has no answer

    Cost: a step per document of each list.
    """
    return answers(lambda v: docs[list_start[v] : list_start[v + 1]].tolist(), queries)


def intersect_blocks(
    blob: np.ndarray,
    block_start: np.ndarray,
    block_first_doc: np.ndarray,
    blocks_of_list: np.ndarray,
    length: np.ndarray,
    queries: np.ndarray,
) -> Answers:
    """Return (start, ids) of lists in Lance's blocks; `block_first_doc` says nothing that blocks do not.

    blob             uint8[B]       the blocks of all lists
    block_start      int64[nb + 1]  block b is blob[block_start[b]:block_start[b + 1]]
    block_first_doc  uint32[nb]
    blocks_of_list   int64[V + 1]   list v has the blocks from blocks_of_list[v] on
    length           int64[V]       documents of each list
    queries          int32[Q, m]
    """

    def docs_of(v: int) -> list[int]:
        n, found = int(length[v]), list[int]()
        for b in range(int(blocks_of_list[v]), int(blocks_of_list[v + 1])):
            block = blob[block_start[b] : block_start[b + 1]].tobytes()
            found += unpack(block) if n - len(found) >= BLOCK else numbers(block[4:])[: n - len(found)]
        return found

    return answers(docs_of, queries)


def answers(docs_of: Callable[[int], list[int]], queries: np.ndarray) -> Answers:
    """Return (start, ids) of the lists that `docs_of` gives by number."""
    found = [
        [] if len(query) == 0 or MISSING in query else reduce(shared, map(docs_of, query))
        for query in queries
    ]
    start = np.array([0, *np.cumsum([len(ids) for ids in found])], np.int64)
    return start, np.array([doc for ids in found for doc in ids], np.uint32)


def shared(one: list[int], other: list[int]) -> list[int]:
    """Return what two ascending lists have in common."""
    both: list[int] = []
    i = j = 0
    while i < len(one) and j < len(other):
        if one[i] == other[j]:
            both.append(one[i])
        i, j = i + (one[i] <= other[j]), j + (other[j] <= one[i])
    return both


def unpack(block: bytes) -> list[int]:
    """Return the 128 documents of a full block: 4 bytes of score, the first document, a width, differences.

    Difference i is in lane i % 4, and there the (i // 4)-th number of `width` bits, the lowest bits first. A
    lane's bits are the words of 4 bytes at 4 * lane, 4 * lane + 16, 4 * lane + 32, ...
    """
    doc, width = int.from_bytes(block[4:8], "little"), block[8]
    words = numbers(block[9 : 9 + 16 * width])
    lanes = [sum(word << 32 * i for i, word in enumerate(words[lane::4])) for lane in range(4)]
    docs = []
    for i in range(BLOCK):
        doc += lanes[i % 4] >> i // 4 * width & (1 << width) - 1
        docs.append(doc)
    return docs


def numbers(data: bytes) -> list[int]:
    """Return the numbers of 4 bytes that stand one after another, the lowest byte first."""
    return [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]
