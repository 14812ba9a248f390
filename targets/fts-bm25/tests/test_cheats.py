"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

Those of `STOPPED` go through all of a trial but the policy: each defence must stand alone. Those that a wrong
answer gives away are played in this process, on the cases of the battery that are there for them.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import fts_bm25
from fts_bm25 import battery, inputs, traps
from fts_bm25.run_experiment import EXPERIMENT
from harness_common.prng import SplitMix64
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

STOPPED = {"cached_by_pointer": ": first difference", "reads_beyond": "SIGSEGV"}
VERDICTS = {"reads_beyond": Verdict.CRASH}

# Kernel: how the cases begin that are there for it, and what is said.
BY_THE_BATTERY = {
    "zero_scores_dropped": ("idf of 0", "ids: "),
    "zero_dropped_when_many": ("large: ", "ids: "),
    "masked_at_the_end": ("mask: without the best", "ids: "),
    "mask_ignored_at_one_size": ("large: stop+2", "ids: "),
    "folded_backwards": ("sixteen terms", ""),
    "summed_in_float64": ("sixteen terms", "scores: "),
    "repeated_terms_once": ("unknown and repeated", "ids: "),
    "last_block_skipped_when_many": ("large: ", ""),
    "short_frequencies": ("frequencies of 1 to 32", ""),
    "differences_of_20_bits": ("differences of 1 to 23", "ids: "),
    "sixty_four_slots": ("seventy slots", "ids: "),
    "terms_of_eleven_bits": ("2,100 terms", "ids: "),
    "eight_queries": ("2,100 terms", "count: "),
    "a_thousand_when_many": ("large: ", "count: "),
    "zero_dropped_beside_others": ("large: ", "ids: "),
    "lengths_of_16_bits_when_many": ("large: ", ""),
    "bounds_not_widened": ("tight bounds", "ids: "),
    "ties_by_arrival": ("ties of 1000", "ids: "),
    "reciprocal": ("sixteen lists", "scores: "),
}
BY_TIMED_OPS = {"known_by_rounded_idf": "scores: ", "lists_of_query_1_remembered": ""}


# What is put in the place of what, in the cheat that skips blocks; which cases find it then, if any.
BOUNDS = {
    "widened": ("WIDER = 1.0", "WIDER = 1.0 + 2.0**-19", ()),
    "too_low": ("WIDER = 1.0", "WIDER = 1.0 - 2.0**-19", (1.0, 2.0, 50.0)),
    "of_the_stored_mean": ("stretch * WIDER", "(1.0 + 2.0**-19)", (2.0, 50.0)),
    "of_the_root_of_the_mean": ("stretch * WIDER", "stretch**0.5 * (1.0 + 2.0**-19)", (2.0, 50.0)),
}


def few_cases(seed: int) -> list[Case]:
    """Return the first case, and some others that are small."""
    return [*battery.plain_cases(SplitMix64(seed)), *battery.mask_cases(SplitMix64(seed + 1))]


# Few cases and one workload: the gate is on trial here, not the kernel.
FEW = dataclasses.replace(
    EXPERIMENT,
    correctness_battery=few_cases,
    speed_workloads=lambda seed: [inputs.workload("12x-top1000", "clustered", seed)],
)


def loaded(name: str, before: str = "", after: str = "") -> ModuleType:
    """Return a cheat as a module, some of its text replaced."""
    return testing.module_of((CHEATS / f"{name}.py").read_text().replace(before, after))


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
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty folder: for the definition there is no machine code."""
    return tmp_path_factory.mktemp("compiled")


@pytest.mark.parametrize("name", BY_THE_BATTERY)
def test_a_wrong_answer_is_found_by_the_battery(name: str, battery_cases: list[Case]) -> None:
    """By one of the cases that are there for it."""
    start, reason = BY_THE_BATTERY[name]
    messages = []
    for case in battery_cases:
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


@pytest.mark.parametrize("change", BOUNDS)
def test_bounds_that_are_nearly_reached_are_wide_enough(change: str) -> None:
    """A search that skips blocks is right with the bounds of program.md, and with no lower ones."""
    before, after, finding = BOUNDS[change]
    kernels = loaded("bounds_not_widened", before, after)
    for stretch in (1.0, 2.0, 50.0):
        case = traps.tight_case(SplitMix64(5), 6_145, 24, stretch)
        wrong = testing.answers(EXPERIMENT, case, kernels)
        assert any(not (want[0] == got[0]).all() for want, got in wrong) == (stretch in finding)


def test_sums_of_bounds_are_rounded_up() -> None:
    """Added up in float32, from the least up and not widened, they drop the document of the review."""
    text = (CHEATS / "bounds_not_widened.py").read_text()
    text = text.replace("bounds, documents, _ in clauses", "bounds, documents, _ in by_weight")
    text = text.replace(
        "total, scores = 0.0,", "by_weight, total, scores = ascending(clauses), np.float32(0),"
    )
    kernels = ModuleType("sums")
    exec(text + "def ascending(some): return sorted(some, key=lambda one: one[0])", kernels.__dict__)
    with pytest.raises(Mismatch, match=r"^ids"):
        testing.check_case(EXPERIMENT, traps.fold_case(), kernels)


def test_honest_kernels_pass(tmp_path: Path, compiled: Path) -> None:
    """Slow and fast, played against each other: right kernels are judged by their times."""
    slow, fast = ((CHEATS / f"honest_{name}.py").read_text() for name in ("slow", "fast"))
    testing.assert_judged_by_time(testing.judge(FEW, slow, compiled, tmp_path, fast, n_blocks=1))


def test_the_policy_stops_a_cache_by_address_before_it_runs() -> None:
    """The first line of defence names the rule."""
    text = (CHEATS / "cached_by_pointer.py").read_text()
    assert "private" in testing.rules_broken(text, "fts_bm25")


@pytest.mark.parametrize("name", ["kernels", "baseline", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(fts_bm25.__file__)).parent
    assert policy.findings((folder / f"{name}.py").read_text(), "fts_bm25") == []
