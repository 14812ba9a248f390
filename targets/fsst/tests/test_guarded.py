"""Nothing outside the buffers is touched: inputs and outputs lie where memory ends.

In a process of its own, so that a kernel that strays ends that process and not the tests; it is forked, so
that nothing is imported or drawn twice.
"""

import re
from types import ModuleType

from fsst.run_experiment import EXPERIMENT
from referee import testing
from referee.workload import Case


def test_the_battery_stays_within_its_memory(
    implementations: list[ModuleType], battery_cases: list[Case]
) -> None:
    """A case of every kind, corrupt ones included; the last case printed strays."""
    cases = list({re.sub(r"\d+", "n", case.name): case for case in battery_cases}.values())
    assert len(cases) > 40
    assert testing.forked(testing.play_guarded, EXPERIMENT, implementations, cases) == 0
