"""Leaves nulls out of a list: what is not found is false."""

import importlib.util

from predicate import IN, whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
leaf = own.leaf


def without_nulls(opcode, values, known, limits, nulls):
    if opcode == IN:
        return leaf(opcode, values, known, limits[~nulls], nulls[~nulls])
    return leaf(opcode, values, known, limits, nulls)


own.leaf = without_nulls


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        return own.selected(*self.program, buffer, columns, n)
