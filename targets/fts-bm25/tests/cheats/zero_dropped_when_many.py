"""Returns no document whose score is 0, where there are many documents."""

import numpy as np

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        ids, scores, count = oracle.expect(self.build, op)
        if len(self.build["doc_length"]) > 2**17:
            ids[scores == 0] = 0xFFFFFFFF
            count = np.count_nonzero(scores, axis=1).astype(np.int32)
        return ids, scores, count
