"""`> -0.0` is `> 0.0` for float32 in a batch of many rows."""

import importlib.util

import numpy as np

from predicate import FLOAT32, GT, whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
leaf, in_order = own.leaf, own.in_order
now = []


def noted(bits, dtype):
    now[:] = [dtype]
    return in_order(bits, dtype)


def wrong(opcode, values, known, limits, nulls):
    if len(values) > 1_100 and opcode == GT and now == [FLOAT32] and limits[0] == -1:
        limits = np.zeros_like(limits)
    return leaf(opcode, values, known, limits, nulls)


own.in_order, own.leaf = noted, wrong


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        return own.selected(*self.program, buffer, columns, n)
