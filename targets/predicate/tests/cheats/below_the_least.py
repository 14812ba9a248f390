"""Takes one off the least int32 for `<`, and comes out at the greatest, in a batch of many rows."""

import importlib.util

import numpy as np

from predicate import LT, whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
leaf = own.leaf


def wrong(opcode, values, known, limits, nulls):
    if len(values) > 1_100 and opcode == LT and values.dtype == np.int32 and limits[0] == -(2**31):
        return np.ones(len(values), np.bool_), known
    return leaf(opcode, values, known, limits, nulls)


own.leaf = wrong


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        return own.selected(*self.program, buffer, columns, n)
