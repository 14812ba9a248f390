"""Counts a term once, however often it is asked for."""

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        terms = op["terms"].copy()
        for query in terms:
            for slot in range(1, len(query)):
                if query[slot] in query[:slot]:
                    query[slot] = -1
        return oracle.expect(self.build, {**op, "terms": terms})
