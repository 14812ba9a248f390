"""Nothing outside the given arrays is read or written: played where the next page is closed.

In a process of its own, so that a kernel that strays ends that process and not the tests.
"""

import subprocess
import sys
from types import ModuleType

PROGRAM = """
import importlib
import sys
import numpy as np
from referee import testing
from referee.guarded import guarded_empty
from posting_intersect import battery
from posting_intersect.run_experiment import EXPERIMENT

parts = battery.warm_up_case, battery.length_cases, battery.arrangement_cases, battery.end_cases
cases = [case for part in parts for case in part(battery.SplitMix64(11))]
cases += [*battery.width_cases(battery.SplitMix64(11))][::5] + [*battery.query_cases(battery.SplitMix64(11))]
implementations = [importlib.import_module(name) for name in sys.argv[1:]]
for implementation in implementations:
    testing.check_case(EXPERIMENT, cases[0], implementation)  # compiles before memory is handed out otherwise
np.empty = guarded_empty
for implementation in implementations:
    for case in cases:
        print(implementation.__name__, case.name, flush=True)
        testing.check_case(EXPERIMENT, case, implementation)
"""


def test_no_op_of_the_battery_strays_from_its_arrays(implementations: list[ModuleType]) -> None:
    """Inputs, outputs and scratch memory end before a closed page; the last case printed strays."""
    command = [sys.executable, "-c", PROGRAM, *(module.__name__ for module in implementations)]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, (played.stdout[-200:], played.stderr[-2000:])
    assert played.stdout.count(implementations[-1].__name__) > 40
