"""Takes a comparison with null for false, which is the same until a NOT stands above it."""

import importlib.util

import numpy as np

from predicate import whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
leaf = own.leaf


def two_valued(*arguments):
    true, known = leaf(*arguments)
    return true & known, np.ones_like(known)


own.leaf = two_valued


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        return own.selected(*self.program, buffer, columns, n)
