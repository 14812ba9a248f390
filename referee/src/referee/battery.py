"""The correctness battery: every case on every contender, side by side, before anything is timed."""

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from referee import correctness
from referee.contender import Contender
from referee.player_process import PlayerProcess, started
from referee.stage import Stage
from referee.workload import Case


def check_batteries(stage: Stage, contenders: Sequence[Contender], seed: int) -> Sequence[Case]:
    """Run the whole correctness battery on each contender, side by side, and return its cases.

    A write behind an array that a kernel allocated ends its player, which has printed `free()`.
    """
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
        rules = dataclasses.replace(stage.rules, check_heap=True)
        players = [stack.enter_context(started(one, rules)) for one in contenders]
        side_by_side(check, players)
    stage.record.sandbox = players[0].sandbox
    if contenders[0].name == "candidate":
        stage.record.peak_rss_bytes = max(stage.record.peak_rss_bytes, players[0].peak_rss_bytes)
    return cases


def side_by_side(act: Callable[[PlayerProcess], None], players: Sequence[PlayerProcess]) -> None:
    """Do the same to each player at once, while nothing is timed; a fault of the candidate comes first."""
    with ThreadPoolExecutor(len(players)) as pool:
        done = [pool.submit(act, player) for player in players]
        try:
            wait(done)
        except BaseException:  # Ctrl-C: a thread that waits for a hanging player would wait on
            for player in players:
                player.kill()
            raise
    by_candidate_first = sorted(
        zip(players, done, strict=True), key=lambda one: one[0].contender.name != "candidate"
    )
    for _, future in by_candidate_first:
        future.result()
