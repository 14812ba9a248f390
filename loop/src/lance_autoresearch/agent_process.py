"""One turn of an agent as a process: it cannot wait for a person, stall, flood the disk or leave a child.

On Linux nothing that descends from the agent outlives the turn, whatever session it is in. Elsewhere
(macOS) only its process group is ended, and an agent outlives a `kill -9` of lar.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lance_autoresearch import left_agent
from lance_autoresearch.agents import Launch
from lance_autoresearch.git import ELSEWHERE, undisturbed
from lance_autoresearch.process import die_with_parent
from lance_autoresearch.process_tree import (
    adopting_orphans,
    descendants,
    end_processes,
    process_table,
    reap_orphans,
)

PACE_S = 0.1  # ten looks a second cost a trial on the same machine nothing that can be measured


@dataclass(frozen=True)
class Limits:
    """What a turn may take.

    turn_s        from its start
    stall_s       with no output, no change of kernels.py and no trial of its own
    output_bytes  of its output; what was written in the tenth of a second before it was stopped is cut off
    """

    turn_s: float
    stall_s: float
    output_bytes: int


@dataclass(frozen=True)
class Ending:
    """How the turn ended.

    reason       "ended" by itself, "stalled", "over time", "flood", or "not started"
    exit_code    the agent's own; a signal is a negative number
    left_behind  how many processes besides the agent had to be ended
    """

    reason: str
    exit_code: int | None
    wall_s: float
    output_bytes: int
    left_behind: int


def run_agent(
    launch: Launch,
    workdir: Path,
    output: Path,
    limits: Limits,
    *,
    watched: Path,
    busy: Callable[[], bool],
    note: Path,
    environment: dict[str, str],
) -> Ending:
    """Run one turn to its end and return how it ended; its processes have all ended too.

    No other thread may start processes meanwhile: they would be taken for the agent's.

    output       gets stdout and stderr; the agent writes it itself, so a kill of lar loses nothing of it
    watched      a change of this file is a sign of life
    busy         whether a trial of the agent's own runs; asked only when all else is quiet
    note         where `left_agent` finds what runs, should lar be killed
    environment  what is added to ours, before what `launch` adds

    Raises: whatever `busy` or a signal handler raises (Interrupted), after the agent has been ended.
    """
    spared = descendants(process_table(), {os.getpid()}, ())
    started_s = time.monotonic()
    output.write_bytes(b"")
    with (
        adopting_orphans(),
        output.open("ab") as sink,
        open(launch.stdin or os.devnull, "rb") as source,
    ):
        agent, reason, left_behind = None, "not started", 0
        try:
            with undisturbed():  # no Ctrl-C falls between the start and the note
                mark = left_agent.announce(note)
                added = {**environment, **launch.environment, left_agent.MARK: mark}
                agent = start(launch.argv, workdir, source, sink, added)
                if agent is not None:
                    left_agent.identify(note, mark, agent.pid)
            if agent is not None:
                reason = attend(agent, output, limits, watched, busy, spared)
        finally:
            with undisturbed():
                if agent is not None:
                    left_behind = len(running(agent, spared) - {agent.pid, -agent.pid})
                    end_processes(lambda: running(agent, spared))
                left_agent.forget(note)
    if output.stat().st_size > limits.output_bytes:
        os.truncate(output, limits.output_bytes)
    exit_code = None if agent is None else agent.poll()
    wall_s = time.monotonic() - started_s
    return Ending(reason, exit_code, wall_s, output.stat().st_size, left_behind)


def start(
    argv: tuple[str, ...], workdir: Path, source: IO[bytes], sink: IO[bytes], added: dict[str, str]
) -> subprocess.Popen[bytes] | None:
    """Start the agent in its own session, so that it has no terminal to wait at and no Ctrl-C but ours.

    None if the system cannot; `sink` says why.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    ask_to_die = die_with_parent()

    def begin() -> None:
        if ask_to_die is not None:
            ask_to_die()
        # Not ignored and not held back, as they would be by inheritance: its tools may rely on them.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    try:
        return subprocess.Popen(
            argv,
            cwd=workdir,
            env={**inherited, **added},
            stdin=source,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=begin,
        )
    except OSError as error:
        sink.write(f"{error}\n".encode("utf-8", "replace"))
        return None


def attend(
    agent: subprocess.Popen[bytes],
    output: Path,
    limits: Limits,
    watched: Path,
    busy: Callable[[], bool],
    spared: Collection[int],
) -> str:
    """Watch the agent until it ends or has to be ended, and return why."""
    started_s = changed_s = time.monotonic()
    seen: tuple[int, int | None] | None = None
    while agent.poll() is None:
        reap_orphans({agent.pid, *spared})
        now_s, size = time.monotonic(), output.stat().st_size
        if seen != (seen := (size, modified_ns(watched))):
            changed_s = now_s
        if size > limits.output_bytes:
            return "flood"
        if now_s - started_s > limits.turn_s:
            return "over time"
        if now_s - changed_s > limits.stall_s:
            if not busy():
                return "stalled"
            changed_s = now_s
        time.sleep(PACE_S)
    return "ended"


def modified_ns(file: Path) -> int | None:
    """Return when `file` last changed, or None while there is none: an editor may replace it."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return None


def running(agent: subprocess.Popen[bytes], spared: Collection[int]) -> set[int]:
    """Return the processes of the turn that still run; without /proc, the agent's group as one."""
    agent.poll()
    reap_orphans({agent.pid, *spared})
    if sys.platform == "linux":
        table, us = process_table(), os.getpid()
        below = descendants(table, {us}, spared)
        # What has ended and is ours to reap counts until it is: the next look does it.
        return {pid for pid in below if table[pid].parent == us or not table[pid].ended}
    try:
        os.kill(-agent.pid, 0)
    except (ProcessLookupError, PermissionError):
        return set()
    return {-agent.pid}
