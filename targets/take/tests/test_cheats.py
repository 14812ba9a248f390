"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

Those of `STOPPED` go through all of a trial but the policy: each defence must stand alone. Those that a wrong
answer gives away are played in this process, on the cases of the battery that are there for them.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import take
from harness_common.tolerance import Mismatch
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
    "cached_by_pointer": "rows: first difference",
    "reads_beyond": "SIGSEGV",
}
VERDICTS = {"reads_beyond": Verdict.CRASH}

# Kernel: the cases that are there for it, and what is said.
ERROR = "error: expected one that names"
BY_THE_BATTERY = {
    "unchecked": ("corrupt: index 50 ", f"{ERROR} row"),
    "null_followed": ("every method", "values: first difference"),
    "unchecked_when_many": ("strings-8..16, ", f"{ERROR} row"),
    "string_end_unchecked_when_many": ("strings-8..16, ", f"{ERROR} row"),
    "sum_of_32_bits": ("corrupt: 2**31 bytes in all", f"{ERROR} row 2047"),
    "uint64_cut_when_many": ("corrupt: many values of every type", f"{ERROR} row"),
    "one_bitmap_dropped_when_many": ("many values of every type", "validity: expected uint8["),
    "deleted_unchecked_when_many": ("offsets, many", f"{ERROR} fragment"),
    "deleted_tested_in_the_middle": ("offsets, half", f"{ERROR} fragment"),
    "deleted_as_int32": ("many rows deleted around 2**31", "error: expected none"),
    "deleted_from_0_to_the_end": ("deleted: none", "error: expected none"),
    "quiets_nan": ("NaN, -0.0", "rows: first difference"),
    "error_without_a_text": ("vectors of 1", "error: expected none"),
    "addresses_as_float64": ("remap-1000, ", "positions: "),
    "addresses_in_33_bits": ("remap-1000, ", "positions: "),
    "returned_in_order": ("equal addresses", "positions: "),
    "no_tombstone": ("deleted: all", "addresses: first difference"),
}


@functools.cache  # every cheat is judged on the same seed
def few_cases(seed: int) -> list[Case]:
    """Return the first case, and some of every part, corrupt ones among them."""
    cases = EXPERIMENT.correctness_battery(seed)
    return [
        case
        for i, case in enumerate(cases)
        if case.name.startswith("corrupt: index 50 ")
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
    assert {path.stem for path in CHEATS.glob("*.py")} == {
        *STOPPED,
        *BY_THE_BATTERY,
        "honest_slow",
        "honest_fast",
    }


@pytest.mark.parametrize("name", STOPPED)
def test_a_cheat_is_stopped_for_its_own_reason(name: str, judge: Callable[..., Record]) -> None:
    """Without the policy's help, by the defence that its class calls for."""
    record = judge((CHEATS / f"{name}.py").read_text())
    assert STOPPED[name] in record.reason + record.detail, record.reason
    assert record.verdict is VERDICTS.get(name, Verdict.FAIL)


def joined(cases: Sequence[Case]) -> Case:
    """Return the ops of all cases as one: none of this target has build inputs."""
    return Case(cases[0].name, {}, [op for case in cases for op in case.ops])


@pytest.fixture(scope="module")
def batteries(battery_cases: list[Case]) -> list[Sequence[Case]]:
    """Return the battery of two seeds."""
    return [battery_cases, EXPERIMENT.correctness_battery(3)]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty folder: for the definition there is no machine code."""
    return tmp_path_factory.mktemp("compiled")


@pytest.mark.parametrize("name", BY_THE_BATTERY)
def test_a_wrong_answer_is_found_with_every_seed(name: str, batteries: list[Sequence[Case]]) -> None:
    """By one of the cases that are there for it."""
    kernels = testing.loaded(CHEATS / f"{name}.py")
    start, reason = BY_THE_BATTERY[name]
    for battery in batteries:
        cases = [case for case in battery if case.name.startswith(start)]
        with pytest.raises(Mismatch) as caught:
            testing.check_case(EXPERIMENT, joined(cases), kernels)
        assert str(caught.value).startswith(reason)


def test_honest_kernels_pass(tmp_path: Path, compiled: Path) -> None:
    """Slow and fast, played against each other: right kernels are judged by their times."""
    slow, fast = ((CHEATS / f"honest_{name}.py").read_text() for name in ("slow", "fast"))
    testing.assert_judged_by_time(testing.judge(FEW, slow, compiled, tmp_path, fast, n_blocks=1))


def test_the_policy_stops_a_cache_by_address_before_it_runs() -> None:
    """The first line of defence names the rule."""
    text = (CHEATS / "cached_by_pointer.py").read_text()
    assert "private" in testing.rules_broken(text, "take")


@pytest.mark.parametrize("name", ["kernels", "baseline", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(take.__file__)).parent
    assert policy.findings((folder / f"{name}.py").read_text(), "take") == []
