"""Kernels that would win without the gate, each stopped for its own reason; honest ones pass.

Those that only a trial can show go through all of it but the policy: each defence must stand alone. One
player is enough for those that are betrayed to it. Those that a wrong or unfit answer gives away are played
in this process, on cases of the battery or on timed ops.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

import pq_l2
from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from pq_l2 import inputs
from pq_l2.run_experiment import EXPERIMENT
from referee import correctness, player, policy, testing
from referee.contender import contender
from referee.faults import KernelFault, Verdict
from referee.player_process import Rules, started
from referee.stage import Record
from referee.workload import Case

CHEATS = Path(__file__).parent / "cheats"
HONEST = "from pq_l2.baseline import PqKernel"

STOPPED = {
    "cached_by_pointer": (Verdict.FAIL, "op "),
    "sniffs_stack": (Verdict.FAIL, "workload "),
}
# How many blocks it takes: of bursts one can be sure only where blocks agree.
BETRAYED_BY_TIMES = {
    "patched_clock": (Verdict.REJECTED, "clock: the two clocks disagree", 1),
    "works_outside_the_span": (Verdict.REJECTED, "clock: the two clocks disagree", 1),
    "lays_out_anew_in_bursts": (Verdict.DISCARD, "by all of its time", testing.N_BLOCKS),
}

# A trial would find the others as well, and each of its processes takes a second to start.
BETRAYED_TO_A_PLAYER = {
    "mutates_input": (Verdict.FAIL, "inputs changed: "),
    "background_thread": (Verdict.CRASH, "can't start new thread"),
    "forged_reply": (Verdict.REJECTED, "channel: "),
}
WRONG = {
    "constant_zero": "table: ",
    "off_by_one": "ids: ",
    "float16_table": "table: ",
    "cached_by_identity": "ids: ",
    "cached_by_fingerprint": "ids: ",
}
WRONG_IN_TIMED_OPS = {  # in one of the first so many
    "right_for_first_calls": 64,
    "right_for_small_shapes": 8,
    "drops_rows_half_way": 8,
}
UNFIT = {
    "lazy_result": "expected exactly numpy.ndarray, got Lazy",
    "view_of_input": "got a view of the input 'codes'",
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
# Four times the turns in a block: on a busy machine it takes many, and more processes would take longer.
MORE_TURNS = dataclasses.replace(FEW, speed_workloads=lambda seed: FEW.speed_workloads(seed) * 4)


def test_every_cheat_is_on_trial() -> None:
    """No kernel lies in the folder that no test runs."""
    on_trial = {*STOPPED, *BETRAYED_BY_TIMES, *BETRAYED_TO_A_PLAYER, *WRONG, *WRONG_IN_TIMED_OPS}
    on_trial |= {*UNFIT, "honest_slow", "honest_fast"}
    assert {path.stem for path in CHEATS.glob("*.py")} == on_trial
    assert len(on_trial) >= 20


@pytest.mark.parametrize("name", STOPPED)
def test_a_cheat_is_stopped_for_its_own_reason(name: str, judge: Callable[..., Record]) -> None:
    """Without the policy's help, by the defence that its class calls for."""
    verdict, reason = STOPPED[name]
    text = (CHEATS / f"{name}.py").read_text()
    record = judge(text, n_blocks=1)
    assert reason in record.reason + record.detail, record.reason
    assert record.verdict is verdict


@pytest.mark.parametrize("name", BETRAYED_BY_TIMES)
def test_a_cheat_is_betrayed_by_times(name: str, tmp_path: Path, compiled: Path) -> None:
    """Its answers are right, and by some of its times it seems faster than it is."""
    verdict, reason, n_blocks = BETRAYED_BY_TIMES[name]
    text, may_repeat = (CHEATS / f"{name}.py").read_text(), verdict is not Verdict.REJECTED
    record = testing.judge(
        MORE_TURNS, HONEST, compiled, tmp_path, text, may_repeat=may_repeat, n_blocks=n_blocks
    )
    assert reason in record.reason, record.reason
    assert record.verdict is verdict


