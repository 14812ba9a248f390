"""Nothing outside the given arrays is read or written: played where the next page is closed.

In a process of its own, so that a kernel that strays ends that process and not the tests; it is forked, so
that nothing is imported or drawn twice.
"""

from types import ModuleType

import numpy as np

from referee import testing
from referee.guarded import guarded_empty
from referee.workload import Case
from take import reference
from take.run_experiment import EXPERIMENT


def play(implementations: list[ModuleType], cases: list[Case]) -> None:
    """Play the cases with outputs from memory that ends where they end, as inputs do."""
    np.empty = guarded_empty
    definition = ModuleType("definition")
    definition.TakeKernel = lambda: reference  # type: ignore[attr-defined]
    for implementation, some in ((definition, cases[::6]), *((one, cases) for one in implementations)):
        for case in some:
            print(implementation.__name__, case.name, flush=True)
            testing.check_case(EXPERIMENT, case, implementation)


def test_no_op_of_the_battery_strays_from_its_arrays(
    implementations: list[ModuleType], battery_cases: list[Case]
) -> None:
    """Inputs and outputs end before a closed page, good and corrupt; the last case printed strays."""
    cases = [case for case in battery_cases if "large" not in case.name]
    assert len(cases) > 100
    assert testing.forked(play, implementations, cases) == 0
