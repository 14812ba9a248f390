"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

One for each defence goes through all of a trial but the policy, as each must stand alone; the others, which a
wrong answer gives away, are played in this process, on cases of the battery or on timed ops.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

import pq_cosine
from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from pq_cosine import inputs
from pq_cosine.run_experiment import EXPERIMENT
from referee import policy, testing
from referee.faults import Verdict
from referee.stage import Record
from referee.workload import Case

CHEATS = Path(__file__).parent / "cheats"
HONEST = "from pq_cosine.baseline import PqKernel"

STOPPED = {
    "best_quarter_by_half": (Verdict.FAIL, "workload "),
}

WRONG = {  # and found by the battery, which needs no trial for that
    "constant_zero": "distances: ",
    "skips_normalisation": "distances: ",
    "u8_table": "distances: ",
    "rows_of_the_partition": "distances: ",
    "half_of_the_partitions": "ids: ",
    "a_direction_for_all": "case query without a direction",
    "cached_by_fingerprint": "ids: ",
    "cached_by_pointer": "ids: ",
}

WRONG_IN_TIMED_OPS = {  # in one of the first so many
    "best_quarter_by_half": 8,
    "keeps_offsets": 16,
}


# Cases from all parts of the battery and one workload: the gate is on trial here, not the kernel.
FEW = testing.reduced(
    EXPERIMENT, every=14, workload=lambda seed: inputs.workload(SplitMix64(seed), "128x16", "tight")
)


def test_every_cheat_is_on_trial() -> None:
    """No kernel lies in the folder that no test runs."""
    assert {path.stem for path in CHEATS.glob("*.py")} == {
        *STOPPED,
        *WRONG,
        *WRONG_IN_TIMED_OPS,
        "honest_slow",
        "honest_fast",
    }


@pytest.mark.parametrize("name", WRONG)
def test_the_battery_finds_a_wrong_answer(name: str) -> None:
    """Played in this process, and it says what is wrong."""
    assert WRONG[name] in testing.wrong_in_battery(FEW, (CHEATS / f"{name}.py").read_text())


@pytest.mark.parametrize("name", WRONG_IN_TIMED_OPS)
def test_timed_ops_find_what_is_right_in_a_few_small_cases(name: str) -> None:
    """A few cases of the battery let it pass; a round, or a part of one, does not."""
    kernels = testing.loaded(CHEATS / f"{name}.py")
    for case in FEW.correctness_battery(7):
        testing.check_case(EXPERIMENT, case, kernels)
    (timed,) = FEW.speed_workloads(7)
    ops = inputs.redraw(timed, 1)[: WRONG_IN_TIMED_OPS[name]]
    with pytest.raises(Mismatch):
        testing.check_case(EXPERIMENT, Case("timed", timed.build_inputs, ops), kernels)


@pytest.mark.parametrize("name", STOPPED)
def test_a_cheat_is_stopped_for_its_own_reason(name: str, judge: Callable[..., Record]) -> None:
    """Without the policy's help, by the defence that its class calls for."""
    verdict, reason = STOPPED[name]
    record = judge((CHEATS / f"{name}.py").read_text())
    assert reason in record.reason + record.detail, record.reason
    assert record.verdict is verdict


def test_honest_kernels_pass(tmp_path: Path, compiled: Path) -> None:
    """Slow and fast, played against each other: right kernels are judged by their times."""
    slow, fast = ((CHEATS / f"honest_{name}.py").read_text() for name in ("slow", "fast"))
    testing.assert_judged_by_time(testing.judge(FEW, slow, compiled, tmp_path, fast, n_blocks=1))


@pytest.mark.parametrize("name", ["kernels", "baseline", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(pq_cosine.__file__)).parent
    assert policy.findings((folder / f"{name}.py").read_text(), "pq_cosine") == []
