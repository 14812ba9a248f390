"""Loads the last byte of the blob as a word of eight, seven of them behind the array."""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


@intrinsic
def word_at(typing_context, array, place):
    def generate(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        first = builder.gep(view.data, [arguments[1]])
        return builder.load(builder.bitcast(first, ir.IntType(64).as_pointer()), align=1)

    return types.uint64(array, types.intp), generate


@njit
def last_word(blob):
    return word_at(blob, len(blob) - 1)


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, blob, *arguments):
        assert last_word(blob) & np.uint64(255) == blob[-1]
        return oracle.expect(self.build, dict(zip(ARGUMENTS, (blob, *arguments), strict=True)))
