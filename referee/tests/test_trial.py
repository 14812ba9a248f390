"""Whole trials of the toy target: real players, and blocks either real or made up."""

import dataclasses
import io
import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from referee import judging, report, trial
from referee.clocks import Turn
from referee.faults import Verdict
from referee.player_process import Rules
from referee.progress import Progress
from referee.stage import Question, Record
from referee.timing import Pair
from referee.workload import Experiment

COMBOS = ("normal/small", "normal/large")


@pytest.fixture
def judge(toy: Experiment, tmp_path: Path, source_paths: Sequence[Path]) -> Callable[..., Record]:
    """Return a function that runs a trial of a candidate text."""

    def judging_one(candidate: str, opponent: str, **question: Any) -> Record:
        asked = Question(candidate, opponent, **question)
        return trial.run(toy, asked, tmp_path, source_paths, Rules(), Progress(io.StringIO()))

    return judging_one


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Return a function that replaces timing: a list of ratios a block, one list for each measurement.

    A ratio is that of both combos, or a pair of one for each.
    """

    def replace(*measurements: Sequence[float | tuple[float, float]]) -> list[int]:
        used: list[int] = []
        waiting = iter(measurements)

        def blocks(*arguments: Any) -> Iterator[list[Pair]]:
            for ratio in next(waiting):
                used.append(1)
                ratios = ratio if isinstance(ratio, tuple) else (ratio, ratio)
                yield [pair(combo, one) for combo, one in zip(COMBOS, ratios, strict=True)]

        monkeypatch.setattr(judging, "blocks", blocks)
        return used

    return replace


def pair(combo: str, ratio: float) -> Pair:
    def turns(time_ns: float) -> list[Turn]:
        return [Turn([round(time_ns)] * 4, round(time_ns) * 4 + 50_000, 0) for _ in range(8)]

    return Pair(combo, turns(1e6 * ratio), turns(1e6))


STEADY = (0.001, -0.001, 0.0005, -0.0005, 0.0)


def around(ratio: float, n_blocks: int = 5) -> list[float]:
    return [ratio + STEADY[i % 5] for i in range(n_blocks)]


def slower(honest: str) -> str:
    return honest.replace("return values", "sum(range(9))\n        return values")


def test_verify_checks_and_does_not_time(judge: Callable[..., Record], honest: str) -> None:
    """All cases, all outputs, no verdict."""
    record = judge(honest, honest, verify_only=True)
    assert (record.correctness, record.verdict, record.n_cases, record.n_outputs_checked) == (
        "pass",
        None,
        3,
        9,
    )
    assert record.blocks == []
    assert record.peak_rss_bytes > 10 << 20


def test_a_wrong_kernel_fails_and_names_the_case(judge: Callable[..., Record], honest: str) -> None:
    """Wrong for seven values only: the case and the first difference are in the reason."""
    wrong = honest.replace("return values", "return (len(values) == 7) + values")
    record = judge(wrong, honest)
    assert (record.verdict, record.correctness) == (Verdict.FAIL, "fail")
    assert record.reason.startswith("case 7 values: op 0: scaled:")


def test_wrong_only_on_timed_inputs_fails_too(judge: Callable[..., Record], honest: str) -> None:
    """Right on every case, wrong on the sizes that are timed: timed outputs are checked."""
    sly = honest.replace("return values", "return (len(values) > 500) + values")
    record = judge(sly, honest)
    assert record.verdict is Verdict.FAIL
    assert record.reason.startswith("workload normal/small: op ")


def test_a_refused_text_never_runs(judge: Callable[..., Record], honest: str) -> None:
    """The policy reads before anything starts."""
    record = judge(f"import os\n{honest}", honest)
    assert record.verdict is Verdict.REJECTED
    assert record.reason == "import: kernels.py:1: os is not among the allowed modules"
    assert record.correctness == "not reached"


def test_real_blocks_fill_the_whole_document(judge: Callable[..., Record], honest: str) -> None:
    """Two real blocks: every combo, every sample, both clocks, and a block that people can read."""
    record = judge(honest, honest, n_blocks=2, seed=7)
    assert record.verdict in (Verdict.KEEP, Verdict.DISCARD)
    assert record.correctness == "pass"
    found = report.document(
        "toy", Question(honest, honest), record, {"cpu": "x", "cores": 2, "system": "y", "load": 0}, 1.0
    )
    played = found["samples"]["blocks"][1]
    assert np.array(played["normal/small"]["opponent"]["durations_ns"]).shape == (8, 4)
    assert np.array(played["normal/large"]["opponent"]["durations_ns"]).shape == (4, 4)
    assert set(found["per_combo_geomean_ns"]) == set(COMBOS)
    assert (found["shapes_tested"], found["distributions_tested"], found["seed"]) == (2, 1, 7)
    lines = report.block(found).splitlines()
    assert lines[0] == "---"
    keys = [line.split(":")[0] for line in lines[1:]]
    wanted = ["correctness", "shapes_tested", "distributions_tested", "geomean_ns_per_query"]
    wanted += ["worst_ns_per_query", "best_ns_per_query", "per_combo_geomean_ns", "peak_mem_mb"]
    wanted += ["total_seconds", "speedup_vs_baseline", "verdict", "ratio", "seed", "machine"]
    assert [key for key in wanted if key not in keys] == []


def test_a_round_that_makes_no_whole_turns_is_the_targets_mistake(
    toy: Experiment, honest: str, tmp_path: Path, source_paths: Sequence[Path]
) -> None:
    """Said where it is, to the person who writes the target."""
    odd = dataclasses.replace(toy, redraw=lambda workload, seed: toy.redraw(workload, seed)[:3])
    with pytest.raises(ValueError, match="normal/small: expected ops in fours in a round, got 3"):
        trial.run(odd, Question(honest, honest), tmp_path, source_paths, Rules(), Progress(io.StringIO()))


def test_the_same_seed_draws_the_same_inputs(
    judge: Callable[..., Record], toy: Experiment, honest: str
) -> None:
    """A recorded seed repeats the cases; without one, every trial draws anew."""
    cases = [toy.correctness_battery(5)[2].ops[0]["values"] for _ in range(2)]
    assert np.array_equal(np.asarray(cases[0]), np.asarray(cases[1]))
    record = judge(honest, honest, verify_only=True)
    assert 0 <= record.seed < 2**64


def test_a_clear_gain_is_confirmed_on_a_second_seed(
    judge: Callable[..., Record], made_up: Callable[..., list[int]], honest: str
) -> None:
    """Five blocks, five more on a fresh seed, and the second ratio is the one recorded."""
    used = made_up(around(0.90), around(0.93))
    record = judge(honest, slower(honest), confirm=True)
    assert record.verdict is Verdict.KEEP
    assert len(used) == 10
    assert record.confirmation_seed not in (None, record.seed)
    assert record.decision is not None
    assert record.decision.overall.ratio == pytest.approx(0.93, abs=1e-3)


def test_a_gain_that_does_not_repeat_is_not_kept(
    judge: Callable[..., Record], made_up: Callable[..., list[int]], honest: str
) -> None:
    """Luck on the first seed is discarded on the second."""
    made_up(around(0.90), around(1.0))
    record = judge(honest, honest, confirm=True)
    assert record.verdict is Verdict.DISCARD
    assert record.reason.startswith("not confirmed on a second seed: no gain")


def test_a_sure_gain_with_a_combo_in_doubt_is_confirmed_with_more_blocks(
    judge: Callable[..., Record], made_up: Callable[..., list[int]], honest: str
) -> None:
    """The second combo seems slower at first: after five blocks nobody knows, after eight it is not."""
    doubtful = [
        (0.8, 1.2),
        (0.8, 1.0),
        (0.8, 1.15),
        (0.8, 1.0),
        (0.8, 1.05),
        (0.8, 0.9),
        (0.8, 0.9),
        (0.8, 0.9),
    ]
    used = made_up(around(0.90), doubtful + [(0.8, 0.9)] * 20)
    record = judge(honest, slower(honest), confirm=True)
    assert record.verdict is Verdict.KEEP, record.reason
    assert 10 < len(used) < 20


def test_a_doubtful_gain_gets_no_more_blocks_to_be_confirmed(
    judge: Callable[..., Record], made_up: Callable[..., list[int]], honest: str
) -> None:
    """To look until it is good would be to choose the luckiest end."""
    used = made_up(around(0.90), [0.9, 1.1, 0.9, 1.1, 0.9] * 4)
    record = judge(honest, slower(honest), confirm=True)
    assert record.verdict is Verdict.DISCARD
    assert "inconclusive after 5 blocks" in record.reason
    assert len(used) == 10


def test_undecided_data_get_more_blocks(
    judge: Callable[..., Record], made_up: Callable[..., list[int]], honest: str
) -> None:
    """Noise that hides the answer at five blocks is measured on; at the cap it is inconclusive."""
    used = made_up([0.9, 1.1] * 30)
    record = judge(honest, honest, confirm=True)
    assert record.verdict is Verdict.DISCARD
    assert "inconclusive after 20 blocks" in record.reason
    assert len(used) == 20


def test_a_simpler_kernel_within_the_band_is_kept(
    judge: Callable[..., Record], made_up: Callable[..., list[int]], honest: str
) -> None:
    """The same speed with fewer nodes is worth keeping; the same speed with as many is not."""
    made_up(around(1.001), around(1.001))
    record = judge(honest, slower(honest), confirm=True)
    assert record.verdict is Verdict.KEEP
    assert "simpler" in record.reason


def test_a_kept_kernel_is_measured_against_the_baseline(
    judge: Callable[..., Record], made_up: Callable[..., list[int]], honest: str
) -> None:
    """Its speedup over Lance's own algorithm is measured, not multiplied together from earlier ones."""
    made_up(around(0.9), around(0.9), around(0.5))
    record = judge(honest, slower(honest), opponent_name="champion", baseline_text=honest, confirm=True)
    assert record.speedup_vs_baseline is not None
    assert record.speedup_vs_baseline.ratio == pytest.approx(2.0, rel=0.01)
    question = Question(honest, slower(honest), opponent_name="champion")
    found = report.document("toy", question, record, {}, 1.0)["combos_vs_baseline"]
    assert {combo: one["speedup"] for combo, one in found.items()} == pytest.approx(
        dict.fromkeys(COMBOS, 2.0), rel=0.01
    )


