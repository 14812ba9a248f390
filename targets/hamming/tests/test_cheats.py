"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

One for each defence goes through all of a trial but the policy, as each must stand alone; the others, which a
wrong answer gives away, are played in this process, on cases of the battery or on timed ops.
"""

import dataclasses
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

import hamming
from hamming import inputs
from hamming.run_experiment import EXPERIMENT
from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from referee import policy, testing
from referee.faults import Verdict
from referee.stage import Record
from referee.workload import Case, Workload

CHEATS = Path(__file__).parent / "cheats"
HONEST = "from hamming.baseline import HammingKernel"

STOPPED = {
    "cached_by_pointer": "op ",
    "right_for_first_calls": "workload ",
}

WRONG = {  # and found by the battery, which needs no trial for that
    "constant_zero": "distances: ",
    "byte_counter": "distances: first difference",
    "two_byte_counter": "case long rows of ",
    "whole_words_only": "case rows of 1 bytes",
    "same_row_for_every_tie": "ids: expected every row once",
    "off_by_one": "ids: ",
    "cached_by_fingerprint": "distances: ",
}

WRONG_IN_TIMED_OPS = {  # and the place of the workload that finds it
    "half_of_each_row": 1,
    "stops_when_near_enough": 0,
}

REFUSED_BY_POLICY = {  # the others say nothing that no honest kernel says
    "cached_by_pointer": "private",
    "right_for_first_calls": "module state",
}


@cache
def two_workloads() -> list[Workload]:
    """Return the same shape with structure and without: some shortcuts are right in one of them."""
    return [inputs.workload(SplitMix64(7), "top10-96B", name) for name in ("clustered", "uniform")]


@cache
def few_cases() -> list[Case]:
    """Return cases from every part of the battery but the timed sizes, all with long rows among them.

    What is wrong for many rows only, timed ops must stop alone.
    """
    cases = [case for case in EXPERIMENT.correctness_battery(7) if "timed size" not in case.name]
    return [case for i, case in enumerate(cases) if i % 9 == 0 or case.name.startswith("long rows")]


# Few cases and a workload, drawn once: the gate is on trial here, not the kernel.
FEW = dataclasses.replace(
    EXPERIMENT,
    correctness_battery=lambda seed: few_cases(),
    speed_workloads=lambda seed: two_workloads()[:1],
)


def test_every_cheat_is_on_trial() -> None:
    """No kernel lies in the folder that no test runs."""
    on_trial = {*STOPPED, *WRONG, *WRONG_IN_TIMED_OPS, "honest_slow", "honest_fast"}
    assert {path.stem for path in CHEATS.glob("*.py")} == on_trial


@pytest.mark.parametrize("name", WRONG)
def test_the_battery_finds_a_wrong_answer(name: str) -> None:
    """Played in this process, and it says what is wrong."""
    assert WRONG[name] in testing.wrong_in_battery(FEW, (CHEATS / f"{name}.py").read_text())


@pytest.mark.parametrize("name", WRONG_IN_TIMED_OPS)
def test_timed_ops_find_what_is_right_in_a_few_small_cases(name: str) -> None:
    """A few cases of the battery let it pass; a quarter of a round does not."""
    kernels = testing.loaded(CHEATS / f"{name}.py")
    for case in few_cases():
        testing.check_case(EXPERIMENT, case, kernels)
    drawn = two_workloads()[WRONG_IN_TIMED_OPS[name]]
    ops = inputs.redraw(drawn, 1)[:8]
    with pytest.raises(Mismatch):
        testing.check_case(EXPERIMENT, Case("timed", drawn.build_inputs, ops), kernels)


@pytest.mark.parametrize("name", STOPPED)
def test_a_cheat_is_stopped_for_its_own_reason(name: str, judge: Callable[..., Record]) -> None:
    """Without the policy's help, by a wrong output where it was to be expected."""
    record = judge((CHEATS / f"{name}.py").read_text())
    assert record.verdict is Verdict.FAIL, record.reason
    assert STOPPED[name] in record.reason


def test_honest_kernels_pass(tmp_path: Path, compiled: Path) -> None:
    """Slow and fast, played against each other: right kernels are judged by their times."""
    slow, fast = ((CHEATS / f"honest_{name}.py").read_text() for name in ("slow", "fast"))
    testing.assert_judged_by_time(testing.judge(FEW, slow, compiled, tmp_path, fast, n_blocks=1))


@pytest.mark.parametrize(("name", "rule"), REFUSED_BY_POLICY.items())
def test_the_policy_stops_what_it_can_before_it_runs(name: str, rule: str) -> None:
    """The first line of defence names the rule."""
    assert rule in testing.rules_broken((CHEATS / f"{name}.py").read_text(), "hamming")


@pytest.mark.parametrize("name", ["kernels", "baseline", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(hamming.__file__)).parent
    assert policy.findings((folder / f"{name}.py").read_text(), "hamming") == []
