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
from fts_bm25.battery import small_battery
from fts_bm25.run_experiment import EXPERIMENT

LARGE = ("differences", "gaps of 2", "gaps of 5")
cases = [case for case in small_battery(11)[::2] if not case.name.startswith(LARGE)]
implementations = [importlib.import_module(name) for name in sys.argv[1:]]
for implementation in implementations:
    testing.check_case(EXPERIMENT, cases[0], implementation)
np.empty = guarded_empty
for implementation in implementations:
    for case in cases:
        print(implementation.__name__, case.name, flush=True)
        testing.check_case(EXPERIMENT, case, implementation)
"""


def test_no_op_of_the_battery_strays_from_its_arrays(implementations: list[ModuleType]) -> None:
    """Inputs and outputs end before a closed page; the last case printed strays."""
    command = [sys.executable, "-c", PROGRAM, *(module.__name__ for module in implementations)]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, (played.stdout[-200:], played.stderr[-2000:])
    assert played.stdout.count(implementations[-1].__name__) > 20
