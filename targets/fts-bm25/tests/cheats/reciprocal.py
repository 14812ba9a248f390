"""Multiplies by the reciprocal where it should divide."""

import numpy as np

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        exact = oracle.norms
        one = np.float32(1)
        oracle.norms = lambda lengths, avgdl: (
            np.float32(1.2)
            * (np.float32(0.25) + np.float32(0.75) * lengths.astype(np.float32) * (one / np.float32(avgdl)))
        )
        try:
            return oracle.expect(self.build, dict(zip(ARGUMENTS, arguments, strict=True)))
        finally:
            oracle.norms = exact
