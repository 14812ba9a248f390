"""Baseline and kernels agree with the reference on the whole battery, where the next page is closed.

In a process of its own, so that a kernel that strays ends that process and not the tests. Inputs and what
`np.empty` returns end before a page that cannot be touched.
"""

import subprocess
import sys

PROGRAM = """
import sys
import numpy as np
from bitpack import baseline, kernels
from bitpack.battery import correctness_battery
from bitpack.run_experiment import EXPERIMENT
from referee import testing
from referee.guarded import guarded_empty

cases = correctness_battery(int(sys.argv[1]))
np.empty = guarded_empty
for implementation in (baseline, kernels):
    for case in cases:
        print(implementation.__name__, case.name, flush=True)
        testing.check_case(EXPERIMENT, case, implementation)
"""


def test_every_op_of_the_battery_is_right_and_stays_in_its_arrays() -> None:
    """Good and corrupt; where it fails, the last case printed is the one."""
    command = [sys.executable, "-c", PROGRAM, "11"]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, (played.stdout[-200:], played.stderr[-2000:])
    for name in ("bitpack.baseline ", "bitpack.kernels "):
        assert played.stdout.count(name) > 200
