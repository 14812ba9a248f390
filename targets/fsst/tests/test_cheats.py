"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

Those that an answer gives away are played in this process, on cases of the battery. The one that a signal
stops, and the honest ones, go through all of a trial but the policy: each defence must stand alone.
"""

import dataclasses
import functools
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import fsst
from fsst import CHUNK_BY_CHUNK, battery, corrupt, inputs
from fsst.prepare import prepare
from fsst.run_experiment import EXPERIMENT
from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from referee import player, policy, testing
from referee.faults import Verdict
from referee.stage import Record
from referee.workload import Case, Workload

CHEATS = Path(__file__).parent / "cheats"
# The oracle's own loop is quick enough, and little need be compiled for the cheats, which build on it.
HONEST = """
from fsst import expansion
class FsstKernel:
    decode = staticmethod(expansion.decode)
    decode_page = staticmethod(expansion.decode_page)
"""

# What is only wrong, and answers in this process as it would in a player.
WRONG = {
    "escaped_escapes": "case literal: op 0: ",
    "first_offset_ignored": "op 2: ",
    "no_code_check": "case corrupt: unknown codes in strings of ",
    "one_chunk_unchecked": "case corrupt: ",
    "last_code_only": "offsets of 32 bits: op 3: error: expected one that names 'string ",
    "wide_offsets_unchecked": "offsets of 64 bits: op 1: error: expected one that names 'string ",
    "stored_unchecked": "case corrupt: offsets of stored strings: op ",
    "no_code_check_for_much": "case corrupt: timed size",
    "table_kept_by_header": "op 3: ",
    "cached_by_pointer": "op ",
    "escape_inside_chunk": "case corrupt: timed size, 262144 bytes of text: op 2: error: ",
    "switch_ignored": "case stored as they are",
    "room_for_three_times": "data: expected uint8[",
    "padding_counts": "op 1: ",
    "always_the_first_string": "error: expected one that names 'string ",
}

REFUSED_BY_POLICY = {  # the others say nothing that no honest kernel says
    "cached_by_pointer": "private",
    "table_kept_by_header": "module state",
}


@functools.cache
def few_cases() -> list[Case]:
    """Return cases from every part of the battery but those of the largest size."""
    streams = SplitMix64(7)
    parts = (battery.distribution_cases, battery.escape_cases, battery.table_cases, corrupt.cases)
    cases = [case for i, part in enumerate(parts) for case in part(streams.fork(i))]
    some = [
        case
        for i, case in enumerate(cases)
        if i % 4 == 0 or "stored" in case.name or "tables" in case.name or "of 5" in case.name
    ]
    return [*some, next(corrupt.timed_size_cases(streams.fork(9)))]


@functools.cache
def more_cases() -> list[Case]:
    """Return the few cases and two batches of the smallest timed size, which would cost more in a trial."""
    return [*few_cases(), *islice(corrupt.timed_size_cases(SplitMix64(7).fork(9)), 1, 3)]


@functools.cache  # every cheat is judged on the same seed
def one_workload(seed: int) -> list[Workload]:
    """Return the smallest."""
    stream = SplitMix64(seed)
    return [inputs.workload(stream, "chunks-16", "short", inputs.symbols_for(stream, "short"))]


# Few cases, the same in every trial, and one workload: the gate is on trial here, not the kernel.
FEW = dataclasses.replace(
    EXPERIMENT, correctness_battery=lambda seed: few_cases(), speed_workloads=one_workload
)


def test_every_cheat_is_on_trial() -> None:
    """No kernel lies in the folder that no test runs."""
    on_trial = {
        *WRONG,
        "view_of_input",
        "all_chunks_at_once",
        "reads_beyond_the_codes",
        "honest_slow",
        "honest_fast",
    }
    assert {path.stem for path in CHEATS.glob("*.py")} == on_trial


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_kernel_is_stopped_by_the_battery(name: str) -> None:
    """By the first wrong answer, where it was to be expected."""
    kernel = testing.loaded(CHEATS / f"{name}.py")
    assert WRONG[name] in first_mismatch(kernel)


def test_one_call_cannot_answer_them_all() -> None:
    """A call returns two arrays and is handed no view of the starts of all chunks."""
    kernel = testing.loaded(CHEATS / "all_chunks_at_once.py")
    inputs_seen = testing.seen(few_cases()[0].ops)[-1]
    assert inputs_seen["method"] == CHUNK_BY_CHUNK
    asked: list[np.ndarray] = []
    answer = kernel.FsstKernel.decode_page

    def watched(self: object, table: np.ndarray, page: np.ndarray, starts: np.ndarray) -> object:
        asked.append(starts)
        return answer(self, table, page, starts)

    kernel.FsstKernel.decode_page = watched
    FEW.compare(FEW.expect({}, inputs_seen), prepare(kernel, {})(inputs_seen))
    assert len(asked) == len(inputs_seen["chunk_starts"]) - 1
    assert not any(isinstance(starts.base, np.ndarray) or starts.flags.writeable for starts in asked)
    kernel.FsstKernel.decode_page = lambda *_: (np.zeros(0, np.uint8),) * 4
    assert prepare(kernel, {})(inputs_seen)[-1].tobytes().startswith(b"ValueError: too many values")


def first_mismatch(kernel: ModuleType) -> str:
    """Return where in the few cases the kernel is wrong, and how; nothing if it is right."""
    for case in more_cases():
        for number, (expected, outputs) in enumerate(testing.answers(FEW, case, kernel)):
            try:
                FEW.compare(expected, outputs)
            except Mismatch as mismatch:
                return f"case {case.name}: op {number}: {mismatch}"
    return ""


def test_a_right_kernel_is_not_stopped_by_the_battery() -> None:
    """The text that the wrong ones build on."""
    assert first_mismatch(testing.module_of(HONEST)) == ""


def test_an_answer_that_is_a_view_of_an_input_is_refused() -> None:
    """Before it is compared."""
    kernel = testing.loaded(CHEATS / "view_of_input.py")
    with pytest.raises(player.Unfit, match="got a view of the input 'codes'"):
        first_mismatch(kernel)


def test_a_load_beyond_the_input_ends_the_player(judge: Callable[..., Record]) -> None:
    """No memory lies behind the codes, so a kernel that reads there does not get away with it."""
    record = judge((CHEATS / "reads_beyond_the_codes.py").read_text())
    assert record.verdict is Verdict.CRASH, record.reason


def test_honest_kernels_pass(tmp_path: Path, compiled: Path) -> None:
    """Slow and fast, played against each other: right kernels are judged by their times."""
    slow, fast = ((CHEATS / f"honest_{name}.py").read_text() for name in ("slow", "fast"))
    testing.assert_judged_by_time(testing.judge(FEW, slow, compiled, tmp_path, fast, n_blocks=1))


@pytest.mark.parametrize(("name", "rule"), REFUSED_BY_POLICY.items())
def test_the_policy_stops_what_it_can_before_it_runs(name: str, rule: str) -> None:
    """The first line of defence names the rule."""
    assert rule in testing.rules_broken((CHEATS / f"{name}.py").read_text(), "fsst")


@pytest.mark.parametrize("name", ["kernels", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(fsst.__file__)).parent
    assert policy.findings((folder / f"{name}.py").read_text(), "fsst") == []
