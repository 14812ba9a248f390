"""Nothing outside the given arrays is read or written: played where the next page is closed.

In a process of its own, so that a kernel that strays ends that process and not the tests; it is forked, so
that nothing is imported or drawn twice.
"""

from types import ModuleType

import numpy as np

from posting_intersect.run_experiment import EXPERIMENT
from referee import testing
from referee.guarded import guarded_empty
from referee.workload import Case

ELSEWHERE = ("large", "timed", "random", "300 lists", "65600 lists", "width")


def play(implementations: list[ModuleType], cases: list[Case]) -> None:
    """Play the cases with outputs from memory that ends where they end, as inputs do."""
    for implementation in implementations:
        testing.check_case(EXPERIMENT, cases[0], implementation)  # compiles, with the true np.empty
    np.empty = guarded_empty
    for implementation in implementations:
        for case in cases:
            print(implementation.__name__, case.name, flush=True)
            testing.check_case(EXPERIMENT, case, implementation)


def test_no_op_of_the_battery_strays_from_its_arrays(
    implementations: list[ModuleType], battery_cases: list[Case]
) -> None:
    """Inputs, outputs and scratch memory end before a closed page; the last case printed strays."""
    cases = [case for case in battery_cases if not case.name.startswith(ELSEWHERE)]
    cases += [case for case in battery_cases if case.name.startswith("width")][::5]
    assert len(cases) > 40
    assert testing.forked(play, implementations, cases) == 0
