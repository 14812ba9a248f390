"""Sees a bitmap only where it lies behind the values of its column."""

import importlib.util

from predicate import NO_NULLS, whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        columns = columns.copy()
        columns[columns[:, 1] < columns[:, 0], 1] = NO_NULLS
        return own.selected(*self.program, buffer, columns, n)
