"""Loads the first document of the block behind the last one of a list, as if there always was one."""

from numba import njit, types
from numba.extending import intrinsic

from posting_intersect import bulk
from posting_intersect.bulk import intersect_blocks as intersect_blocks


@intrinsic
def document_at(typing_context, array, place):
    def generate(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.load(builder.gep(view.data, [arguments[1]]))

    return types.uint32(array, types.intp), generate


@njit
def behind(docs):
    return document_at(docs, len(docs))


def intersect(docs, list_start, queries):
    assert behind(docs) >= 0
    return bulk.intersect(docs, list_start, queries)
