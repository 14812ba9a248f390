"""The fts-bm25 experiment: what the referee is told about this target.

Run as a module it judges kernels.py against the baseline and prints the trial block:

    uv run python -m fts_bm25.run_experiment
"""

from fts_bm25.battery import correctness_battery
from fts_bm25.inputs import redraw, speed_workloads
from fts_bm25.oracle import compare, expect
from referee.workload import Experiment

EXPERIMENT = Experiment(
    package="fts_bm25",
    correctness_battery=correctness_battery,
    speed_workloads=speed_workloads,
    redraw=redraw,
    expect=expect,
    compare=compare,
)

if __name__ == "__main__":
    from referee.cli import main

    main(EXPERIMENT)
