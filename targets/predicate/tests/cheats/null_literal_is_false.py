"""A comparison with a null literal is false, not unknown, in a batch of many rows."""

import importlib.util

import numpy as np

from predicate import EQ, whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
leaf = own.leaf


def wrong(opcode, values, known, limits, nulls):
    if len(values) > 1_100 and opcode == EQ and nulls.any():
        return np.zeros(len(values), np.bool_), np.ones(len(values), np.bool_)
    return leaf(opcode, values, known, limits, nulls)


own.leaf = wrong


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        return own.selected(*self.program, buffer, columns, n)
