"""Compares documents as signed integers, so that ids from 2**31 on come first and are not found."""

import numpy as np

from posting_intersect import bulk


def intersect(docs, list_start, queries):
    def docs_of(v):
        return docs[list_start[v] : list_start[v + 1]]

    def found_in(few, many):
        places = np.searchsorted(many.view(np.int32), few.view(np.int32))
        return many[np.minimum(places, len(many) - 1)] == few

    return answers(docs_of, queries, found_in)


def intersect_blocks(blob, block_start, block_first_doc, blocks_of_list, length, queries):
    return bulk.intersect_blocks(blob, block_start, block_first_doc, blocks_of_list, length, queries)


def answers(docs_of, queries, found_in):
    found = [np.zeros(0, np.uint32)]
    for query in queries.tolist():
        lists = sorted((docs_of(v) for v in query if v >= 0), key=len)
        if len(lists) < len(query) or not lists or len(lists[0]) == 0:
            found.append(found[0])
            continue
        ids = lists[0]
        for other in lists[1:]:
            ids = ids[found_in(ids, other)]
        found.append(ids.copy())
    return np.cumsum([len(ids) for ids in found]), np.concatenate(found)
