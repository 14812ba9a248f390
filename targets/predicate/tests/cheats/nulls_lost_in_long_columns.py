"""Where few rows are left of very many, forgets that the right side of an AND is null there."""

import importlib.util

import numpy as np

from predicate import whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
own.CHUNK = 1 << 40
both = own.both


def chosen(left, right):
    n = len(left[0])
    if n > 30_000 and left[1].all() and left[0].sum() <= n // 5:
        return left[0] & right[0] & right[1], np.ones(n, np.bool_)
    return both(left, right)


own.both = chosen


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        return own.selected(*self.program, buffer, columns, n)
