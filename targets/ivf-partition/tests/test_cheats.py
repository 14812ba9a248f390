"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

One for each defence goes through all of a trial but the policy, as each must stand alone; the others, which a
wrong answer gives away, are played in this process, on cases of the battery or on timed ops.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

import ivf_partition
from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from ivf_partition import inputs
from ivf_partition.run_experiment import EXPERIMENT
from referee import policy, testing
from referee.faults import Verdict
from referee.stage import Record
from referee.workload import Case

CHEATS = Path(__file__).parent / "cheats"
HONEST = "from ivf_partition.baseline import IvfKernel"

STOPPED = {
    "cached_by_pointer": "workload uniform/1024x128-l2-20: op ",
}

WRONG = {  # and found by the battery, which needs no trial for that
    "constant_zero": "distances of query 0: 20 of 20",
    "off_by_one": "ids of query ",
    "distinct_distances": "expected every partition once",
    "half_precision": "distances of query ",
    "norms_and_products": "distances of query ",
    "bytes_without_a_bound": "ids of query ",
    "nearest_group_only": "ids of query ",
}


# Cases from all parts of the battery and one workload: the gate is on trial here, not the kernel.
FEW = testing.reduced(
    EXPERIMENT, every=9, workload=lambda seed: inputs.workload(SplitMix64(seed), "1024x128-l2-20", "uniform")
)


def test_every_cheat_is_on_trial() -> None:
    """No kernel lies in the folder that no test runs."""
    on_trial = {*STOPPED, *WRONG, "first_half_first", "honest_slow", "honest_fast"}
    assert {path.stem for path in CHEATS.glob("*.py")} == on_trial


@pytest.mark.parametrize("name", WRONG)
def test_the_battery_finds_a_wrong_answer(name: str) -> None:
    """Played in this process, and it says what is wrong."""
    assert WRONG[name] in testing.wrong_in_battery(FEW, (CHEATS / f"{name}.py").read_text())


@pytest.mark.parametrize("name", STOPPED)
def test_a_cheat_is_stopped_for_its_own_reason(name: str, judge: Callable[..., Record]) -> None:
    """Without the policy's help, by the defence that its class calls for."""
    record = judge((CHEATS / f"{name}.py").read_text())
    assert STOPPED[name] in record.reason, record.reason
    assert record.verdict is Verdict.FAIL


def test_ranking_by_half_of_the_coordinates_is_stopped_by_a_late_bloomer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It keeps a quarter of all partitions, and only where there are many: ordinary queries let it pass."""
    monkeypatch.setitem(inputs.SHAPES, "9001x256-l2-1", inputs.Shape(9001, 256, "l2", 1, n_queries=2))
    kernels = testing.loaded(CHEATS / "first_half_first.py")
    for case in FEW.correctness_battery(7):
        testing.check_case(EXPERIMENT, case, kernels)
    large = inputs.workload(SplitMix64(7), "9001x256-l2-1", "offset")
    ops = inputs.redraw(large, 1)
    with pytest.raises(Mismatch):
        testing.check_case(EXPERIMENT, Case("timed", large.build_inputs, ops), kernels)


def test_honest_kernels_pass(tmp_path: Path, compiled: Path) -> None:
    """Slow and fast, played against each other: right kernels are judged by their times."""
    slow, fast = ((CHEATS / f"honest_{name}.py").read_text() for name in ("slow", "fast"))
    testing.assert_judged_by_time(testing.judge(FEW, slow, compiled, tmp_path, fast, n_blocks=1))


def test_the_policy_stops_a_cache_by_address_before_it_runs() -> None:
    """The first line of defence names the rule."""
    text = (CHEATS / "cached_by_pointer.py").read_text()
    assert "private" in testing.rules_broken(text, "ivf_partition")


@pytest.mark.parametrize("name", ["kernels", "baseline", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(ivf_partition.__file__)).parent
    assert policy.findings((folder / f"{name}.py").read_text(), "ivf_partition") == []
