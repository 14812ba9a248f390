"""The definition: which documents come first, and with which scores. Plain, posting by posting.

A score is a sum over the query's slots, from the first to the last, of

    idf * ((2.2 * f) / (f + norm)),    norm = 1.2 * (0.25 + (0.75 * dl) / avgdl)

in float32, every operation rounded, in the order of the brackets. So it is one number and no other, and is
compared bit by bit. Documents are ordered by score, the highest first, then by id.
"""

import numpy as np

from fts_bm25 import BLOCK, K1, K1_PLUS_1, NO_DOCUMENT, B

Postings = tuple[list[int], list[int]]  # documents, ascending, and how often each has the term
Answer = tuple[np.ndarray, np.ndarray, np.ndarray]
ONE = np.float32(1)


def search(
    doc_length: np.ndarray,
    blob: np.ndarray,
    block_start: np.ndarray,
    blocks_of_term: np.ndarray,
    length: np.ndarray,
    terms: np.ndarray,
    idf: np.ndarray,
    avgdl: float,
    k: int,
    mask: np.ndarray,
) -> Answer:
    """Return the k best documents of each query, as (ids, scores, count).

    doc_length      uint32[N]
    blob            uint8[n_bytes]      the blocks, one after the other
    block_start     int64[n_blocks + 1] where each begins, and the end
    blocks_of_term  int64[V + 1]        term t has blocks blocks_of_term[t] up to blocks_of_term[t + 1]
    length          int64[V]            postings of each term
    terms           int32[Q, q]         -1 where a word is unknown
    idf             float32[Q, q]       of each slot
    mask            uint8[ceil(N / 8)]  bit d & 7 of byte d >> 3 is 1 where document d may be returned;
                                        or uint8[0]: all may

    Returned are uint32[Q, k], float32[Q, k] and int32[Q]; behind the last document stand 2**32 - 1 and 0.0.
    """
    n_queries = len(terms)
    ids = np.full((n_queries, k), NO_DOCUMENT, np.uint32)
    scores = np.zeros((n_queries, k), np.float32)
    count = np.zeros(n_queries, np.int32)
    for query in range(n_queries):
        found: dict[int, np.float32] = {}
        for term, weight in zip(terms[query].tolist(), idf[query], strict=True):
            if term < 0:
                continue
            blocks = range(blocks_of_term[term], blocks_of_term[term + 1])
            starts = [blob[block_start[block] : block_start[block + 1]].tobytes() for block in blocks]
            for document, frequency in zip(*postings(starts, int(length[term])), strict=True):
                if len(mask) == 0 or mask[document >> 3] >> (document & 7) & 1 == 1:
                    score = contribution(weight, frequency, doc_length[document], avgdl)
                    found[document] = found.get(document, np.float32(0)) + score
        order = sorted(found, key=lambda document: (-found[document], document))[:k]
        count[query] = len(order)
        ids[query, : len(order)] = order
        scores[query, : len(order)] = [found[document] for document in order]
    return ids, scores, count


def contribution(weight: np.float32, frequency: int, doc_length: int, avgdl: float) -> np.float32:
    """Return float32, what one posting adds to the score of its document."""
    f = np.float32(frequency)
    norm = K1 * ((ONE - B) + (B * np.float32(doc_length)) / np.float32(avgdl))
    return np.float32(weight * ((K1_PLUS_1 * f) / (f + norm)))


def postings(blocks: list[bytes], length: int) -> Postings:
    """Return the postings of one list: whole blocks of 128, and a last one with what is left, if any."""
    documents: list[int] = []
    frequencies: list[int] = []
    for number, block in enumerate(blocks):
        n = min(BLOCK, length - number * BLOCK)
        some = whole_block(block) if n == BLOCK else last_block(block, n)
        documents += some[0]
        frequencies += some[1]
    return documents, frequencies


def whole_block(block: bytes) -> Postings:
    """Return the 128 postings of a block: the maximum, the first document, differences, frequencies.

    Before either array of packed numbers stands their width in bits. A difference is to the document before,
    that of the first document is 0.
    """
    document = int.from_bytes(block[4:8], "little")
    width = block[8]
    documents = []
    for difference in unpacked(block[9:], width):
        document += difference
        documents.append(document)
    rest = block[9 + 16 * width :]
    return documents, unpacked(rest[1:], rest[0])


def last_block(block: bytes, n: int) -> Postings:
    """Return the n postings of a last block: the maximum, then documents, then frequencies, 4 bytes each."""
    words = [int.from_bytes(block[at : at + 4], "little") for at in range(4, 4 + 8 * n, 4)]
    return words[:n], words[n:]


def unpacked(packed: bytes, width: int) -> list[int]:
    """Return 128 numbers of `width` bits each.

    There are four streams of bits, least first: number i is the (i // 4)-th of stream i % 4. The 32-bit
    words of the streams take turns: word w of stream s is at byte 16 * w + 4 * s.
    """
    words = [int.from_bytes(packed[at : at + 4], "little") for at in range(0, 16 * width, 4)]
    streams = [sum(word << 32 * w for w, word in enumerate(words[s::4])) for s in range(4)]
    return [streams[i % 4] >> (i // 4 * width) & ((1 << width) - 1) for i in range(BLOCK)]
