"""The topk-merge experiment: what the referee is told about this target.

Run as a module it judges kernels.py against the baseline and prints the trial block:

    uv run python -m topk_merge.run_experiment
"""

from referee.workload import Experiment
from topk_merge.battery import correctness_battery
from topk_merge.inputs import redraw, speed_workloads
from topk_merge.oracle import compare, expect

EXPERIMENT = Experiment(
    package="topk_merge",
    correctness_battery=correctness_battery,
    speed_workloads=speed_workloads,
    redraw=redraw,
    expect=expect,
    compare=compare,
)

if __name__ == "__main__":
    from referee.cli import main

    main(EXPERIMENT)
