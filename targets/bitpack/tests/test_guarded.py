"""Baseline and kernels agree with the reference on the whole battery, where the next page is closed.

In a process of its own, so that a kernel that strays ends that process and not the tests; it is forked, so
that nothing is imported or drawn twice. Inputs and what `np.empty` returns end before a page that cannot be
touched.
"""

from types import ModuleType

from bitpack.run_experiment import EXPERIMENT
from referee import testing
from referee.workload import Case


def test_every_op_of_the_battery_is_right_and_stays_in_its_arrays(
    implementations: list[ModuleType], battery_cases: list[Case]
) -> None:
    """Good and corrupt; where it fails, the last case printed is the one."""
    assert len(battery_cases) > 200
    assert testing.forked(testing.play_guarded, EXPERIMENT, implementations, battery_cases) == 0
