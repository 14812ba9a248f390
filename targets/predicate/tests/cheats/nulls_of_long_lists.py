"""Overlooks the null in a long list in a batch of many rows."""

import importlib.util

import numpy as np

from predicate import IN, whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
leaf = own.leaf


def wrong(opcode, values, known, limits, nulls):
    if len(values) > 1_100 and opcode == IN and len(limits) > 8:
        return np.isin(values, limits[~nulls]), known
    return leaf(opcode, values, known, limits, nulls)


own.leaf = wrong


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        return own.selected(*self.program, buffer, columns, n)
