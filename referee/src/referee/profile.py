"""A profile of one kernel: its times beside the baseline's, where they go, and the loop that takes most.

It decides nothing and records nothing. The times come from one block, as a trial would take it; where they go
is told by a third player, which is not timed.
"""

import dataclasses
import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness_common.prng import SplitMix64
from harness_common.stats import geomean
from referee import correctness, judging, machine, policy, statistics, timing
from referee.battery import side_by_side
from referee.contender import Contender, contender
from referee.faults import EXIT_CODES, KernelFault, Verdict
from referee.player_process import PlayerProcess, Rules, started
from referee.player_report import understood
from referee.progress import Progress
from referee.report import one_line, printable
from referee.stage import OverBudget, Question, Record, Stage
from referee.timing import Pair
from referee.workload import Case, Experiment, Workload

SCHEMA = 1
SAMPLING_S = 3.0  # redrawn inputs among it; a third of it in ops gives 5,000 samples


def take_profile(
    experiment: Experiment,
    question: Question,
    folder: Path,
    source_paths: Sequence[Path],
    rules: Rules,
    progress: Progress,
    clock: Callable[[], float],
) -> dict[str, Any]:
    """Return what can be told of `question.candidate_text`; never raises for what a kernel does.

    Its `verdict` is None, or why there is no profile: rejected, fail, crash or timeout.

    folder        an empty folder of the profile's own
    source_paths  where players find referee, harness_common and the target's package
    """
    seed = secrets.randbits(64) if question.seed is None else question.seed
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "target": experiment.package.replace("_", "-"),
        "verdict": None,
        "reason": "",
        "detail": "",
        "exit_code": 0,
        "seed": seed,
    }
    stage = Stage(
        experiment, question, rules, progress, clock, clock() + question.time_budget_s, Record(seed)
    )
    try:
        return {**found, **examined(stage, folder, source_paths)}
    except KernelFault as fault:
        verdict, reason, detail = fault.verdict, fault.reason, fault.detail
    except OverBudget:
        verdict, detail = Verdict.TIMEOUT, ""
        reason = f"over the time budget of {question.time_budget_s:g} s"
    ended = {"verdict": verdict, "reason": one_line(reason), "detail": printable(detail)}
    return {**found, **ended, "exit_code": EXIT_CODES[verdict]}


def examined(stage: Stage, folder: Path, source_paths: Sequence[Path]) -> dict[str, Any]:
    """Return times, shares and the hot loop. Raises: KernelFault, OverBudget."""
    experiment, question = stage.experiment, stage.question
    stage.progress("policy")
    for finding in policy.findings(question.candidate_text, experiment.package):
        if finding.refuses:
            raise KernelFault(Verdict.REJECTED, str(finding))

    stream = SplitMix64(stage.record.seed)
    stage.progress("drawing workloads")
    warm_up = experiment.correctness_battery(stream.fork(0).next_uint64())[0]
    workloads = list(experiment.speed_workloads(stream.fork(1).next_uint64()))
    candidate, baseline = (
        contender(name, experiment.package, text, folder, source_paths)
        for name, text in (("candidate", question.candidate_text), ("baseline", question.opponent_text))
    )
    stage.progress("compiling")
    told = compiled_and_sampled(stage, warm_up, workloads, candidate, baseline, stream.fork(3))
    stage.progress("timing one block")
    pairs = next(judging.blocks(stage, warm_up, workloads, candidate, baseline, stream.fork(2)))
    places = understood(told, len(workloads))
    copy_pace = machine.copy_pace()
    combos = {
        workload.combo: {**times(workload, pair, copy_pace), **built}
        for workload, pair, built in zip(workloads, pairs, places.pop("built"), strict=True)
    }
    return {
        "combos": combos,
        "geomean_ns_per_op": geomean([one["ns_per_op"] for one in combos.values()]),
        "ratio": math.exp(float(np.mean([math.log(one["ratio"]) for one in combos.values()]))),
        **places,
    }


def compiled_and_sampled(
    stage: Stage,
    warm_up: Case,
    workloads: Sequence[Workload],
    candidate: Contender,
    baseline: Contender,
    stream: SplitMix64,
) -> Mapping[str, Any]:
    """Let a player that samples compile the candidate, play all workloads on it and return what it tells.

    It comes first, because code that comes from a cache has no listing. The baseline compiles beside it, so
    that the block that is timed finds both in the cache, as in a trial.
    """

    def get_ready(player: PlayerProcess) -> None:
        player.load()
        correctness.check_case(stage.experiment, warm_up, player)
        player.pin()

    with started(candidate, dataclasses.replace(stage.rules, profiled=True)) as player:
        with started(baseline, stage.rules) as other:
            side_by_side(get_ready, [player, other])
        stage.progress("sampling")
        return sampled_play(stage, workloads, player, stream)


def sampled_play(
    stage: Stage, workloads: Sequence[Workload], player: PlayerProcess, stream: SplitMix64
) -> Mapping[str, Any]:
    """Play all workloads on a player that samples, and return what it tells.

    Each kernel is built twice: the first one's ops compile what their types ask for, and do not count. Of the
    rounds that do, one at least is played, and no more begins when a workload's part of the time is over.
    """
    for number, workload in enumerate(workloads):
        inputs = stream.fork(number)
        for n_rounds in (1, timing.ROUNDS):
            stage.check_budget()
            player.build(workload.build_inputs)
            until_s = stage.clock() + SAMPLING_S / len(workloads)
            for played in range(n_rounds):
                if played > 0 and stage.clock() > until_s:
                    break
                ops = stage.experiment.redraw(workload, inputs.next_uint64())
                ops = ops[: timing.WARM_OPS] if n_rounds == 1 else ops
                player.take(ops)
                player.play(len(ops))
    return player.places()


def times(workload: Workload, pair: Pair, copy_pace: Callable[[int], float]) -> dict[str, float]:
    """Return one combo's times, and the bytes that any right kernel must touch in them: a lower bound.

    Where a target is not sure how much must be read, it counts half of it, so that the clock check is safe.

    copy_gb_per_s  the pace at which one core copies as many bytes, reads and writes counted
    of_copy_pace   least_gb_per_s in parts of it; above 1 for a kernel that only reads, and fast
    """
    candidate_ns, baseline_ns = pair.durations_ns("candidate"), pair.durations_ns("opponent")
    ns_per_op = statistics.typical_ns(candidate_ns)
    copy_gb_per_s = copy_pace(workload.least_bytes)
    return {
        "ns_per_op": round(ns_per_op),
        "baseline_ns_per_op": round(statistics.typical_ns(baseline_ns)),
        "ratio": math.exp(statistics.log_ratio(candidate_ns, baseline_ns)),
        "least_bytes": workload.least_bytes,
        "least_gb_per_s": workload.least_bytes / ns_per_op,
        "copy_gb_per_s": copy_gb_per_s,
        "of_copy_pace": workload.least_bytes / ns_per_op / copy_gb_per_s,
    }
