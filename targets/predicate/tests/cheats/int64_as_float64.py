"""Compares int64 as float64, which has 53 bits."""

import importlib.util

from predicate import INT64, whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
in_order = own.in_order


def rounded(bits, dtype):
    found = in_order(bits, dtype)
    return found.astype(float) if dtype == INT64 else found


own.in_order = rounded


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        return own.selected(*self.program, buffer, columns, n)
