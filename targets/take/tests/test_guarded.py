"""Nothing outside the given arrays is read or written: played where the next page is closed.

In a process of its own, so that a kernel that strays ends that process and not the tests.
"""

import subprocess
import sys

PROGRAM = """
import numpy as np
from referee import testing
from referee.guarded import guarded_empty
from take import baseline, kernels, reference
from take.battery import correctness_battery
from take.run_experiment import EXPERIMENT

class Definition:
    __name__ = "definition"
    class TakeKernel:
        def __getattr__(self, name):
            return getattr(reference, name)

cases = [case for case in correctness_battery(11) if "large" not in case.name]
np.empty = guarded_empty
for implementation, every in ((Definition, 6), (baseline, 3), (kernels, 1)):
    for case in cases[::every]:
        print(implementation.__name__, case.name, flush=True)
        testing.check_case(EXPERIMENT, case, implementation)
"""


def test_no_op_of_the_battery_strays_from_its_arrays() -> None:
    """Inputs and outputs end before a closed page, good and corrupt; the last case printed strays."""
    played = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert played.returncode == 0, (played.stdout[-200:], played.stderr[-2000:])
    assert played.stdout.count("take.kernels") > 100
