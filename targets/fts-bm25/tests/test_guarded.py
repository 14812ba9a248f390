"""Nothing outside the given arrays is read or written: played where the next page is closed.

In a process of its own, so that a kernel that strays ends that process and not the tests; it is forked, so
that nothing is imported or drawn twice.
"""

from types import ModuleType

from fts_bm25.run_experiment import EXPERIMENT
from referee import testing
from referee.workload import Case

LARGE = ("differences", "gaps of 2", "gaps of 5", "timed: ", "large: ")


def test_no_op_of_the_battery_strays_from_its_arrays(
    implementations: list[ModuleType], battery_cases: list[Case]
) -> None:
    """Inputs and outputs end before a closed page; the last case printed strays."""
    cases = [case for case in battery_cases if not case.name.startswith(LARGE)][::2]
    assert len(cases) > 20
    assert testing.forked(testing.play_guarded, EXPERIMENT, implementations, cases) == 0
