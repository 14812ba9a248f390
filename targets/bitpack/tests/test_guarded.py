"""Baseline and kernels agree with the reference on the whole battery, where the next page is closed.

In a process of its own, so that a kernel that strays ends that process and not the tests. Inputs and what
`np.empty` returns end before a page that cannot be touched.
"""

import subprocess
import sys
from types import ModuleType

PROGRAM = """
import importlib
import sys
import numpy as np
from bitpack.battery import correctness_battery
from bitpack.run_experiment import EXPERIMENT
from referee import testing
from referee.guarded import guarded_empty

cases = correctness_battery(int(sys.argv[1]))
np.empty = guarded_empty
for name in sys.argv[2:]:
    implementation = importlib.import_module(name)
    for case in cases:
        print(name, case.name, flush=True)
        testing.check_case(EXPERIMENT, case, implementation)
"""


def test_every_op_of_the_battery_is_right_and_stays_in_its_arrays(implementations: list[ModuleType]) -> None:
    """Good and corrupt; where it fails, the last case printed is the one."""
    names = [module.__name__ for module in implementations]
    command = [sys.executable, "-c", PROGRAM, "11", *names]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, (played.stdout[-200:], played.stderr[-2000:])
    for name in names:
        assert played.stdout.count(f"{name} ") > 200