@pytest.mark.parametrize("name", WRONG)
def test_the_battery_finds_a_wrong_answer(name: str) -> None:
    """Played in this process, and it says what is wrong."""
    assert WRONG[name] in testing.wrong_in_battery(FEW, (CHEATS / f"{name}.py").read_text())


@pytest.mark.parametrize("name", WRONG_IN_TIMED_OPS)
def test_timed_ops_find_what_is_right_in_a_few_small_cases(name: str) -> None:
    """The battery without its timed sizes lets it pass; two rounds, or a part of one, do not."""
    kernels = testing.loaded(CHEATS / f"{name}.py")
    for case in FEW.correctness_battery(7):
        testing.check_case(EXPERIMENT, case, kernels)
    (timed,) = FEW.speed_workloads(7)
    ops = [op for seed in (1, 2) for op in inputs.redraw(timed, seed)][: WRONG_IN_TIMED_OPS[name]]
    with pytest.raises(Mismatch):
        testing.check_case(EXPERIMENT, Case("timed", timed.build_inputs, ops), kernels)


@pytest.mark.parametrize("name", UNFIT)
def test_an_answer_that_is_no_array_of_its_own_is_refused(name: str) -> None:
    """Before it is compared."""
    with pytest.raises(player.Unfit, match=UNFIT[name]):
        testing.wrong_in_battery(FEW, (CHEATS / f"{name}.py").read_text())


def play(name: str, folder: Path, compiled: Path, rules: Rules) -> None:
    """Have a player load a cheat and play the cases; KernelFault where it is stopped."""
    text, paths = (CHEATS / f"{name}.py").read_text(), testing.source_paths(EXPERIMENT)
    with started(contender("candidate", EXPERIMENT.package, text, folder, paths, compiled), rules) as process:
        process.load()
        for case in FEW.correctness_battery(7):
            correctness.check_case(EXPERIMENT, case, process)


@pytest.mark.parametrize("name", BETRAYED_TO_A_PLAYER)
def test_a_player_stops_a_cheat_for_its_own_reason(name: str, tmp_path: Path, compiled: Path) -> None:
    """Whatever it answers."""
    verdict, reason = BETRAYED_TO_A_PLAYER[name]
    with pytest.raises(KernelFault) as fault:
        play(name, tmp_path, compiled, Rules())
    assert reason in fault.value.reason
    assert fault.value.verdict is verdict


def test_a_thread_is_counted_where_it_cannot_be_forbidden(tmp_path: Path, compiled: Path) -> None:
    """On a system without seccomp the second thread starts, and is seen."""
    with pytest.raises(KernelFault, match="threads: expected 1 thread, got 2") as fault:
        play("background_thread", tmp_path, compiled, Rules(sandbox=False))
    assert fault.value.verdict is Verdict.REJECTED


def test_honest_kernels_pass(tmp_path: Path, compiled: Path) -> None:
    """Slow and fast, played against each other: right kernels are judged by their times."""
    slow, fast = ((CHEATS / f"honest_{name}.py").read_text() for name in ("slow", "fast"))
    testing.assert_judged_by_time(testing.judge(FEW, slow, compiled, tmp_path, fast, n_blocks=2))


@pytest.mark.parametrize(("name", "rule"), REFUSED_BY_POLICY.items())
def test_the_policy_stops_what_it_can_before_it_runs(name: str, rule: str) -> None:
    """The first line of defence names the rule."""
    assert rule in testing.rules_broken((CHEATS / f"{name}.py").read_text(), "pq_l2")


@pytest.mark.parametrize("name", ["kernels", "baseline", "honest_fast"])
def test_an_honest_text_passes_the_policy(name: str) -> None:
    """What ships, and what a good agent would write, breaks no rule."""
    folder = CHEATS if name == "honest_fast" else Path(str(pq_l2.__file__)).parent
    assert policy.findings((folder / f"{name}.py").read_text(), "pq_l2") == []
