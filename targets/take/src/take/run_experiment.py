"""The take experiment: what the referee is told about this target.

Run as a module it judges kernels.py against the baseline and prints the trial block:

    uv run python -m take.run_experiment
"""

from referee.workload import Experiment
from take.battery import correctness_battery
from take.inputs import redraw, speed_workloads
from take.oracle import compare, expect

EXPERIMENT = Experiment(
    package="take",
    correctness_battery=correctness_battery,
    speed_workloads=speed_workloads,
    redraw=redraw,
    expect=expect,
    compare=compare,
)

if __name__ == "__main__":
    from referee.cli import main

    main(EXPERIMENT)
