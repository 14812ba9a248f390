"""Nothing outside the buffers is touched: inputs and outputs lie where memory ends, in another process."""

import subprocess
import sys

import numpy as np
import pytest

from fsst import baseline, kernels
from fsst.battery import correctness_battery
from fsst.run_experiment import EXPERIMENT
from referee import testing
from referee.guarded import guarded_empty

MODULES = {"baseline": baseline, "kernels": kernels}


@pytest.mark.parametrize("name", MODULES)
def test_the_whole_battery_stays_within_its_memory(name: str) -> None:
    """Corrupt cases included; a touch beyond would end the process with a signal."""
    done = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "within\n"), done.stderr


def main(name: str) -> None:
    """Play the battery with outputs from memory that ends where they end; a player places the inputs so."""
    cases = correctness_battery(7)
    testing.check_case(EXPERIMENT, cases[0], MODULES[name])  # compiles, with the true np.empty
    np.empty = guarded_empty
    for case in cases:
        testing.check_case(EXPERIMENT, case, MODULES[name])
    print("within")


if __name__ == "__main__":
    main(sys.argv[1])
