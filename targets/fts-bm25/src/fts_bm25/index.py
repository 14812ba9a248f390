"""An index as a kernel takes it: the lists of all terms, block by block, with what stands beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fts_bm25 import BLOCK, K1, K1_PLUS_1, B, codec

List = tuple[np.ndarray, np.ndarray]  # documents uint32[n], ascending, and frequencies uint32[n], 1 or more
ONE = np.float32(1)


@dataclass(frozen=True)
class Term:
    """One list, encoded.

    blob             uint8[n_bytes]     its blocks, one after the other
    sizes            int64[n_blocks]    in bytes
    first_documents  uint32[n_blocks]
    maxima           float32[n_blocks]
    """

    blob: np.ndarray
    sizes: np.ndarray
    first_documents: np.ndarray
    maxima: np.ndarray
    length: int
    stored_idf: np.float32


def norms(doc_length: np.ndarray, avgdl: float) -> np.ndarray:
    """Return float32[n], what a document's length adds below the line, rounded as `reference` does."""
    norm = B * doc_length.astype(np.float32)  # in place from here on: there may be millions
    norm /= np.float32(avgdl)
    norm += ONE - B
    norm *= K1
    return norm


def contributions(frequencies: np.ndarray, norm: np.ndarray, weight: np.float32) -> np.ndarray:
    """Return float32[n], what each posting adds to the score of its document, rounded as `reference` does."""
    f = frequencies.astype(np.float32)
    return np.asarray(weight * ((K1_PLUS_1 * f) / (f + norm)), np.float32)


def maximum(frequencies: np.ndarray, norm: np.ndarray, stored_idf: np.ndarray | np.float32) -> np.ndarray:
    """Return float32[...], what Lance stores as the largest score of each row of postings.

    It is not quite the score: the factors are multiplied in another order, so a score may lie above it.

    frequencies  uint32[..., n], n > 0
    norm         float32[..., n], of the stored mean length
    stored_idf   float32[...]
    Source: lance d2039d750, rust/lance-index/src/scalar/inverted/index.rs
    (DocSet::calculate_block_max_scores).
    """
    f = frequencies.astype(np.float32)
    return np.asarray((f / (f + norm)).max(axis=-1) * (stored_idf * K1_PLUS_1), np.float32)


def encode(lists: Sequence[List], stored_idf: np.ndarray, norm: np.ndarray) -> list[Term]:
    """Return the lists as terms.

    stored_idf  float32[n_lists]
    norm        float32[N], of the stored mean length
    """
    n_whole = [len(documents) // BLOCK for documents, _ in lists]
    whole = [
        [part[: n * BLOCK].reshape(n, BLOCK) for part in one] for one, n in zip(lists, n_whole, strict=True)
    ]
    documents, frequencies = (
        np.concatenate([np.zeros((0, BLOCK), np.uint32), *(one[side] for one in whole)]) for side in (0, 1)
    )
    maxima = maximum(frequencies, norm[documents], np.repeat(stored_idf, n_whole))
    blocks = codec.encode_whole(maxima, documents, frequencies)
    terms = []
    for i, (start, end) in enumerate(pairwise(np.cumsum([0, *n_whole]).tolist())):
        its_blocks, its_firsts, its_maxima = blocks[start:end], documents[start:end, 0], maxima[start:end]
        left = [part[n_whole[i] * BLOCK :] for part in lists[i]]
        if len(left[0]):
            last = maximum(left[1], norm[left[0]], stored_idf[i])
            its_blocks = [*its_blocks, codec.encode_last(np.float32(last), left[0], left[1])]
            its_firsts, its_maxima = np.append(its_firsts, left[0][:1]), np.append(its_maxima, last)
        sizes = np.array([len(block) for block in its_blocks], np.int64)
        blob = np.concatenate([np.zeros(0, np.uint8), *its_blocks])
        terms.append(Term(blob, sizes, its_firsts, its_maxima, len(lists[i][0]), stored_idf[i]))
    return terms


def arranged(terms: Sequence[Term]) -> dict[str, np.ndarray]:
    """Return the op inputs that hold these terms, numbered in this order."""
    sizes = np.concatenate([np.zeros(1, np.int64), *(term.sizes for term in terms)])
    return {
        "blob": np.concatenate([np.zeros(0, np.uint8), *(term.blob for term in terms)]),
        "block_start": np.cumsum(sizes).astype(np.int64),
        "block_first_doc": np.concatenate(
            [np.zeros(0, np.uint32), *(term.first_documents for term in terms)]
        ),
        "block_max_score": np.concatenate([np.zeros(0, np.float32), *(term.maxima for term in terms)]),
        "blocks_of_term": np.cumsum([0, *(len(term.sizes) for term in terms)]).astype(np.int64),
        "length": np.array([term.length for term in terms], np.int64),
        "stored_idf": np.array([term.stored_idf for term in terms], np.float32),
    }


def with_frequencies(
    term: Term, block: int, frequencies: np.ndarray, norm: np.ndarray
) -> tuple[np.ndarray, np.float32]:
    """Return (bytes uint8[size], maximum) of one block with other frequencies of the same width.

    frequencies  uint32[n], of the block's postings
    norm         float32[n], of their documents and the stored mean length
    """
    start = int(term.sizes[:block].sum())
    changed = term.blob[start : start + int(term.sizes[block])].copy()
    most = np.float32(maximum(frequencies, norm, term.stored_idf))
    changed[:4] = codec.as_bytes(np.array([most]), "<f4")[0]
    n = len(frequencies)
    if n == BLOCK:
        at = codec.HEAD + 1 + 16 * int(changed[codec.HEAD])
        changed[at + 1 :] = codec.pack(frequencies[np.newaxis], int(changed[at]))[0]
    else:
        changed[4 + 4 * n :] = codec.as_bytes(frequencies, "<u4").reshape(-1)
    return changed, most
