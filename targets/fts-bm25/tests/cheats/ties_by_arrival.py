"""Returns documents of the same score with the highest id first."""

import numpy as np

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        ids, scores, count = oracle.expect(self.build, dict(zip(ARGUMENTS, arguments, strict=True)))
        for query, n in enumerate(count):
            ids[query, :n] = ids[query, :n][
                np.lexsort((-ids[query, :n].astype(np.int64), -scores[query, :n]))
            ]
        return ids, scores, count
