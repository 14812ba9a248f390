"""Nothing outside the buffers is touched: inputs and outputs lie where memory ends, in another process."""

import importlib
import re
import subprocess
import sys
from types import ModuleType

import numpy as np

from fsst.battery import correctness_battery
from fsst.run_experiment import EXPERIMENT
from referee import testing
from referee.guarded import guarded_empty


def test_the_battery_stays_within_its_memory(implementations: list[ModuleType]) -> None:
    """Of all, corrupt cases included; a touch beyond would end the process with a signal."""
    names = [module.__name__ for module in implementations]
    done = subprocess.run([sys.executable, __file__, *names], capture_output=True, text=True, check=False)
    within = "".join(f"{name}: within\n" for name in names)
    assert (done.returncode, done.stdout) == (0, within), done.stderr


def main() -> None:
    """Play a case of every kind with outputs from memory that ends where they end, as inputs do."""
    kinds = {re.sub(r"\d+", "n", case.name): case for case in correctness_battery(7)}
    cases = list(kinds.values())
    true_empty = np.empty
    for name in sys.argv[1:]:
        implementation = importlib.import_module(name)
        testing.check_case(EXPERIMENT, cases[0], implementation)  # compiles, with the true np.empty
        np.empty = guarded_empty
        for case in cases:
            testing.check_case(EXPERIMENT, case, implementation)
        np.empty = true_empty
        print(f"{name}: within", flush=True)


if __name__ == "__main__":
    main()
