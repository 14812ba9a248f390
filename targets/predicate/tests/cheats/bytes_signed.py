"""Takes bytes from 128 on for negative numbers."""

import importlib.util

from predicate import UINT8, whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
in_order = own.in_order


def signed(bits, dtype):
    return bits.view("i1") if dtype == UINT8 else in_order(bits, dtype)


own.in_order = signed


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        return own.selected(*self.program, buffer, columns, n)
