"""One trial: policy, correctness, blocks until the data can tell, confirmation on a fresh seed."""

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from harness_common.budget import TIME_BUDGET_SECS
from harness_common.prng import SplitMix64

from referee import correctness, keep_rule, machine, policy, statistics, timing
from referee.faults import KernelFault, Verdict
from referee.keep_rule import Decision
from referee.player_process import Contender, PlayerProcess, Rules, contender, started
from referee.progress import Progress
from referee.statistics import Estimate
from referee.timing import Pair
from referee.workload import Case, Experiment, Workload


@dataclass(frozen=True)
class Question:
    """What a trial is asked: whose texts, how carefully, with which seed (None: from the system)."""

    candidate_text: str
    opponent_text: str
    opponent_name: str = "baseline"
    baseline_text: str | None = None
    seed: int | None = None
    verify_only: bool = False
    confirm: bool = False
    n_blocks: int | None = None
    time_budget_s: float = TIME_BUDGET_SECS


@dataclass
class Record:
    """What a trial has found so far; complete once `verdict` is set, whatever the verdict."""

    seed: int
    confirmation_seed: int | None = None
    verdict: Verdict | None = None
    reason: str = ""
    detail: str = ""
    correctness: str = "not reached"
    n_cases: int = 0
    n_outputs_checked: int = 0
    suspects: list[str] = field(default_factory=list)
    sandbox: str = ""
    peak_rss_bytes: int = 0
    workloads: list[Workload] = field(default_factory=list)
    blocks: list[list[Pair]] = field(default_factory=list)
    confirmation_blocks: list[list[Pair]] = field(default_factory=list)
    baseline_blocks: list[list[Pair]] = field(default_factory=list)
    decision: Decision | None = None
    speedup_vs_baseline: Estimate | None = None


class OverBudget(Exception):
    """The trial has used up its time."""


@dataclass(frozen=True)
class Stage:
    """What every step of a trial needs."""

    experiment: Experiment
    question: Question
    rules: Rules
    progress: Progress
    deadline_s: float
    clock: Callable[[], float]
    record: Record

    def check_budget(self) -> None:
        if self.clock() > self.deadline_s:
            raise OverBudget


def run(
    experiment: Experiment,
    question: Question,
    folder: Path,
    source_paths: Sequence[Path],
    rules: Rules,
    progress: Progress,
    clock: Callable[[], float] = time.monotonic,
) -> Record:
    """Judge `question.candidate_text` and return the whole record; never raises for what a kernel does.

    folder        an empty folder of the trial's own
    source_paths  where players find referee, harness_common and the target's package
    """
    deadline_s = clock() + question.time_budget_s
    progress("policy")
    found = policy.findings(question.candidate_text, experiment.package)
    seed = secrets.randbits(64) if question.seed is None else question.seed
    record = Record(seed, suspects=[str(finding) for finding in found if not finding.refuses])
    refused = [str(finding) for finding in found if finding.refuses]
    if refused:
        record.verdict, record.reason = Verdict.REJECTED, refused[0]
        record.detail = "\n".join(refused[1:])
        return record
    stage = Stage(experiment, question, rules, progress, deadline_s, clock, record)
    try:
        candidate = contender("candidate", experiment.package, question.candidate_text, folder, source_paths)
        name = question.opponent_name
        opponent = contender(name, experiment.package, question.opponent_text, folder, source_paths)
        judge(stage, candidate, opponent)
        if record.verdict is Verdict.KEEP and question.confirm:
            confirm(stage, candidate, opponent)
        if record.verdict is Verdict.KEEP and question.baseline_text is not None:
            text = question.baseline_text
            compare_with_baseline(
                stage, candidate, contender("baseline", experiment.package, text, folder, source_paths)
            )
    except KernelFault as fault:
        record.verdict, record.reason, record.detail = fault.verdict, fault.reason, fault.detail
        if fault.verdict is Verdict.FAIL:
            record.correctness = "fail"
    except OverBudget:
        record.verdict = Verdict.TIMEOUT
        record.reason = f"over the time budget of {question.time_budget_s:g} s"
    return record


def judge(stage: Stage, candidate: Contender, opponent: Contender) -> None:
    """Check both contenders on the first seed, then time blocks until the keep rule can tell."""
    record, question = stage.record, stage.question
    stream = SplitMix64(record.seed)
    cases = check_batteries(stage, [candidate, opponent], stream.fork(0).next_uint64())
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

    The ratio that is recorded is the second one: it was not chosen for being good.
    """
    record = stage.record
    record.confirmation_seed = SplitMix64(record.seed).fork(3).next_uint64()
    if stage.question.seed is None:
        record.confirmation_seed = secrets.randbits(64)
    stream = SplitMix64(record.confirmation_seed)
    cases = check_batteries(stage, [candidate], stream.fork(0).next_uint64())
    stage.progress("drawing workloads again")
    workloads = list(stage.experiment.speed_workloads(stream.fork(1).next_uint64()))
    for pairs in blocks(stage, cases[0], workloads, candidate, opponent, stream.fork(2)):
        record.confirmation_blocks.append(pairs)
        stage.progress("confirming block", len(record.confirmation_blocks), len(record.blocks))
        if len(record.confirmation_blocks) == len(record.blocks):
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
    record.speedup_vs_baseline = statistics.overall(-log_ratios(record.baseline_blocks))


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
            pairs = timing.play_block(stage.experiment, workloads, *players, stream.fork(number), least_ns)
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


def check_batteries(stage: Stage, contenders: Sequence[Contender], seed: int) -> Sequence[Case]:
    """Run the whole correctness battery on each contender, side by side, and return its cases."""
    stage.progress("drawing cases")
    cases = stage.experiment.correctness_battery(seed)

    def check(player: PlayerProcess) -> None:
        player.load()
        watched = player.contender.name == "candidate"
        for number, case in enumerate(cases, 1):
            stage.check_budget()
            n_checked = correctness.check_case(stage.experiment, case, player)
            if watched:
                stage.progress("checking case", number, len(cases))
                stage.record.n_cases += 1
                stage.record.n_outputs_checked += n_checked

    with contextlib.ExitStack() as stack:
        players = [stack.enter_context(started(one, stage.rules)) for one in contenders]
        side_by_side(check, players)
    stage.record.sandbox = players[0].sandbox
    return cases


def side_by_side(act: Callable[[PlayerProcess], None], players: Sequence[PlayerProcess]) -> None:
    """Do the same to each player at once, while nothing is timed; a fault of the candidate comes first."""
    with ThreadPoolExecutor(len(players)) as pool:
        done = [pool.submit(act, player) for player in players]
    by_candidate_first = sorted(
        zip(players, done, strict=True), key=lambda one: one[0].contender.name != "candidate"
    )
    for _, future in by_candidate_first:
        future.result()


def decided(stage: Stage, played: list[list[Pair]], *, may_go_on: bool) -> Decision:
    """Apply the clock check over all blocks, then the keep rule."""
    timing.check_clocks(played)
    combos = [pair.combo for pair in played[0]]
    question = stage.question
    fewer_nodes = policy.n_nodes(question.candidate_text) < policy.n_nodes(question.opponent_text)
    ratios = log_ratios(played)
    return keep_rule.decide(ratios, combos, fewer_nodes=fewer_nodes, may_go_on=may_go_on)


def log_ratios(played: list[list[Pair]]) -> np.ndarray:
    """Return float64[blocks, combos]."""
    return np.array(
        [
            [
                statistics.log_ratio(pair.durations_ns("candidate"), pair.durations_ns("opponent"))
                for pair in block
            ]
            for block in played
        ]
    )
