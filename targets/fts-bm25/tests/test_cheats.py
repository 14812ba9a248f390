"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

Those of `STOPPED` go through all of a trial but the policy: each defence must stand alone. Those that a wrong
answer gives away are played in this process, on the cases of the battery that are there for them.
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pytest

import fts_bm25
from fts_bm25 import inputs
from fts_bm25.run_experiment import EXPERIMENT
from harness_common.tolerance import Mismatch
from referee import policy, testing
from referee.faults import Verdict
from referee.stage import Record
from referee.workload import Case

CHEATS = Path(__file__).parent / "cheats"
# What is expected is computed quickly enough, and nothing need be compiled for the cheats, which build on it.
HONEST = """
from fts_bm25 import oracle
from fts_bm25.prepare import ARGUMENTS


class FtsBm25Kernel:
    def __init__(self, doc_length, stored_avgdl):
        self.build = {"doc_length": doc_length, "stored_avgdl": stored_avgdl}

    def search(self, *arguments):
        return oracle.expect(self.build, dict(zip(ARGUMENTS, arguments, strict=True)))
"""

STOPPED = {"cached_by_pointer": "scores: first difference", "reads_beyond": "SIGSEGV"}
VERDICTS = {"reads_beyond": Verdict.CRASH}

# Kernel: how the cases begin that are there for it, and what is said.
BY_THE_BATTERY = {
    "zero_scores_dropped": ("idf of 0", "ids: "),
    "zero_dropped_when_many": ("large: ", "ids: "),
    "masked_at_the_end": ("mask: without the best", "ids: "),
    "mask_ignored_at_one_size": ("large: stop+2", "ids: "),
    "folded_backwards": ("six lists", "scores: "),
    "summed_in_float64": ("sixteen terms", "scores: "),
    "repeated_terms_once": ("unknown and repeated", "ids: "),
    "last_block_skipped_when_many": ("large: ", ""),
    "short_frequencies": ("lengths and frequencies", ""),
    "bounds_not_widened": ("maxima below scores", "ids: "),
    "bounds_of_the_stored_mean": ("mean length 2.0", "ids: "),
    "ties_by_arrival": ("ties of 1000", "ids: "),
    "reciprocal": ("sixteen lists", "scores: "),
}
BY_TIMED_OPS = {"known_by_rounded_idf": "scores: "}
SEEDS = (3, 4)


def few_cases(seed: int) -> list[Case]:
    """Return the first case, and some others that are small."""
    cases = EXPERIMENT.correctness_battery(seed)
    return [case for i, case in enumerate(cases) if i % 9 == 0 and not case.name.startswith("large")]


# Few cases and one workload: the gate is on trial here, not the kernel.
FEW = dataclasses.replace(
    EXPERIMENT,
    correctness_battery=few_cases,
    speed_workloads=lambda seed: [inputs.workload("12x-top1000", "clustered", seed)],
)


def loaded(name: str) -> ModuleType:
    """Return a cheat as a module."""
    kernels = ModuleType(name)
    exec((CHEATS / f"{name}.py").read_text(), kernels.__dict__)
    return kernels


def test_every_cheat_is_on_trial() -> None:
    """No kernel lies in the folder that no test runs."""
    on_trial = {*STOPPED, *BY_THE_BATTERY, *BY_TIMED_OPS, "honest_slow", "honest_fast"}
    assert {path.stem for path in CHEATS.glob("*.py")} == on_trial


@pytest.mark.parametrize("name", STOPPED)
def test_a_cheat_is_stopped_for_its_own_reason(name: str, judge: Callable[..., Record]) -> None:
    """Without the policy's help, by the defence that its class calls for."""
    record = judge((CHEATS / f"{name}.py").read_text())
    assert STOPPED[name] in record.reason + record.detail, record.reason
    assert record.verdict is VERDICTS.get(name, Verdict.FAIL)


@pytest.fixture(scope="module")
def batteries() -> list[Sequence[Case]]:
    """Return the battery of some seeds."""
    return [EXPERIMENT.correctness_battery(seed) for seed in SEEDS]


@pytest.mark.parametrize("name", BY_THE_BATTERY)
def test_a_wrong_answer_is_found_with_every_seed(name: str, batteries: list[Sequence[Case]]) -> None:
    """By one of the cases that are there for it."""
    start, reason = BY_THE_BATTERY[name]
    for battery in batteries:
        messages = []
        for case in battery:
            if case.name.startswith(start):
                try:
                    testing.check_case(EXPERIMENT, case, loaded(name))
                except Mismatch as mismatch:
                    messages.append(str(mismatch))
        assert messages
        assert all(message.startswith(reason) for message in messages), messages


@pytest.mark.parametrize("name", BY_TIMED_OPS)
def test_a_wrong_answer_is_found_in_timed_ops(name: str) -> None:
    """What no case of the battery has: the same question again, and almost the same numbers."""
    workload = inputs.workload("12x-top1000", "uniform", 3)
    case = Case("timed", workload.build_inputs, inputs.redraw(workload, 4))
    with pytest.raises(Mismatch, match=f"^{BY_TIMED_OPS[name]}"):
        testing.check_case(EXPERIMENT, case, loaded(name))


@pytest.mark.parametrize("name", ["honest_slow", "honest_fast"])
def test_an_honest_kernel_passes(name: str, judge: Callable[..., Record]) -> None:
    """Slow or fast, a right kernel is judged by its time."""
    testing.assert_judged_by_time(judge((CHEATS / f"{name}.py").read_text()))


def test_the_policy_stops_a_cache_by_address_before_it_runs() -> None:
    """The first line of defence names the rule."""
    text = (CHEATS / "cached_by_pointer.py").read_text()
    assert "private" in testing.rules_broken(text, "fts_bm25")


@pytest.mark.parametrize("name", ["kernels", "baseline", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(fts_bm25.__file__)).parent
    assert policy.findings((folder / f"{name}.py").read_text(), "fts_bm25") == []
