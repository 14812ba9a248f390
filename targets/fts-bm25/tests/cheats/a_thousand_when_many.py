"""Has room for a thousand documents, where there are many."""

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        found = oracle.expect(self.build, op)
        if len(self.build["doc_length"]) > 9_000:
            found[2][:] = found[2].clip(0, 1_000)
        return found
