"""Takes the bit of row 0 modulo 64."""

import importlib.util

from predicate import whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        columns = columns.copy()
        columns[:, 2] %= 64
        return own.selected(*self.program, buffer, columns, n)
