"""Widens bounds for the roundings, and not for another mean length."""

import numpy as np

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length}
        self.stored_avgdl = stored_avgdl

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        ids, scores, count = oracle.expect(self.build, op)
        for query, n in enumerate(count):
            if 0 < n == op["k"]:
                bounds = np.zeros(n)
                for term, weight in zip(op["terms"][query], op["idf"][query], strict=True):
                    if term >= 0 and op["length"][term] > 0:
                        blocks = slice(*op["blocks_of_term"][term : term + 2])
                        firsts = op["block_first_doc"][blocks]
                        block = np.maximum(np.searchsorted(firsts, ids[query], side="right") - 1, 0)
                        scale = np.float32(weight / op["stored_idf"][term] * (1.0 + 2.0**-19))
                        bounds += scale * op["block_max_score"][blocks][block]
                lost = bounds.astype(np.float32) < scores[query]
                lost[:-1] &= bounds[:-1] * (1 + 2.0**-20 * len(op["terms"][query])) <= scores[query, -1]
                ids[query, lost], scores[query, lost] = 0xFFFFFFFF, 0.0
        return ids, scores, count
