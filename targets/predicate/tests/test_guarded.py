"""Nothing outside the given arrays is read or written: played where the next page is closed.

In a process of its own, so that a kernel that strays ends that process and not the tests.
"""

import subprocess
import sys
from types import ModuleType

PROGRAM = """
import importlib
import sys
from itertools import islice
import numpy as np
from harness_common.prng import SplitMix64
from predicate import battery
from predicate.run_experiment import EXPERIMENT
from referee import testing
from referee.guarded import guarded_empty
from referee.workload import Case

def cut(case):
    # The buffer without what is behind the last row of its last column: ends at any byte.
    (op,) = case.ops
    columns, n = op["columns"], int(op["n_rows"][-1])
    sizes = [(4, 8, 4, 8, 1)[dtype] for dtype in case.build_inputs["dtypes"].tolist()]
    ends = [start + n * size for (start, _, _), size in zip(columns[-1].tolist(), sizes)]
    ends += [first + (bit + n + 7) // 8 for _, first, bit in columns[-1].tolist() if first >= 0]
    return Case(case.name, case.build_inputs, [{**op, "buffer": op["buffer"][:max(ends)]}])

streams = SplitMix64(11)
parts = (battery.extent_cases, battery.kleene_cases, battery.list_cases, battery.random_cases)
cases = [case for i, part in enumerate(parts) for case in list(part(streams.fork(i)))[::3]]
cases += list(islice(battery.share_cases(streams.fork(9)), 32))[::2]  # of 200 rows
cases += list(battery.comparison_cases(streams.fork(10)))[::20]
alone = [(case, op) for case in cases for op in case.ops if len(op["n_rows"]) == 1]
small = [Case(case.name, case.build_inputs, [op]) for case, op in alone]
implementations = [importlib.import_module(name) for name in sys.argv[1:]]
for implementation in implementations:
    testing.check_case(EXPERIMENT, cases[0], implementation)  # compiles before memory is handed out otherwise
np.empty = guarded_empty
for implementation in implementations:
    for case in [*cases, *(cut(case) for case in small)]:
        print(implementation.__name__, case.name, flush=True)
        testing.check_case(EXPERIMENT, case, implementation)
"""


def test_no_op_of_the_battery_strays_from_its_arrays(implementations: list[ModuleType]) -> None:
    """Inputs and outputs end before a closed page, unpadded buffers too; the last case printed strays."""
    command = [sys.executable, "-c", PROGRAM, *(module.__name__ for module in implementations)]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, (played.stdout[-200:], played.stderr[-2000:])
    assert played.stdout.count(implementations[-1].__name__) > 100
