"""Takes literals one after the other, wherever a node says that its own begin."""

import importlib.util

import numpy as np

from predicate import whole_columns

spec = importlib.util.spec_from_file_location("own", whole_columns.__file__)
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)


class PredicateKernel:
    def __init__(self, *program):
        self.program = program

    def evaluate(self, buffer, columns, n):
        dtypes, nodes, *literals = self.program
        nodes = nodes.copy()
        nodes[1:, 2] = np.cumsum(nodes[:-1, 3])
        return own.selected(dtypes, nodes, *literals, buffer, columns, n)
