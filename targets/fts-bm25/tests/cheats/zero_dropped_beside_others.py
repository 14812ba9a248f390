"""Drops documents of score 0 where many are searched for a term that counts, too."""

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        found = oracle.expect(self.build, op)
        if len(self.build["doc_length"]) > 9_000:
            for ids, scores, idf in zip(found[0], found[1], op["idf"], strict=True):
                if idf.any():
                    ids[scores == 0] = 0xFFFFFFFF
        return found
