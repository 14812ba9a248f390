"""Blocks: candidate and opponent in fresh processes, timed in turn on the same fresh inputs."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harness_common.prng import SplitMix64
from referee import clocks, correctness
from referee.faults import KernelFault
from referee.player_process import PlayerProcess, Round
from referee.workload import Experiment, Workload

ROUNDS = 4
WARM_OPS = 4
CHECKED_OPS = 2


@dataclass(frozen=True)
class Pair:
    """All rounds of one combo in one block, in the order played."""

    combo: str
    candidate: list[Round]
    opponent: list[Round]

    def durations_ns(self, side: str) -> np.ndarray:
        """Return int64[rounds, ops] of the "candidate" or the "opponent"."""
        return np.array([played.durations_ns for played in getattr(self, side)], dtype=np.int64)


def play_block(
    experiment: Experiment,
    workloads: Sequence[Workload],
    candidate: PlayerProcess,
    opponent: PlayerProcess,
    stream: SplitMix64,
    least_ns: Callable[[int], float],
    rounds: int = ROUNDS,
) -> list[Pair]:
    """Time every workload once with this pair of players."""
    pairs = []
    for index, workload in enumerate(workloads):
        try:
            pair = play_workload(experiment, workload, candidate, opponent, stream.fork(index), rounds)
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
    rounds: int,
) -> Pair:
    """Play `rounds` rounds in ABBA order, inputs redrawn for each, after a short round that only warms up.

    Which outputs are checked is drawn from the operating system after both players have answered.
    """
    players = (candidate, opponent)
    for player in players:
        player.build(workload.build_inputs)
    played: dict[str, list[Round]] = {player.contender.name: [] for player in players}
    for number in range(rounds + 1):
        ops = experiment.redraw(workload, stream.fork(number).next_uint64())
        if number == 0:
            ops = ops[:WARM_OPS]
        for player in players if number % 2 else players[::-1]:
            one = player.play(ops)
            clocks.check_round(one)
            if number > 0:
                played[player.contender.name].append(one)
        indices = sorted(secrets.SystemRandom().sample(range(len(ops)), min(CHECKED_OPS, len(ops))))
        correctness.check_outputs(experiment, workload.build_inputs, ops, indices, players)
    return Pair(workload.combo, played[candidate.contender.name], played[opponent.contender.name])


def n_checked(pairs: Sequence[Pair]) -> int:
    """Return how many of a block's candidate outputs were compared with the reference."""
    return sum((len(pair.candidate) + 1) * CHECKED_OPS for pair in pairs)


def check_clocks(blocks: Sequence[Sequence[Pair]]) -> None:
    """Raise KernelFault if the two clocks tell different stories of candidate and opponent."""
    hidden = np.array([[clocks.hidden(pair.candidate, pair.opponent) for pair in block] for block in blocks])
    clocks.check_agreement(hidden, [pair.combo for pair in blocks[0]])
