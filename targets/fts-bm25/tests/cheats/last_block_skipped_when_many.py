"""Leaves out the last block, which is not packed, of long lists."""

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        scored = oracle.decoded
        oracle.decoded = lambda arrays, term: whole_blocks(*scored(arrays, term))
        try:
            return oracle.expect(self.build, op)
        finally:
            oracle.decoded = scored


def whole_blocks(documents, frequencies):
    n = len(documents)
    if n > 2_000:
        n -= n % 128
    return documents[:n], frequencies[:n]
