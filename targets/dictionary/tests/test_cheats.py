"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

Those that a wrong output gives away are played in this process, with the oracle alone. The others, and the
honest ones, go through all of a trial but the policy: each defence must stand alone.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

import dictionary
from dictionary import battery, inputs
from dictionary.run_experiment import EXPERIMENT
from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from referee import policy, testing
from referee.faults import Verdict
from referee.stage import Record
from referee.workload import Case, Workload

CHEATS = Path(__file__).parent / "cheats"
# The definition is quick enough, and nothing need be compiled for the cheats, which build on it.
HONEST = """
from dictionary.reference import decode_fixed, decode_packed_fixed, decode_packed_strings, decode_strings


class DictionaryKernel:
    decode_fixed = staticmethod(decode_fixed)
    decode_strings = staticmethod(decode_strings)
    decode_packed_fixed = staticmethod(decode_packed_fixed)
    decode_packed_strings = staticmethod(decode_packed_strings)
"""

STOPPED = {  # by a trial
    "cached_by_pointer": (Verdict.FAIL, "workload zipf/strings-60B-8Ki: "),
    "reads_beyond": (Verdict.CRASH, "SIGSEGV"),
}
WRONG_IN = {  # a case of the battery, or the timed ops: in this process, to save the start of another
    "constant_zero": ("strings of 3 bytes", "data: first difference"),
    "nulls_looked_up": ("garbage under nulls", "values: first difference"),
    "codes_clamped": (
        "corrupt: code in row 1023",
        "error: expected one that names row 1023 and chunk 0 and no other, got ''",
    ),
    "unchecked_when_many": (
        "corrupt: large, strings-60B-8Ki",
        "error: expected one that names row ",
    ),
    "entries_unchecked": (
        "corrupt: entry, one ends beyond the data",
        "error: expected one that names entry 40 and no other",
    ),
    "slots_of_sixteen": ("strings of 17 bytes", r"data: first difference at \(16,\)"),
    "bits_from_the_left": ("4 bytes, codes of 4", "values: first difference"),
    "codes_of_one_byte": ("65536 entries", "values: first difference"),
    "width_of_first_chunk": ("packed: widths that differ", "values: first difference"),
    "runs_assumed": ("strings-12B-32Ki/runs", "offsets: first difference"),
    "cached_by_fingerprint": ("strings-60B-8Ki/zipf", "offsets: first difference"),
    "all_places": (
        "corrupt: code in row 1023",
        "error: expected one that names row 1023 and chunk 0 and no other, got 'ValueError: row 0 in chunk 0",
    ),
    "entries_unchecked_when_many": (
        "corrupt: large, strings-60B-8Ki",
        "error: expected one that names entry ",
    ),
    "nulls_unchecked_when_many": ("corrupt: large, fixed-4B-64Ki", "error: expected one that names row "),
    "chunks_clamped_when_many": (
        "corrupt: large, packed-16B-32Ki",
        "error: expected one that names chunk 0 and no other, got ''",
    ),
    "total_unchecked_when_many": (
        "corrupt: large, too many bytes",
        "error: expected one that names chunk 1 and no other, got ''",
    ),
    "unchecked_at_timed_sizes": (
        "corrupt: as timed, strings-60B-8Ki",
        "error: expected one that names row ",
    ),
    "any_width": ("corrupt: chunk 0", "error: expected one that names chunk 0 and no other, got "),
    "padding_checked": (
        "packed-16B-32Ki/zipf",
        "error: expected none, got 'ValueError: row 32771 in",
    ),
    "validity_known": ("strings-60B-8Ki/nulls", "(offsets: first difference|error: expected none)"),
}
REFUSED_BY_POLICY = {  # the others say nothing that no honest kernel says
    "cached_by_pointer": "private",
    "cached_by_fingerprint": "module state",
    "validity_known": "module state",
}


def few_cases(seed: int) -> list[Case]:
    """Return a case that calls what the workload needs, the last entry at the very end of the data."""
    cases = battery.length_cases(SplitMix64(seed))
    return [next(case for case in cases if case.name == "strings of 3 bytes")]


def one_workload(seed: int) -> list[Workload]:
    """Return the quickest one, with four ops a round."""
    quickest = inputs.workload("strings-60B-8Ki", "zipf")
    shape, table = quickest.source
    return [dataclasses.replace(quickest, source=(dataclasses.replace(shape, n_ops=4), table))]


# Few cases and one workload: the gate is on trial here, not the kernel.
FEW = dataclasses.replace(EXPERIMENT, correctness_battery=few_cases, speed_workloads=one_workload)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty folder: for the definition there is no machine code."""
    return tmp_path_factory.mktemp("compiled")


def case_named(name: str, battery_cases: list[Case]) -> Case:
    """Return the first case of the battery whose name begins so, or a round of `shape/distribution`."""
    if "/" in name:
        return Case(name, {}, inputs.redraw(inputs.workload(*name.split("/")), 7))
    return next(case for case in battery_cases if case.name.startswith(name))


def test_every_cheat_is_on_trial() -> None:
    """No kernel lies in the folder that no test runs."""
    on_trial = {*STOPPED, *WRONG_IN, "honest_slow", "honest_fast"}
    assert {path.stem for path in CHEATS.glob("*.py")} == on_trial


@pytest.mark.parametrize("name", STOPPED)
def test_a_cheat_is_stopped_for_its_own_reason(name: str, judge: Callable[..., Record]) -> None:
    """Without the policy's help: a wrong output, an entry that changed in place, a byte behind the data."""
    record = judge((CHEATS / f"{name}.py").read_text())
    verdict, reason = STOPPED[name]
    assert reason in record.reason, record.reason
    assert record.verdict is verdict


@pytest.mark.parametrize("name", WRONG_IN)
def test_a_shortcut_is_found_out_where_it_is_wrong(name: str, battery_cases: list[Case]) -> None:
    """By the case or the timed ops that were made for it."""
    case, reason = WRONG_IN[name]
    with pytest.raises(Mismatch, match=f"^{reason}"):
        testing.check_case(EXPERIMENT, case_named(case, battery_cases), testing.loaded(CHEATS / f"{name}.py"))


def test_honest_kernels_pass(tmp_path: Path, compiled: Path) -> None:
    """Slow and fast, played against each other: right kernels are judged by their times."""
    slow, fast = ((CHEATS / f"honest_{name}.py").read_text() for name in ("slow", "fast"))
    testing.assert_judged_by_time(testing.judge(FEW, slow, compiled, tmp_path, fast, n_blocks=1))


@pytest.mark.parametrize(("name", "rule"), REFUSED_BY_POLICY.items())
def test_the_policy_stops_what_it_can_before_it_runs(name: str, rule: str) -> None:
    """The first line of defence names the rule."""
    assert rule in testing.rules_broken((CHEATS / f"{name}.py").read_text(), "dictionary")


@pytest.mark.parametrize("name", ["kernels", "baseline", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(dictionary.__file__)).parent
    assert policy.findings((folder / f"{name}.py").read_text(), "dictionary") == []
