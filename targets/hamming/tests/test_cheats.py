"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

The kernels of `cheats/` go through all of a trial but the policy, as each defence must stand alone; those of
`WRONG`, which a wrong answer gives away, only through the battery.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

import hamming
from hamming import inputs
from hamming.run_experiment import EXPERIMENT
from harness_common.prng import SplitMix64
from referee import policy, testing
from referee.faults import Verdict
from referee.stage import Record
from referee.workload import Case, Workload

CHEATS = Path(__file__).parent / "cheats"
HONEST = "from hamming.baseline import HammingKernel"

STOPPED = {
    "half_of_each_row": "workload ",
    "stops_when_near_enough": "workload clustered/top10-96B",
    "cached_by_pointer": "op ",
    "cached_by_fingerprint": "op ",
    "right_for_first_calls": "workload ",
}

WRONG = {  # and found by the battery, which needs no trial for that
    "constant_zero": "distances: ",
    "byte_counter": "distances: first difference",
    "two_byte_counter": "case long rows of ",
    "whole_words_only": "case rows of 1 bytes",
    "same_row_for_every_tie": "ids: expected every row once",
    "off_by_one": "ids: ",
}

REFUSED_BY_POLICY = {  # the others say nothing that no honest kernel says
    "cached_by_pointer": "private",
    "right_for_first_calls": "module state",
}


def two_workloads(seed: int) -> list[Workload]:
    """Return the same shape with structure and without: some shortcuts are right in one of them."""
    return [inputs.workload(SplitMix64(seed), "top10-96B", name) for name in ("clustered", "uniform")]


def few_cases(seed: int) -> list[Case]:
    """Return cases from every part of the battery but the timed sizes, all with long rows among them.

    What is wrong for many rows only, the workloads must stop alone.
    """
    cases = [case for case in EXPERIMENT.correctness_battery(seed) if "timed size" not in case.name]
    return [case for i, case in enumerate(cases) if i % 9 == 0 or case.name.startswith("long rows")]


# Few cases and two workloads: the gate is on trial here, not the kernel.
FEW = dataclasses.replace(
    EXPERIMENT,
    correctness_battery=few_cases,
    speed_workloads=two_workloads,
)


def test_every_cheat_is_on_trial() -> None:
    """No kernel lies in the folder that no test runs."""
    on_trial = {*STOPPED, *WRONG, "honest_slow", "honest_fast"}
    assert {path.stem for path in CHEATS.glob("*.py")} == on_trial


@pytest.mark.parametrize("name", WRONG)
def test_the_battery_finds_a_wrong_answer(name: str) -> None:
    """Played in this process, and it says what is wrong."""
    assert WRONG[name] in testing.wrong_in_battery(FEW, (CHEATS / f"{name}.py").read_text())


@pytest.mark.parametrize("name", STOPPED)
def test_a_cheat_is_stopped_for_its_own_reason(name: str, judge: Callable[..., Record]) -> None:
    """Without the policy's help, by a wrong output where it was to be expected."""
    record = judge((CHEATS / f"{name}.py").read_text())
    assert record.verdict is Verdict.FAIL, record.reason
    assert STOPPED[name] in record.reason


def test_honest_kernels_pass(tmp_path: Path, compiled: Path) -> None:
    """Slow and fast, played against each other: right kernels are judged by their times."""
    slow, fast = ((CHEATS / f"honest_{name}.py").read_text() for name in ("slow", "fast"))
    testing.assert_judged_by_time(testing.judge(FEW, slow, compiled, tmp_path, fast, n_blocks=2))


@pytest.mark.parametrize(("name", "rule"), REFUSED_BY_POLICY.items())
def test_the_policy_stops_what_it_can_before_it_runs(name: str, rule: str) -> None:
    """The first line of defence names the rule."""
    assert rule in testing.rules_broken((CHEATS / f"{name}.py").read_text(), "hamming")


@pytest.mark.parametrize("name", ["kernels", "baseline", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(hamming.__file__)).parent
    assert policy.findings((folder / f"{name}.py").read_text(), "hamming") == []
