"""Nothing outside the given arrays is read or written: played where the next page is closed.

In a process of its own, so that a kernel that strays ends that process and not the tests; it is forked, so
that nothing is imported or drawn twice.
"""

from types import ModuleType

from posting_intersect.run_experiment import EXPERIMENT
from referee import testing
from referee.workload import Case

ELSEWHERE = ("large", "timed", "random", "300 lists", "65600 lists", "width")


def test_no_op_of_the_battery_strays_from_its_arrays(
    implementations: list[ModuleType], battery_cases: list[Case]
) -> None:
    """Inputs, outputs and scratch memory end before a closed page; the last case printed strays."""
    cases = [case for case in battery_cases if not case.name.startswith(ELSEWHERE)]
    cases += [case for case in battery_cases if case.name.startswith("width")][::5]
    assert len(cases) > 40
    assert testing.forked(testing.play_guarded, EXPERIMENT, implementations, cases) == 0
