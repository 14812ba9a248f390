"""Blocks until the keep rule can tell, the confirmation of a keep, and the gain over the baseline."""

import contextlib
import dataclasses
import secrets
from collections.abc import Iterator, Sequence

from harness_common.prng import SplitMix64
from referee import correctness, keep_rule, machine, policy, statistics, timing
from referee.battery import check_batteries, side_by_side
from referee.contender import Contender
from referee.faults import Verdict
from referee.keep_rule import Decision
from referee.player_process import PlayerProcess, started
from referee.stage import Stage
from referee.timing import Pair
from referee.workload import Case, Workload


def judge(stage: Stage, candidate: Contender, opponent: Contender) -> None:
    """Check both contenders on the first seed, then time blocks until the keep rule can tell."""
    record, question = stage.record, stage.question
    stream = SplitMix64(record.seed)
    contenders = [candidate] if question.verify_only else [candidate, opponent]
    cases = check_batteries(stage, contenders, stream.fork(0).next_uint64())
    record.correctness = "pass"
    if question.verify_only:
        record.reason = "correct; not timed"
        return
    stage.progress("drawing workloads")
    record.workloads = list(stage.experiment.speed_workloads(stream.fork(1).next_uint64()))
    most = question.n_blocks or keep_rule.MAX_BLOCKS
    least = question.n_blocks or keep_rule.MIN_BLOCKS
    for pairs in blocks(stage, cases[0], record.workloads, candidate, opponent, stream.fork(2)):
        record.blocks.append(pairs)
        n_blocks = len(record.blocks)
        stage.progress("timing block", n_blocks, least if n_blocks <= least else most)
        if n_blocks < least:
            continue
        record.decision = decided(stage, record.blocks, may_go_on=n_blocks < most)
        if record.decision.verdict is not None:
            break
    assert record.decision is not None
    record.verdict, record.reason = record.decision.verdict, record.decision.reason


def confirm(stage: Stage, candidate: Contender, opponent: Contender) -> None:
    """Repeat a keep on a second seed, as many blocks as the first took, and one look at the end.

    The ratio that is recorded is the second one: it was not chosen for being good. Where it is surely a gain
    and only a combo is in doubt, more blocks are played for that one's sake; they cannot make a gain of none.
    """
    record, question = stage.record, stage.question
    most = question.n_blocks or keep_rule.MAX_BLOCKS
    record.confirmation_seed = SplitMix64(record.seed).fork(3).next_uint64()
    if question.seed is None:
        record.confirmation_seed = secrets.randbits(64)
    stream = SplitMix64(record.confirmation_seed)
    cases = check_batteries(stage, [candidate], stream.fork(0).next_uint64())
    stage.progress("drawing workloads again")
    workloads = list(stage.experiment.speed_workloads(stream.fork(1).next_uint64()))
    for pairs in blocks(stage, cases[0], workloads, candidate, opponent, stream.fork(2)):
        record.confirmation_blocks.append(pairs)
        n_blocks, least = len(record.confirmation_blocks), len(record.blocks)
        stage.progress("confirming block", n_blocks, least if n_blocks <= least else most)
        if n_blocks >= least:
            so_far = decided(stage, record.confirmation_blocks, may_go_on=n_blocks < most)
            if not keep_rule.only_the_guard_is_open(so_far):
                break
    record.decision = decided(stage, record.confirmation_blocks, may_go_on=False)
    record.verdict, record.reason = record.decision.verdict, record.decision.reason
    if record.verdict is Verdict.DISCARD:
        record.reason = f"not confirmed on a second seed: {record.reason}"


def compare_with_baseline(stage: Stage, candidate: Contender, baseline: Contender) -> None:
    """Measure what the kept kernel gains over Lance's own algorithm."""
    record = stage.record
    stream = SplitMix64(record.seed).fork(4)
    cases = check_batteries(stage, [baseline], stream.fork(0).next_uint64())
    for pairs in blocks(stage, cases[0], record.workloads, candidate, baseline, stream.fork(2)):
        record.baseline_blocks.append(pairs)
        stage.progress("against the baseline, block", len(record.baseline_blocks), keep_rule.MIN_BLOCKS)
        if len(record.baseline_blocks) == keep_rule.MIN_BLOCKS:
            break
    timing.check(record.baseline_blocks)
    record.speedup_vs_baseline = statistics.overall(-timing.log_ratios(record.baseline_blocks))


def blocks(
    stage: Stage,
    warm_up: Case,
    workloads: Sequence[Workload],
    candidate: Contender,
    opponent: Contender,
    stream: SplitMix64,
) -> Iterator[list[Pair]]:
    """Yield one block after another, each with a fresh process pair, while the time budget lasts."""
    least_ns = machine.least_time()
    number = 0
    while True:
        stage.check_budget()
        with pair_of_players(stage, warm_up, candidate, opponent, first=number % 2) as players:
            pairs = timing.play_block(
                stage.experiment, workloads, *players, stream.fork(number), least_ns, stage.check_budget
            )
        stage.record.peak_rss_bytes = max(stage.record.peak_rss_bytes, players[0].peak_rss_bytes)
        stage.record.n_outputs_checked += timing.n_checked(pairs)
        yield pairs
        number += 1


@contextlib.contextmanager
def pair_of_players(
    stage: Stage, warm_up: Case, candidate: Contender, opponent: Contender, first: int
) -> Iterator[tuple[PlayerProcess, PlayerProcess]]:
    """Start both players, in an order that alternates, and let them load and compile side by side.

    They warm up on a correctness case, so that no timed workload is the first thing that they see.
    """

    def get_ready(player: PlayerProcess) -> None:
        player.load()
        correctness.check_case(stage.experiment, warm_up, player)
        player.pin()

    with contextlib.ExitStack() as stack:
        order = (candidate, opponent) if first == 0 else (opponent, candidate)
        by_name = {one.name: stack.enter_context(started(one, stage.rules)) for one in order}
        side_by_side(get_ready, list(by_name.values()))
        yield by_name[candidate.name], by_name[opponent.name]


def decided(stage: Stage, played: list[list[Pair]], *, may_go_on: bool) -> Decision:
    """Apply the clock check over all blocks, then the keep rule."""
    timing.check(played)
    combos = [pair.combo for pair in played[0]]
    question = stage.question
    fewer_nodes = policy.n_nodes(question.candidate_text) < policy.n_nodes(question.opponent_text)
    ratios = timing.log_ratios(played)
    decision = keep_rule.decide(ratios, combos, fewer_nodes=fewer_nodes, may_go_on=may_go_on)
    bursty = [combo for combo, whole in zip(combos, timing.in_bursts(played), strict=True) if whole]
    if bursty:
        where = "" if len(bursty) == len(combos) else f" at {', '.join(bursty)}"
        reason = f"{decision.reason}; by all of its time{where}, as some ops take what others save"
        return dataclasses.replace(decision, reason=reason)
    return decision
