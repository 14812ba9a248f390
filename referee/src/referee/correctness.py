"""Outputs against the reference: the battery, and samples of the timed calls."""

from collections.abc import Callable, Mapping, Sequence

from harness_common.tolerance import Mismatch
from referee import wire
from referee.faults import KernelFault, Verdict
from referee.player_process import PlayerProcess
from referee.workload import Case, Experiment, OpInputs, Outputs, Value, applied


def check_case(experiment: Experiment, case: Case, player: PlayerProcess) -> int:
    """Run one case and compare every output; return how many ops were checked."""
    try:
        player.build(case.build_inputs)
        player.take(case.ops)
        player.play(len(case.ops))
        check_outputs(experiment, case.build_inputs, case.ops, range(len(case.ops)), [player])
    except KernelFault as fault:
        raise fault.at(f"case {case.name}") from None
    return len(case.ops)


def check_outputs(
    experiment: Experiment,
    build_inputs: Mapping[str, Value],
    ops: Sequence[OpInputs],
    indices: Sequence[int],
    players: Sequence[PlayerProcess],
) -> None:
    """Compare what `players` answered to the ops at `indices` of the round they have just played.

    Raises KernelFault (`fail`) at the first wrong output, or if a player's inputs are not what was sent.
    """
    shown = [player.show(indices) for player in players]
    places = {index: place for place, index in enumerate(indices)}
    last: Mapping[str, Value] = {}
    for index, op_inputs in enumerate(applied(ops)):
        last = op_inputs
        if index not in places:
            continue
        expected = experiment.expect(build_inputs, op_inputs)
        for player, (outputs, _) in zip(players, shown, strict=True):
            compare(experiment.compare, expected, outputs[places[index]], index, player)
    for player, (_, crc32) in zip(players, shown, strict=True):
        if crc32 != wire.checksum(last):
            reason = "inputs changed: a kernel must leave its inputs as they are"
            raise player.fault(Verdict.FAIL, reason)


def compare(
    comparison: Callable[[object, Outputs], None],
    expected: object,
    outputs: Outputs,
    index: int,
    player: PlayerProcess,
) -> None:
    try:
        comparison(expected, outputs)
    except Mismatch as mismatch:
        first, _, rest = str(mismatch).partition("\n")
        raise player.fault(Verdict.FAIL, f"op {index}: {first}", rest) from None
