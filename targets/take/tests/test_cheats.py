"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

Every kernel of `cheats/` goes through all of a trial but the policy: each defence must stand alone.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

import take
from referee import policy, testing
from referee.faults import Verdict
from referee.stage import Record
from referee.workload import Case
from take import inputs
from take.run_experiment import EXPERIMENT

CHEATS = Path(__file__).parent / "cheats"
# The definition is quick enough, and nothing need be compiled for the cheats, which build on it.
HONEST = """
from take import reference


class TakeKernel:
    def __getattr__(self, name):
        return getattr(reference, name)
"""

STOPPED = {
    "null_followed": "values: first difference",
    "unchecked": "error: expected one that names row",
    "unchecked_when_many": "case strings-8..16, ",
    "deleted_unchecked_when_many": "case offsets, ",
    "quiets_nan": "rows: first difference",
    "addresses_as_float64": "positions: ",
    "returned_in_order": "positions: ",
    "no_tombstone": "addresses: first difference",
    "cached_by_pointer": "rows: first difference",
    "reads_beyond": "SIGSEGV",
}
VERDICTS = {"reads_beyond": Verdict.CRASH}

LARGE = ("strings-8..16, ", "offsets, ")  # cases of as many rows as are timed


def few_cases(seed: int) -> list[Case]:
    """Return the first case, some of every part, corrupt ones among them, and two of the timed sizes."""
    cases = EXPERIMENT.correctness_battery(seed)
    return [
        case
        for i, case in enumerate(cases)
        if case.name.startswith((*LARGE, "corrupt: index 50 "))
        or (i % 12 == 0 and case.name.split(",")[0] not in inputs.SHAPES)
    ]


# Few cases and one workload: the gate is on trial here, not the kernel.
FEW = dataclasses.replace(
    EXPERIMENT,
    correctness_battery=few_cases,
    speed_workloads=lambda seed: [inputs.workload("rows-128", "uniform")],
)


def test_every_cheat_is_on_trial() -> None:
    """No kernel lies in the folder that no test runs."""
    assert {path.stem for path in CHEATS.glob("*.py")} == {*STOPPED, "honest_slow", "honest_fast"}


@pytest.mark.parametrize("name", STOPPED)
def test_a_cheat_is_stopped_for_its_own_reason(name: str, judge: Callable[..., Record]) -> None:
    """Without the policy's help, by the defence that its class calls for."""
    record = judge((CHEATS / f"{name}.py").read_text())
    assert STOPPED[name] in record.reason + record.detail, record.reason
    assert record.verdict is VERDICTS.get(name, Verdict.FAIL)


@pytest.mark.parametrize("name", ["honest_slow", "honest_fast"])
def test_an_honest_kernel_passes(name: str, judge: Callable[..., Record]) -> None:
    """Slow or fast, a right kernel is judged by its time."""
    testing.assert_judged_by_time(judge((CHEATS / f"{name}.py").read_text()))


def test_the_policy_stops_a_cache_by_address_before_it_runs() -> None:
    """The first line of defence names the rule."""
    text = (CHEATS / "cached_by_pointer.py").read_text()
    assert "private" in testing.rules_broken(text, "take")


@pytest.mark.parametrize("name", ["kernels", "baseline", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(take.__file__)).parent
    assert policy.findings((folder / f"{name}.py").read_text(), "take") == []
