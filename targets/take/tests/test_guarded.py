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
from take import reference
from take.battery import correctness_battery
from take.run_experiment import EXPERIMENT

class Definition:
    __name__ = "definition"
    class TakeKernel:
        def __getattr__(self, name):
            return getattr(reference, name)

cases = [case for case in correctness_battery(11) if "large" not in case.name]
np.empty = guarded_empty
every = [(Definition, cases[::6]), *((importlib.import_module(name), cases) for name in sys.argv[1:])]
for implementation, some in every:
    for case in some:
        print(implementation.__name__, case.name, flush=True)
        testing.check_case(EXPERIMENT, case, implementation)
"""


def test_no_op_of_the_battery_strays_from_its_arrays(implementations: list[ModuleType]) -> None:
    """Inputs and outputs end before a closed page, good and corrupt; the last case printed strays."""
    command = [sys.executable, "-c", PROGRAM, *(module.__name__ for module in implementations)]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, (played.stdout[-200:], played.stderr[-2000:])
    assert played.stdout.count(implementations[-1].__name__) > 100