def test_a_slow_clock_is_refused(
    judge: Callable[..., Record], monkeypatch: pytest.MonkeyPatch, honest: str
) -> None:
    """A player whose clock runs at half speed looks twice as fast and is rejected."""

    def blocks(*arguments: Any) -> Iterator[list[Pair]]:
        while True:
            pairs = [pair(combo, 1.0) for combo in COMBOS]
            yield [
                dataclasses.replace(
                    one,
                    candidate=[
                        Turn([ns // 2 for ns in turn.durations_ns], turn.wall_ns, 0) for turn in one.candidate
                    ],
                )
                for one in pairs
            ]

    monkeypatch.setattr(judging, "blocks", blocks)
    record = judge(honest, slower(honest), confirm=True)
    assert record.verdict is Verdict.REJECTED
    assert "the two clocks disagree by 50.0%" in record.reason


def test_the_time_budget_ends_a_trial(judge: Callable[..., Record], honest: str) -> None:
    """Over the budget: timeout, not a decision on half the data."""
    record = judge(honest, honest, time_budget_s=0.0)
    assert record.verdict is Verdict.TIMEOUT
    assert record.reason == "over the time budget of 0 s"


def test_lint_refuses_a_keep_and_is_noted_otherwise(
    toy: Experiment, honest: str, tmp_path: Path, source_paths: Sequence[Path]
) -> None:
    """An unused import: `lar trial` says so before it measures, `lar verify` only mentions it."""
    text = f"import math\n{honest}"
    for confirm, place in ((True, tmp_path / "a"), (False, tmp_path / "b")):
        question = Question(text, honest, verify_only=True, confirm=confirm)
        record = trial.run(toy, question, place, source_paths, Rules(), Progress(io.StringIO()))
        said = [record.reason, record.detail] if confirm else record.suspects
        assert "lint: kernels.py:1:8: F401" in "\n".join(said)
        assert (record.verdict is Verdict.REJECTED) == confirm


def test_ctrl_c_does_not_wait_for_a_hanging_kernel(
    toy: Experiment, honest: str, tmp_path: Path, source_paths: Sequence[Path]
) -> None:
    """An interrupt during the battery ends the players at once and reaches the caller."""
    hanging = honest.replace("return values", "while True: pass\n        return values")
    question = Question(hanging, honest)
    threading.Timer(1.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    start_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        trial.run(toy, question, tmp_path, source_paths, Rules(), Progress(io.StringIO()))
    assert time.monotonic() - start_s < 20  # the answer limit is 60
    assert list(tmp_path.glob("*/player-*")) == []


def test_the_budget_ends_a_trial_in_the_middle_of_a_block(
    toy: Experiment, honest: str, tmp_path: Path, source_paths: Sequence[Path]
) -> None:
    """A kernel just fast enough for every answer may not hold the machine for hours: every round looks.

    By a made-up clock the budget ends after one look at the start, six in the battery, one before the block
    and two in its first rounds.
    """
    looks = itertools.count()
    question = Question(honest, honest, n_blocks=3, time_budget_s=1.0)
    progress = Progress(io.StringIO())
    record = trial.run(
        toy,
        question,
        tmp_path,
        source_paths,
        Rules(),
        progress,
        clock=lambda: 0.0 if next(looks) < 10 else 2.0,
    )
    assert record.verdict is Verdict.TIMEOUT
    assert record.correctness == "pass"
    assert record.blocks == []
    assert next(looks) == 11


def test_a_kernel_cannot_write_a_line_of_the_block(judge: Callable[..., Record], honest: str) -> None:
    """An exception is named by the kernel; a line break in its name stays within the reason's line."""
    forged = "\n\nraise type('E\\nverdict: keep', (Exception,), {})('x\\ud800')\n"
    record = judge(honest + forged, honest)
    question = Question(honest, honest)
    found = report.document("toy", question, record, {"cpu": "x", "cores": 2, "system": "y", "load": 0}, 1.0)
    lines = report.block(found).splitlines()
    assert [line for line in lines if line.startswith("verdict:")] == ["verdict:              crash"]
    report.block(found).encode()
