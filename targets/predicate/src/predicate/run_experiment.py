"""The predicate experiment: what the referee is told about this target.

Run as a module it judges kernels.py against the baseline and prints the trial block:

    uv run python -m predicate.run_experiment
"""

from predicate.battery import correctness_battery
from predicate.inputs import redraw, speed_workloads
from predicate.oracle import compare, expect
from referee.workload import Experiment

EXPERIMENT = Experiment(
    package="predicate",
    correctness_battery=correctness_battery,
    speed_workloads=speed_workloads,
    redraw=redraw,
    expect=expect,
    compare=compare,
)

if __name__ == "__main__":
    from referee.cli import main

    main(EXPERIMENT)
