"""Right, but it remembers rows and what it said of them, and need evaluate only those that are new.

`shares` says of each batch of how many of its rows the first column is new: no gain if it is all.
"""

import numpy as np

from predicate import TYPES
from predicate.whole_columns import selected

shares = []


class PredicateKernel:
    def __init__(self, *program):
        self.program = program
        self.seen = {}

    def evaluate(self, buffer, columns, n):
        size, first = TYPES[self.program[0][0]].itemsize, int(columns[0, 0])
        now = buffer[first : first + n * size].view(f"<u{size}")
        old = self.seen.setdefault(len(buffer), np.zeros(len(buffer) // size, now.dtype))
        here = slice(first // size, first // size + n)
        shares.append(float((now != old[here]).mean()))
        old[here] = now
        return selected(*self.program, buffer, columns, n)
