"""Searches block by block with the stored maxima, rescaled: right, but for roundings.

In each stretch of documents that has one block of each list, it skips all if their bounds are together not
above the k-th score. The tests put the widening back, and the factor of the mean length away.
"""

import heapq

import numpy as np

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS

WIDER = 1.0
END = 1 << 40


def bounds_of(idf, stored_idf, maxima, stretch):
    return np.float32(np.float64(idf) / np.float64(stored_idf) * stretch * WIDER) * maxima


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.doc_length, self.stored_avgdl = doc_length, stored_avgdl

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        found = oracle.expect({"doc_length": self.doc_length}, {**op, "terms": np.full_like(op["terms"], -1)})
        for query, (terms, idf) in enumerate(zip(op["terms"], op["idf"], strict=True)):
            best = self.best(op, [one for one in zip(terms, idf, strict=True) if one[0] >= 0])
            found[2][query] = len(best)
            for place, (score, document) in enumerate(sorted(best, key=lambda one: (-one[0], -one[1]))):
                found[0][query, place], found[1][query, place] = -document, score
        return found

    def best(self, op, slots):
        k, mask, avgdl = op["k"], op["mask"], op["avgdl"]
        stretch = max(1.0, avgdl / self.stored_avgdl)
        clauses = []
        for term, weight in slots:
            some = slice(*op["blocks_of_term"][term : term + 2])
            bounds = bounds_of(weight, op["stored_idf"][term], op["block_max_score"][some], stretch)
            clauses.append((weight, op["block_first_doc"][some], bounds, *oracle.decoded(op, term)))
        starts = sorted({int(first) for clause in clauses for first in clause[1]})
        heap = []
        for start, end in zip(starts, [*starts[1:], END], strict=True):
            total, scores = 0.0, {}
            for _, firsts, bounds, documents, _ in clauses:
                block = np.searchsorted(firsts, start, side="right") - 1
                if block >= 0 and documents[-1] >= start:
                    total += float(bounds[block])
            if len(heap) == k and total <= heap[0][0]:
                continue
            for weight, _, _, documents, frequencies in clauses:
                inside = slice(*np.searchsorted(documents, [start, end]))
                norm = oracle.norms(self.doc_length[documents[inside]], avgdl)
                more = oracle.contributions(frequencies[inside], norm, weight)
                for document, one in zip(documents[inside].tolist(), more, strict=True):
                    if len(mask) == 0 or mask[document >> 3] >> (document & 7) & 1:
                        scores[document] = scores.get(document, np.float32(0)) + one
            for document, score in sorted(scores.items()):
                if len(heap) < k:
                    heapq.heappush(heap, (score, -document))
                elif k and score > heap[0][0]:
                    heapq.heapreplace(heap, (score, -document))
        return heap
