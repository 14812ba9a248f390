"""Blocks: candidate and opponent in fresh processes, timed in turn on the same fresh inputs."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harness_common.prng import SplitMix64
from referee import clocks, correctness, statistics
from referee.clocks import Turn
from referee.faults import KernelFault, Verdict
from referee.player_process import PlayerProcess
from referee.workload import Experiment, Workload

ROUNDS = 4
WARM_OPS = 4
OPS_PER_TURN = 4  # a shared machine changes pace within some 10 ms: both players' turns must fit in it
CHECKED_OPS = 2


@dataclass(frozen=True)
class Pair:
    """All turns of one combo in one block; turn i of both sides ran the same ops, one after the other."""

    combo: str
    candidate: list[Turn]
    opponent: list[Turn]

    def durations_ns(self, side: str) -> np.ndarray:
        """Return int64[turns, ops] of the "candidate" or the "opponent"."""
        return np.array([turn.durations_ns for turn in getattr(self, side)], dtype=np.int64)


def play_block(
    experiment: Experiment,
    workloads: Sequence[Workload],
    candidate: PlayerProcess,
    opponent: PlayerProcess,
    stream: SplitMix64,
    least_ns: Callable[[int], float],
    check_budget: Callable[[], None],
) -> list[Pair]:
    """Time every workload once with this pair of players; `check_budget` may raise before any round."""
    pairs = []
    for index, workload in enumerate(workloads):
        try:
            pair = play_workload(experiment, workload, candidate, opponent, stream.fork(index), check_budget)
            clocks.check_floor(workload.combo, pair.durations_ns("candidate"), least_ns(workload.least_bytes))
        except KernelFault as fault:
            raise fault.at(f"workload {workload.combo}") from None
        pairs.append(pair)
    return pairs


def play_workload(
    experiment: Experiment,
    workload: Workload,
    candidate: PlayerProcess,
    opponent: PlayerProcess,
    stream: SplitMix64,
    check_budget: Callable[[], None],
) -> Pair:
    """Play the rounds of one workload, inputs redrawn for each, in turns of a few ops in ABBA order.

    A short round before them only warms up. Which outputs are checked is drawn from the operating system
    after both players have run the whole round.

    Raises: KernelFault if a player misbehaves; ValueError if `redraw` gives ops that make no whole turns.
    """
    players = (candidate, opponent)
    for player in players:
        player.build(workload.build_inputs)
    turns: tuple[list[Turn], list[Turn]] = ([], [])
    for number in range(ROUNDS + 1):
        check_budget()
        ops = experiment.redraw(workload, stream.fork(number).next_uint64())
        if len(ops) % OPS_PER_TURN != 0:
            raise ValueError(f"{workload.combo}: expected ops in fours in a round, got {len(ops)}")
        if number == 0:
            ops = ops[:WARM_OPS]
        sides = (0, 1) if number % 2 else (1, 0)
        for side in sides:
            players[side].take(ops)
        for turn in range(len(ops) // OPS_PER_TURN):
            for side in sides if turn % 2 == 0 else sides[::-1]:
                played = players[side].play(OPS_PER_TURN)
                if number > 0:
                    turns[side].append(played)
        indices = sorted(secrets.SystemRandom().sample(range(len(ops)), min(CHECKED_OPS, len(ops))))
        correctness.check_outputs(experiment, workload.build_inputs, ops, indices, players)
    for player, played_by in zip(players, turns, strict=True):
        wrong = clocks.overworked(played_by)
        if wrong:
            raise player.fault(Verdict.REJECTED, wrong)
    return Pair(workload.combo, *turns)


def n_checked(pairs: Sequence[Pair]) -> int:
    """Return how many of a block's candidate outputs were compared with the reference."""
    return len(pairs) * (ROUNDS + 1) * CHECKED_OPS


def log_ratios(blocks: Sequence[Sequence[Pair]]) -> np.ndarray:
    """Return float64[blocks, combos] of ln(candidate / opponent): of the typical op, which is the calmer one.

    Or of all the time, in the combos where some ops do the work of others and the typical op tells less.
    """
    whole = by_combo(blocks, statistics.whole_log_ratio)
    return np.where(in_bursts(blocks), whole, by_combo(blocks, statistics.log_ratio))


def in_bursts(blocks: Sequence[Sequence[Pair]]) -> np.ndarray:
    """Return bool[combos], in which some of one side's ops surely take the time that others save."""
    ours = by_combo(blocks, statistics.burst_part)
    theirs = by_combo(
        blocks, lambda candidate_ns, opponent_ns: statistics.burst_part(opponent_ns, candidate_ns)
    )
    return np.asarray(statistics.in_bursts(ours) | statistics.in_bursts(theirs))


def by_combo(
    blocks: Sequence[Sequence[Pair]], compared: Callable[[np.ndarray, np.ndarray], float]
) -> np.ndarray:
    """Return float64[blocks, combos] of what `compared` makes of the candidate's and the opponent's times."""
    return np.array(
        [
            [compared(pair.durations_ns("candidate"), pair.durations_ns("opponent")) for pair in block]
            for block in blocks
        ]
    )


def check(blocks: Sequence[Sequence[Pair]]) -> None:
    """Raise KernelFault if the two clocks tell different stories."""
    combos = [pair.combo for pair in blocks[0]]
    hidden = [
        np.concatenate([clocks.hidden(block[i].candidate, block[i].opponent) for block in blocks])
        for i in range(len(combos))
    ]
    clocks.check_agreement(hidden, combos)
