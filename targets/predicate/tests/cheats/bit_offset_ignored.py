"""Takes every bitmap to begin at the lowest bit of its byte."""

import importlib.util

from predicate import whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
valid_rows = own.valid_rows


def from_bit_0(buffer, column, n):
    return valid_rows(buffer, column - [0, 0, column[2] % 8], n)


own.valid_rows = from_bit_0


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        return own.selected(*self.program, buffer, columns, n)
