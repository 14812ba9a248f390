"""The pq-l2 experiment: what the referee is told about this target.

Run as a module it judges kernels.py against the baseline and prints the trial block:

    uv run python -m pq_l2.run_experiment
"""

from pq_l2.battery import correctness_battery
from pq_l2.inputs import redraw, speed_workloads
from pq_l2.oracle import compare, expect
from referee.workload import Experiment

EXPERIMENT = Experiment(
    package="pq_l2",
    correctness_battery=correctness_battery,
    speed_workloads=speed_workloads,
    redraw=redraw,
    expect=expect,
    compare=compare,
)

if __name__ == "__main__":
    from referee.cli import main

    main(EXPERIMENT)
