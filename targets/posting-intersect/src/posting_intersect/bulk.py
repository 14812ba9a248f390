"""The reference's answers by whole arrays, for lists of millions; the tests compare the two."""

from collections.abc import Callable

import numpy as np

from posting_intersect import BLOCK, MISSING

Answers = tuple[np.ndarray, np.ndarray]

FEW = 32  # of lists that differ more in length, the documents of the shorter one are looked up by bisection
SPAN = 64  # ids per document up to which a table of all ids is cheaper than that


def intersect(docs: np.ndarray, list_start: np.ndarray, queries: np.ndarray) -> Answers:
    """Return what `reference.intersect` does."""
    return answers(lambda v: docs[list_start[v] : list_start[v + 1]], queries)


def intersect_blocks(
    blob: np.ndarray,
    block_start: np.ndarray,
    block_first_doc: np.ndarray,
    blocks_of_list: np.ndarray,
    length: np.ndarray,
    queries: np.ndarray,
) -> Answers:
    """Return what `reference.intersect_blocks` does."""

    def docs_of(v: int) -> np.ndarray:
        return unpack(blob, block_start[blocks_of_list[v] : blocks_of_list[v + 1]], int(length[v]))

    return answers(docs_of, queries)


def answers(docs_of: Callable[[int], np.ndarray], queries: np.ndarray) -> Answers:
    """Return (start, ids) of the lists that `docs_of` gives by number; each is asked for once."""
    lists = {v: docs_of(v) for v in np.unique(queries).tolist() if v != MISSING}
    found = [np.zeros(0, np.uint32)]
    for query in queries.tolist():
        ids = np.zeros(0, np.uint32)
        if len(query) > 0 and MISSING not in query:
            chosen = sorted((lists[v] for v in set(query)), key=len)
            ids = chosen[0]
            for longer in chosen[1:]:
                ids = ids[is_in(ids, longer)]
        found.append(ids)
    return np.cumsum([len(ids) for ids in found]).astype(np.int64), np.concatenate(found)


def is_in(few: np.ndarray, many: np.ndarray) -> np.ndarray:
    """Return bool[len(few)], whether each document of one ascending list is in another."""
    if len(few) == 0 or len(many) == 0:
        return np.zeros(len(few), np.bool_)
    least, span = many[0], int(many[-1]) - int(many[0]) + 1
    if FEW * len(few) < len(many) or span > SPAN * len(many):
        places = np.minimum(np.searchsorted(many, few), len(many) - 1)
        return np.asarray(many[places] == few)
    table = np.zeros(span, np.bool_)
    table[many - least] = True
    inside = (few >= least) & (few <= many[-1])
    return inside & table[np.where(inside, few - least, 0)]  # type: ignore[no-any-return]


def unpack(blob: np.ndarray, starts: np.ndarray, n: int) -> np.ndarray:
    """Return uint32[n], the documents of one list, whose blocks begin at `starts`."""
    n_full = n // BLOCK
    docs = np.empty((n_full, BLOCK), np.uint32)
    full = starts[:n_full]
    widths = blob[full + 8]
    for width in np.unique(widths).tolist():
        chosen = np.flatnonzero(widths == width)
        words = blob[full[chosen, np.newaxis] + np.arange(9, 9 + 16 * width)].view(np.uint32)
        docs[chosen] = unpacked_bits(words.reshape(len(chosen), width, 4), width)
    docs[:, 0] = blob[full[:, np.newaxis] + np.arange(4, 8)].view(np.uint32).reshape(-1)
    flat = np.cumsum(docs, axis=1, dtype=np.uint32).reshape(-1)
    if n % BLOCK == 0:
        return flat
    rest = int(starts[n_full]) + 4
    return np.concatenate([flat, blob[rest : rest + 4 * (n % BLOCK)].view(np.uint32)])


def unpacked_bits(words: np.ndarray, width: int) -> np.ndarray:
    """Return uint32[k, 128] of numbers of `width` bits, packed in words uint32[k, width, 4]."""
    words = np.ascontiguousarray(words.transpose(1, 0, 2))  # twice as fast
    values = np.zeros((BLOCK // 4, words.shape[1], 4), np.uint32)
    mask = np.uint32((1 << width) - 1)
    for slot in range(BLOCK // 4 if width > 0 else 0):
        word, shift = divmod(slot * width, 32)
        bits = words[word] >> np.uint32(shift)
        if shift + width > 32:
            bits |= words[word + 1] << np.uint32(32 - shift)
        values[slot] = bits & mask
    return values.transpose(1, 0, 2).reshape(-1, BLOCK)
