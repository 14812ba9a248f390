"""Tests an interval by one unsigned comparison, also where its ends are the wrong way round."""

import importlib.util

import numpy as np

from predicate import BETWEEN, whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
leaf = own.leaf


def one_comparison(opcode, values, known, limits, nulls):
    if opcode == BETWEEN and not nulls.any():
        unsigned = f"u{values.itemsize}"
        with np.errstate(over="ignore"):
            width = (limits[1:] - limits[:1]).view(unsigned)[0]
            return (values - limits[0]).view(unsigned) <= width, known
    return leaf(opcode, values, known, limits, nulls)


own.leaf = one_comparison


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        return own.selected(*self.program, buffer, columns, n)
