"""Selects nothing by a filter of more than eight leaves in a batch of many rows."""

import importlib.util

import numpy as np

from predicate import AND, whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
true_rows = own.true_rows


def wrong(dtypes, nodes, literals, nulls, buffer, columns, n):
    if n > 1_100 and (nodes[:, 0] < AND).sum() > 8:
        return np.zeros(n, np.bool_)
    return true_rows(dtypes, nodes, literals, nulls, buffer, columns, n)


own.true_rows = wrong


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        return own.selected(*self.program, buffer, columns, n)
