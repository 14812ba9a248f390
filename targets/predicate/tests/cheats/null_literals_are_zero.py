"""Knows a null literal by its bits, which say nothing."""

import importlib.util

from predicate import whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        dtypes, nodes, literals, nulls = self.program
        is_null = nulls & (literals == 0)
        return own.selected(dtypes, nodes, literals, is_null, buffer, columns, n)
