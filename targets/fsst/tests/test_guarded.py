"""Nothing outside the buffers is touched: inputs and outputs lie where memory ends, in another process."""

import re
import subprocess
import sys

import numpy as np

from fsst import baseline, kernels
from fsst.battery import correctness_battery
from fsst.run_experiment import EXPERIMENT
from referee import testing
from referee.guarded import guarded_empty

MODULES = {"baseline": baseline, "kernels": kernels}


def test_the_battery_stays_within_its_memory() -> None:
    """Of both, corrupt cases included; a touch beyond would end the process with a signal."""
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "baseline: within\nkernels: within\n"), done.stderr


def main() -> None:
    """Play a case of every kind with outputs from memory that ends where they end, as inputs do."""
    kinds = {re.sub(r"\d+", "n", case.name): case for case in correctness_battery(7)}
    cases = list(kinds.values())
    true_empty = np.empty
    for name, implementation in MODULES.items():
        testing.check_case(EXPERIMENT, cases[0], implementation)  # compiles, with the true np.empty
        np.empty = guarded_empty
        for case in cases:
            testing.check_case(EXPERIMENT, case, implementation)
        np.empty = true_empty
        print(f"{name}: within", flush=True)


if __name__ == "__main__":
    main()
