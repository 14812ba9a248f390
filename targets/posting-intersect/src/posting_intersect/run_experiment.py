"""The posting-intersect experiment: what the referee is told about this target.

Run as a module it judges kernels.py against the baseline and prints the trial block:

    uv run python -m posting_intersect.run_experiment
"""

from posting_intersect.battery import correctness_battery
from posting_intersect.inputs import redraw, speed_workloads
from posting_intersect.oracle import compare, expect
from referee.workload import Experiment

EXPERIMENT = Experiment(
    package="posting_intersect",
    correctness_battery=correctness_battery,
    speed_workloads=speed_workloads,
    redraw=redraw,
    expect=expect,
    compare=compare,
)

if __name__ == "__main__":
    from referee.cli import main

    main(EXPERIMENT)
