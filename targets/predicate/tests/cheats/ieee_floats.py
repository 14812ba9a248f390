"""Compares floats as processors do: NaN equals nothing, -0.0 is 0.0."""

import importlib.util

from predicate import FLOAT32, FLOAT64, whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
in_order = own.in_order


def as_floats(bits, dtype):
    return bits.view(f"<f{bits.itemsize}") if dtype in (FLOAT32, FLOAT64) else in_order(bits, dtype)


own.in_order = as_floats


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        return own.selected(*self.program, buffer, columns, n)
