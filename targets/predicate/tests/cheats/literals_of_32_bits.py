"""Cuts the literals of a long list of int64 to 32 bits, and what it looks for."""

import importlib.util

from predicate import IN, whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
leaf = own.leaf


def cut(opcode, values, known, limits, nulls):
    if opcode == IN and values.itemsize == 8 and len(limits) > 8:
        return leaf(opcode, values.astype("i4"), known, limits.astype("i4"), nulls)
    return leaf(opcode, values, known, limits, nulls)


own.leaf = cut


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        return own.selected(*self.program, buffer, columns, n)
