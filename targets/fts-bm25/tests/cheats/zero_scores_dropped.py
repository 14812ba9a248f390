"""Returns no document whose score is 0."""

import numpy as np

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        ids, scores, _ = oracle.expect(self.build, op)
        ids[scores == 0] = 0xFFFFFFFF
        return ids, scores, np.count_nonzero(scores, axis=1).astype(np.int32)
