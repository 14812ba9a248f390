"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

Those of `STOPPED`, and the honest ones, go through all of a trial but the policy, as each defence must stand
alone; those that a wrong answer gives away are played in this process, on the battery or on timed ops.
"""

import dataclasses
import functools
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import bitpack
from bitpack import inputs
from bitpack.run_experiment import EXPERIMENT
from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from referee import policy, testing
from referee.faults import Verdict
from referee.stage import Record
from referee.workload import Case, Workload

CHEATS = Path(__file__).parent / "cheats"
# The definition is quick enough, and nothing need be compiled for the cheats, which build on it.
HONEST = """
from bitpack.reference import unpack_inline, unpack_levels, unpack_out_of_line


class BitpackKernel:
    unpack_inline = staticmethod(unpack_inline)
    unpack_out_of_line = staticmethod(unpack_out_of_line)
    unpack_levels = staticmethod(unpack_levels)
"""

STOPPED = {
    "reads_beyond": (Verdict.CRASH, "SIGSEGV"),
    "cached_by_pointer": (Verdict.FAIL, "case timed size: "),  # the good page, for a corrupt one in its place
}

WRONG = {  # and found by the battery, which needs no trial for that
    "natural_order": "values: first difference",
    "low_words_only": "values: first difference",
    "corrupt_ignored": "error: expected one that names chunk ",
    "corrupt_ignored_in_large_pages": "case timed size: ",
    "last_bad_buffer": "error: expected one that names buffer ",
}

INLINE_ONE, COLUMN, LEVELS = (
    ("inline-u32-128", "codes"),
    ("column-u32-512", "packed"),
    ("levels-400", "lists"),
)
STOPPED_IN_TIMED_OPS = {  # had the battery let them pass, as the case here does
    "width_of_first_chunk": INLINE_ONE,
    "ties_packed": COLUMN,
    "raw_tails_masked": LEVELS,
}

# Played in one process, without a trial: the one case that each gets wrong, and what is said of it.
STOPPED_IN_CASES = {
    "names_every_chunk": ("corrupt pages of 32", " and no other, got 'ValueError: chunk 0 chunk 1"),
    "chunks_before_n_values": ("corrupt pages of 32", "error: expected one that names chunk 6 "),
    "wide_headers_accepted": ("corrupt pages of 8", "error: expected one that names chunk 0 "),
    "nothing_is_an_error": ("empty and inside, 32", "error: expected none, got 'ValueError: '"),
    "timed_counts_unchecked": ("timed size: exactly 128 like inline-u32-128", "names chunk "),
    "timed_widths_unchecked": ("timed size: exactly 512 like column-u32-512, tail of 600", "names chunk "),
    "one_bit_levels_unchecked": ("timed size: exactly 400 like levels-400, width 1", "names buffer "),
}

FEW_CASES = (
    *("every method", "width 0 of 32", "width 13 of 32", "layouts alike at width 13 of 32"),
    *(
        "tails of width 23 of 64",
        "corrupt pages of 32",
        "corrupt columns of 5 of 32, width 13",
        "corrupt levels of width 2",
    ),
)


@functools.cache  # every cheat is judged on the same seed
def few_cases(seed: int) -> list[Case]:
    """Return a few cases of every kind, and one of a timed size."""
    return [
        case
        for case in EXPERIMENT.correctness_battery(seed)
        if case.name in FEW_CASES or case.name == "timed size: exactly 128 like inline-u32-128"
    ]


@functools.cache
def one_workload(seed: int) -> list[Workload]:
    """Return the quickest one."""
    return [inputs.workload(SplitMix64(seed), *INLINE_ONE)]


# Few cases and one workload: the gate is on trial here, not the kernel.
FEW = dataclasses.replace(EXPERIMENT, correctness_battery=few_cases, speed_workloads=one_workload)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty folder: for the definition there is no machine code."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture(scope="module")
def cases(battery_cases: list[Case]) -> dict[str, Case]:
    """Return the battery of one seed, case by case."""
    return {case.name: case for case in battery_cases}


def test_every_cheat_is_on_trial() -> None:
    """No kernel lies in the folder that no test runs."""
    on_trial = {*STOPPED, *WRONG, *STOPPED_IN_TIMED_OPS, *STOPPED_IN_CASES, "honest_slow", "honest_fast"}
    assert {path.stem for path in CHEATS.glob("*.py")} == on_trial


@pytest.mark.parametrize("name", WRONG)
def test_the_battery_finds_a_wrong_answer(name: str) -> None:
    """Played in this process, and it says what is wrong."""
    assert WRONG[name] in testing.wrong_in_battery(FEW, (CHEATS / f"{name}.py").read_text())


@pytest.mark.parametrize("name", STOPPED)
def test_a_cheat_is_stopped_for_its_own_reason(name: str, judge: Callable[..., Record]) -> None:
    """Without the policy's help, where it was to be expected."""
    record = judge((CHEATS / f"{name}.py").read_text())
    verdict, reason = STOPPED[name]
    assert record.verdict is verdict, record.reason
    assert reason in record.reason


@pytest.mark.parametrize(("name", "combo"), STOPPED_IN_TIMED_OPS.items())
def test_a_shortcut_is_stopped_by_the_timed_ops_alone(
    name: str, combo: tuple[str, str], cases: dict[str, Case]
) -> None:
    """What it gets wrong is planted there as well as in the battery; a page of zeros gives nothing away."""
    testing.check_case(EXPERIMENT, cases["width 0 of 32"], testing.loaded(CHEATS / f"{name}.py"))
    one = inputs.workload(SplitMix64(7), *combo)
    with pytest.raises(Mismatch):
        testing.check_case(
            EXPERIMENT,
            Case("timed", one.build_inputs, inputs.redraw(one, 7)),
            testing.loaded(CHEATS / f"{name}.py"),
        )


@pytest.mark.parametrize(("name", "case", "reason"), [(name, *why) for name, why in STOPPED_IN_CASES.items()])
def test_a_shortcut_is_stopped_by_a_case(name: str, case: str, reason: str, cases: dict[str, Case]) -> None:
    """What only some sizes, widths or messages show."""
    with pytest.raises(Mismatch, match=re.escape(reason)):
        testing.check_case(EXPERIMENT, cases[case], testing.loaded(CHEATS / f"{name}.py"))


def test_honest_kernels_pass(tmp_path: Path, compiled: Path) -> None:
    """Slow and fast, played against each other: right kernels are judged by their times."""
    slow, fast = ((CHEATS / f"honest_{name}.py").read_text() for name in ("slow", "fast"))
    testing.assert_judged_by_time(testing.judge(FEW, slow, compiled, tmp_path, fast, n_blocks=1))


def test_the_policy_stops_what_it_can_before_it_runs() -> None:
    """The first line of defence names the rule."""
    assert "private" in testing.rules_broken((CHEATS / "cached_by_pointer.py").read_text(), "bitpack")


@pytest.mark.parametrize("name", ["kernels", "baseline", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(bitpack.__file__)).parent
    assert policy.findings((folder / f"{name}.py").read_text(), "bitpack") == []
