"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

Every kernel of `cheats/` goes through all of a trial but the policy: each defence must stand alone.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

import pq_l2
from harness_common.prng import SplitMix64
from pq_l2 import inputs
from pq_l2.run_experiment import EXPERIMENT
from referee import policy, testing
from referee.faults import Verdict
from referee.stage import Record

CHEATS = Path(__file__).parent / "cheats"
HONEST = "from pq_l2.baseline import PqKernel"

STOPPED = {
    "constant_zero": (Verdict.FAIL, "table: "),
    "off_by_one": (Verdict.FAIL, "ids: "),
    "float16_table": (Verdict.FAIL, "table: "),
    "cached_by_identity": (Verdict.FAIL, "op "),
    "cached_by_pointer": (Verdict.FAIL, "op "),
    "cached_by_fingerprint": (Verdict.FAIL, "op "),
    "right_for_first_calls": (Verdict.FAIL, "workload "),
    "right_for_small_shapes": (Verdict.FAIL, "workload "),
    "drops_rows_half_way": (Verdict.FAIL, "workload "),
    "sniffs_stack": (Verdict.FAIL, "workload "),
    "mutates_input": (Verdict.FAIL, "inputs changed: "),
    "lazy_result": (Verdict.FAIL, "expected exactly numpy.ndarray, got Lazy"),
    "view_of_input": (Verdict.FAIL, "got a view of the input 'codes'"),
    "background_thread": (Verdict.CRASH, "can't start new thread"),
    "forged_reply": (Verdict.REJECTED, "channel: "),
    "patched_clock": (Verdict.REJECTED, "clock: the two clocks disagree"),
    "works_outside_the_span": (Verdict.REJECTED, "clock: the two clocks disagree"),
    "lays_out_anew_in_bursts": (Verdict.DISCARD, "by all of its time"),
}

REFUSED_BY_POLICY = {  # the others say nothing that no honest kernel says
    "background_thread": "import",
    "cached_by_pointer": "private",
    "forged_reply": "import",
    "patched_clock": "import",
    "right_for_first_calls": "module state",
    "sniffs_stack": "import",
    "works_outside_the_span": "import",
}


# Cases from the battery, none of them of timed size, and one workload: the gate is on trial here, not the
# kernel.
FEW = testing.reduced(
    EXPERIMENT, every=10, workload=lambda seed: inputs.workload(SplitMix64(seed), "128x16", "uniform")
)


def test_every_cheat_is_on_trial() -> None:
    """No kernel lies in the folder that no test runs."""
    on_trial = {*STOPPED, "honest_slow", "honest_fast"}
    assert {path.stem for path in CHEATS.glob("*.py")} == on_trial
    assert len(STOPPED) >= 12


@pytest.mark.parametrize("name", STOPPED)
def test_a_cheat_is_stopped_for_its_own_reason(name: str, judge: Callable[..., Record]) -> None:
    """Without the policy's help, by the defence that its class calls for."""
    verdict, reason = STOPPED[name]
    text = (CHEATS / f"{name}.py").read_text()
    record = judge(text, may_repeat=verdict is not Verdict.REJECTED)
    assert reason in record.reason + record.detail, record.reason
    assert record.verdict is verdict


def test_a_thread_is_counted_where_it_cannot_be_forbidden(judge: Callable[..., Record]) -> None:
    """On a system without seccomp the second thread starts, and is seen."""
    record = judge((CHEATS / "background_thread.py").read_text(), sandbox=False, may_repeat=False)
    assert record.verdict is Verdict.REJECTED
    assert "threads: expected 1 thread, got 2" in record.reason


def test_honest_kernels_pass(tmp_path: Path, compiled: Path) -> None:
    """Slow and fast, played against each other: right kernels are judged by their times."""
    slow, fast = ((CHEATS / f"honest_{name}.py").read_text() for name in ("slow", "fast"))
    testing.assert_judged_by_time(testing.judge(FEW, slow, compiled, tmp_path, fast))


@pytest.mark.parametrize(("name", "rule"), REFUSED_BY_POLICY.items())
def test_the_policy_stops_what_it_can_before_it_runs(name: str, rule: str) -> None:
    """The first line of defence names the rule."""
    assert rule in testing.rules_broken((CHEATS / f"{name}.py").read_text(), "pq_l2")


@pytest.mark.parametrize("name", ["kernels", "baseline", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(pq_l2.__file__)).parent
    assert policy.findings((folder / f"{name}.py").read_text(), "pq_l2") == []
