"""Nothing outside the given arrays is read or written: played where the next page is closed.

In a process of its own, so that a kernel that strays ends that process and not the tests; it is forked, so
that nothing is imported or drawn twice.
"""

from types import ModuleType

import numpy as np

from predicate.run_experiment import EXPERIMENT
from referee import testing
from referee.workload import Case

MOST_BYTES = 1 << 19


def size(case: Case) -> int:
    """Return the bytes of all buffers."""
    return sum(op["buffer"].nbytes for op in testing.seen(case.ops))


def cut(case: Case) -> Case:
    """Return the case with the buffer without what is behind the last row of its last column: at any byte."""
    (op,) = testing.seen(case.ops)
    columns, n = op["columns"], int(op["n_rows"][-1])
    dtypes = np.asarray(case.build_inputs["dtypes"])
    sizes = [(4, 8, 4, 8, 1)[dtype] for dtype in dtypes.tolist()]
    ends = [start + n * size for (start, _, _), size in zip(columns[-1].tolist(), sizes, strict=True)]
    ends += [first + (bit + n + 7) // 8 for _, first, bit in columns[-1].tolist() if first >= 0]
    return Case(case.name, case.build_inputs, [{**op, "buffer": op["buffer"][: max(ends)]}])


def test_no_op_of_the_battery_strays_from_its_arrays(
    implementations: list[ModuleType], battery_cases: list[Case]
) -> None:
    """Inputs and outputs end before a closed page, unpadded buffers too; the last case printed strays."""
    small = [case for case in battery_cases if size(case) <= MOST_BYTES]
    comparisons = [case for case in small if "literal 0x" in case.name]
    cases = [case for case in small if "literal 0x" not in case.name][::3] + comparisons[::19]
    ops = [(case, op) for case in cases for op in testing.seen(case.ops) if len(op["n_rows"]) == 1]
    cases += [cut(Case(case.name, case.build_inputs, [op])) for case, op in ops]
    assert len(cases) > 100
    assert testing.forked(testing.play_guarded, EXPERIMENT, implementations, cases) == 0
