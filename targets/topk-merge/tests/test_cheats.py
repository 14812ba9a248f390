"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

Some go through all of a trial but the policy, as each defence must stand alone; the others, which a wrong
or unfit answer gives away, are played in this process, on cases of the battery or on timed ops.
"""

import dataclasses
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

import topk_merge
from harness_common.tolerance import Mismatch
from referee import player, policy, testing
from referee.faults import Verdict
from referee.stage import Record
from referee.workload import Case, Workload
from topk_merge import inputs
from topk_merge.run_experiment import EXPERIMENT

CHEATS = Path(__file__).parent / "cheats"
# The definition is quick enough, and nothing need be compiled for the cheats, which build on it.
HONEST = "from topk_merge.reference import merge as merge_sorted, merge as merge_unsorted"

STOPPED = {
    "cached_by_pointer": "op 1: ",
    "distances_as_signed": "workload interleaved/100x1000: ",  # right in the few cases of a trial here
}

WRONG = {  # and found by the battery, which needs no trial for that
    "known_by_first_row": "distances: ",
    "row_ids_as_float64": "row_ids: ",
    "row_ids_ignored": "row_ids: ",
    "zeros_alike": ": expected -0.0, got 0.0",
    "short_keys": "distances: ",
    "lists_of_equal_length": "row_ids: ",
    "bound_from_short_lists": "distances: expected float32[300], got float32[",
    "near_lists_only": "case timed: ",
    "duplicates_dropped": "distances: ",
}

WRONG_IN_TIMED_OPS = {  # which are their last chance: a right answer for few rows says nothing of many
    "distances_as_signed": "distances: ",
    "row_ids_as_signed": "row_ids: ",
}

UNFIT = {"view_of_input": "got a view of the input 'distances'"}

REFUSED_BY_POLICY = {  # the others say nothing that no honest kernel says
    "cached_by_pointer": "private",
    "known_by_first_row": "module state",
}


@cache
def some_cases() -> list[Case]:
    """Return cases from every part of the battery, drawn once."""
    return list(EXPERIMENT.correctness_battery(7))[::4]


def timed(seed: int) -> Workload:
    """Return the one workload that is timed."""
    return inputs.workload("100x1000", "interleaved")


SOME = dataclasses.replace(EXPERIMENT, correctness_battery=lambda seed: some_cases())
# The first case and one workload: the gate is on trial here, not the kernel.
FEW = dataclasses.replace(
    EXPERIMENT,
    correctness_battery=lambda seed: some_cases()[:1],
    speed_workloads=lambda seed: [timed(seed)],
)


def test_every_cheat_is_on_trial() -> None:
    """No kernel lies in the folder that no test runs."""
    on_trial = {*STOPPED, *WRONG, *WRONG_IN_TIMED_OPS, *UNFIT, "honest_slow", "honest_fast"}
    assert {path.stem for path in CHEATS.glob("*.py")} == on_trial
    assert len(on_trial) >= 12


@pytest.mark.parametrize("name", WRONG)
def test_the_battery_finds_a_wrong_answer(name: str) -> None:
    """Played in this process, and it says what is wrong."""
    assert WRONG[name] in testing.wrong_in_battery(SOME, (CHEATS / f"{name}.py").read_text())


@pytest.mark.parametrize("name", STOPPED)
def test_a_cheat_is_stopped_for_its_own_reason(name: str, judge: Callable[..., Record]) -> None:
    """Without the policy's help, by the defence that its class calls for."""
    record = judge((CHEATS / f"{name}.py").read_text())
    assert STOPPED[name] in record.reason + record.detail, record.reason
    assert record.verdict is Verdict.FAIL


@pytest.mark.parametrize("name", WRONG_IN_TIMED_OPS)
def test_a_timed_op_finds_what_is_wrong_only_for_many_rows(name: str) -> None:
    """The battery's help is not needed."""
    ops = inputs.redraw(timed(7), 1)[:8]
    with pytest.raises(Mismatch, match=WRONG_IN_TIMED_OPS[name]):
        testing.check_case(EXPERIMENT, Case("timed", {}, ops), testing.loaded(CHEATS / f"{name}.py"))


@pytest.mark.parametrize("name", UNFIT)
def test_an_answer_that_is_no_array_of_its_own_is_refused(name: str) -> None:
    """Before it is compared."""
    with pytest.raises(player.Unfit, match=UNFIT[name]):
        testing.wrong_in_battery(SOME, (CHEATS / f"{name}.py").read_text())


def test_honest_kernels_pass(tmp_path: Path, compiled: Path) -> None:
    """Slow and fast, played against each other: right kernels are judged by their times."""
    slow, fast = ((CHEATS / f"honest_{name}.py").read_text() for name in ("slow", "fast"))
    testing.assert_judged_by_time(testing.judge(FEW, slow, compiled, tmp_path, fast, n_blocks=1))


@pytest.mark.parametrize(("name", "rule"), REFUSED_BY_POLICY.items())
def test_the_policy_stops_what_it_can_before_it_runs(name: str, rule: str) -> None:
    """The first line of defence names the rule."""
    assert rule in testing.rules_broken((CHEATS / f"{name}.py").read_text(), "topk_merge")


@pytest.mark.parametrize("name", ["kernels", "baseline", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(topk_merge.__file__)).parent
    assert policy.findings((folder / f"{name}.py").read_text(), "topk_merge") == []
