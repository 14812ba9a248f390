"""Nothing outside the buffers is touched: inputs and outputs lie where memory ends.

In a process of its own, so that a kernel that strays ends that process and not the tests; it is forked, so
that nothing is imported or drawn twice.
"""

import re
from types import ModuleType

import numpy as np

from fsst.run_experiment import EXPERIMENT
from referee import testing
from referee.guarded import guarded_empty
from referee.workload import Case


def play(implementations: list[ModuleType], cases: list[Case]) -> None:
    """Play the cases with outputs from memory that ends where they end, as inputs do."""
    for implementation in implementations:
        testing.check_case(EXPERIMENT, cases[0], implementation)  # compiles, with the true np.empty
    np.empty = guarded_empty
    for implementation in implementations:
        for case in cases:
            print(implementation.__name__, case.name, flush=True)
            testing.check_case(EXPERIMENT, case, implementation)


def test_the_battery_stays_within_its_memory(
    implementations: list[ModuleType], battery_cases: list[Case]
) -> None:
    """A case of every kind, corrupt ones included; the last case printed strays."""
    cases = list({re.sub(r"\d+", "n", case.name): case for case in battery_cases}.values())
    assert len(cases) > 40
    assert testing.forked(play, implementations, cases) == 0
