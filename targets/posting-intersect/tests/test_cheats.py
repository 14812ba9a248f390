"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

Those of `STOPPED` go through all of a trial but the policy: each defence must stand alone. Those that a
wrong answer gives away are played in this process, on cases of the battery and on timed ops.
"""

import dataclasses
from collections.abc import Callable, Sequence
from functools import cache
from itertools import islice
from pathlib import Path

import pytest

import posting_intersect
from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from posting_intersect import battery, inputs
from posting_intersect.run_experiment import EXPERIMENT
from referee import player, policy, testing
from referee.faults import Verdict
from referee.stage import Record
from referee.workload import Case

CHEATS = Path(__file__).parent / "cheats"
# Quick enough, and nothing need be compiled for the cheats, which build on it.
HONEST = "from posting_intersect.bulk import intersect, intersect_blocks"

STOPPED = {
    "reads_beyond": (Verdict.CRASH, "SIGSEGV"),
}

# Kernel: the cases that are there for it.
BY_THE_BATTERY = {
    "signed": "ends of the type",
    "ids_of_24_bits": "ends of the type",
    "next_document_overflows": "ends of the type",
    "rest_dropped": "shared: first of the rest",
    "missing_ignored": "3 terms",
    "missing_ignored_when_many": "large: tenth",
    "last_element_skipped_when_many": "large: tenth",
    "shortest_comes_first": "one list twice",
    "offsets_of_16_bits": "width 16",
    "width_32_wraps": "width 32",
    "lists_as_int8": "300 lists and queries",
    "first_32_queries": "300 lists and queries",
    "first_16_terms": "40 terms",
    "blocks_as_int16": "65600 lists",
    "sentinel_first": "ends of the type, in a block alone",
    "widths_to_25_when_long": "large: half",
    "rest_of_0_when_long": "large: runs",
    "extents_of_a_timed_op": "large: evens, 1.000, apart, timed",
    "last_id_lost_when_long": "large: scattered",
    "few_queries_of_many": "large: dense",
    "signed_when_five_long": "large: zipf",
    "few_queries_of_most": "large: large",
}
# Kernel: the workload whose ops find it out, had the battery let it pass.
BY_TIMED_OPS = {
    "signed": ("raw-2", "wide"),
    "ids_of_24_bits": ("blocks-2", "wide"),
    "rest_dropped": ("blocks-2", "tenth"),
    "missing_ignored": ("raw-5", "dense"),
    "missing_ignored_when_many": ("blocks-2", "runs"),
    "last_element_skipped_when_many": ("raw-2", "half"),
    "shortest_comes_first": ("blocks-2", "tenth"),
    "offsets_of_16_bits": ("blocks-2", "wide"),
    "first_documents_remembered": ("blocks-2", "evens"),
    "wrong_at_a_timed_shape": ("raw-2", "evens"),
    "cached_by_pointer": ("raw-2", "runs"),
}
SEEDS = (3, 4)
# A trial would find it as well, and its processes take seconds to start.
UNFIT = {"view_of_input": "got a view of the input 'docs'"}


@cache
def few_cases() -> list[Case]:
    """Return a few cases, drawn once."""
    stream = SplitMix64(7)
    return [*battery.warm_up_case(stream), *islice(battery.arrangement_cases(stream), 3)]


# Few cases and one workload: the gate is on trial here, not the kernel.
FEW = dataclasses.replace(
    EXPERIMENT,
    correctness_battery=lambda seed: few_cases(),
    speed_workloads=lambda seed: [inputs.workload("raw-2", "half", seed)],
)


def test_every_cheat_is_on_trial() -> None:
    """No kernel lies in the folder that no test runs."""
    on_trial = {*STOPPED, *BY_THE_BATTERY, *BY_TIMED_OPS, *UNFIT, "honest_slow", "honest_fast"}
    assert {path.stem for path in CHEATS.glob("*.py")} == on_trial


@pytest.mark.parametrize("name", STOPPED)
def test_a_cheat_is_stopped_for_its_own_reason(name: str, judge: Callable[..., Record]) -> None:
    """Without the policy's help, by the defence that its class calls for."""
    verdict, reason = STOPPED[name]
    record = judge((CHEATS / f"{name}.py").read_text())
    assert reason in record.reason + record.detail, record.reason
    assert record.verdict is verdict


@pytest.fixture(scope="module")
def batteries() -> list[Sequence[Case]]:
    """Return most of the battery of some seeds, of the last without all large lists: drawing takes long."""
    parts = (
        *(battery.arrangement_cases, battery.end_cases, battery.width_cases, battery.query_cases),
        battery.many_cases,
    )
    found = [[case for part in parts for case in part(SplitMix64(seed))] for seed in SEEDS]
    for seed, cases, n_large in zip(SEEDS, found, (None, 2), strict=True):
        cases += islice(battery.large_cases(SplitMix64(seed)), n_large)
    return found


@pytest.mark.parametrize("name", BY_THE_BATTERY)
def test_a_wrong_answer_is_found_with_every_seed(name: str, batteries: list[Sequence[Case]]) -> None:
    """By one of the cases that are there for it."""
    parts = [[case for case in cases if case.name.startswith(BY_THE_BATTERY[name])] for cases in batteries]
    assert len(parts[0]) > 0
    for cases in filter(None, parts):
        ops = [op for case in cases for op in case.ops]
        with pytest.raises(Mismatch):
            testing.check_case(EXPERIMENT, Case("joined", {}, ops), testing.loaded(CHEATS / f"{name}.py"))


@pytest.mark.parametrize("name", UNFIT)
def test_an_answer_that_is_no_array_of_its_own_is_refused(name: str) -> None:
    """Before it is compared."""
    case = next(battery.warm_up_case(SplitMix64(3)))
    with pytest.raises(player.Unfit, match=UNFIT[name]):
        testing.check_case(EXPERIMENT, case, testing.loaded(CHEATS / f"{name}.py"))


@pytest.mark.parametrize("name", BY_TIMED_OPS)
def test_the_timed_ops_find_it_out_as_well(name: str) -> None:
    """In one round of one workload, or another."""
    drawn = inputs.workload(*BY_TIMED_OPS[name], 5)
    ops = [op for seed in range(4) for op in inputs.redraw(drawn, seed)]
    with pytest.raises(Mismatch):
        testing.check_case(EXPERIMENT, Case("timed", {}, ops), testing.loaded(CHEATS / f"{name}.py"))


def test_honest_kernels_pass(tmp_path: Path, compiled: Path) -> None:
    """Slow and fast, played against each other: right kernels are judged by their times."""
    slow, fast = ((CHEATS / f"honest_{name}.py").read_text() for name in ("slow", "fast"))
    testing.assert_judged_by_time(testing.judge(FEW, slow, compiled, tmp_path, fast, n_blocks=1))


@pytest.mark.parametrize(
    ("name", "rule"),
    [("cached_by_pointer", "private"), ("first_documents_remembered", "module state")],
)
def test_the_policy_stops_what_it_can_before_it_runs(name: str, rule: str) -> None:
    """The first line of defence names the rule."""
    text = (CHEATS / f"{name}.py").read_text().replace("from posting_intersect import bulk\n", "")
    text = text.replace("from posting_intersect.bulk import intersect as intersect\n", "")
    assert rule in testing.rules_broken(text, "posting_intersect")


@pytest.mark.parametrize("name", ["kernels", "baseline", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(posting_intersect.__file__)).parent
    found = policy.findings((folder / f"{name}.py").read_text(), "posting_intersect")
    assert [finding for finding in found if finding.refuses or name != "baseline"] == []
