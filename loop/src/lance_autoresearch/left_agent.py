"""An agent that a `kill -9` of lar left behind: a note says which, and the next lar ends it.

The agent itself dies with lar where the kernel can see to that, but what it had started does not.
All of it carries a mark in its environment, which is inherited; a pid alone could be another process
by now, so it counts only with its time of start, in the same boot.
"""

import json
import secrets
from pathlib import Path
from typing import Any

from lance_autoresearch.errors import LarError
from lance_autoresearch.files import replace_file
from lance_autoresearch.process_tree import PROC, Process, descendants, end_processes, process_table

MARK = "LAR_AGENT_MARK"


def announce(note: Path) -> str:
    """Write a note of an agent that is about to start, and return the mark for its environment."""
    mark = secrets.token_hex(16)
    write(note, {"mark": mark, "boot": boot()})
    return mark


def identify(note: Path, mark: str, pid: int) -> None:
    """Add to the note who the agent is; `pid` is also its session."""
    process = process_table().get(pid)
    write(note, {"mark": mark, "boot": boot(), "pid": pid, "started": process.started if process else None})


def forget(note: Path) -> None:
    """Remove the note: nothing of the agent runs any more."""
    note.unlink(missing_ok=True)


def end_left_agent(note: Path) -> int:
    """End what is left of the agent in `note`, remove the note, and return how many processes there were.

    Without /proc (macOS) nobody can tell whose a pid is now: nothing is ended.

    Raises: LarError if the note is none, or if a process outlives even SIGKILL.
    """
    if not note.is_file():
        return 0
    try:
        known = json.loads(note.read_bytes())
        mark = f"{MARK}={known['mark']}".encode()
    except (ValueError, KeyError, TypeError) as error:
        raise LarError(
            f"expected the note of an agent in {note}, got something else ({error}); "
            "see that no agent of that run is left, and delete the file"
        ) from error
    seen: dict[int, int] = {}
    end_processes(lambda: left(known, mark, seen))
    if still := left(known, mark, seen):
        raise LarError(f"expected the agent of an earlier lar to end, but process {min(still)} does not")
    forget(note)
    return len(seen)


def left(known: dict[str, Any], mark: bytes, seen: dict[int, int]) -> set[int]:
    """Return the processes of the agent that still run.

    seen  gets each one's pid and time of start, since whose child it was may not be known much longer
    """
    if known.get("boot") != boot():
        return set()
    table = {pid: process for pid, process in process_table().items() if not process.ended}
    agent = table.get(known.get("pid", 0))
    session = agent.pid if agent is not None and agent.started == known.get("started") else None
    roots = {
        process.pid for process in table.values() if process.session == session or carries(process, mark)
    }
    seen |= {pid: table[pid].started for pid in roots | descendants(table, roots, ())}
    return {pid for pid, started in seen.items() if pid in table and table[pid].started == started}


def carries(process: Process, mark: bytes) -> bool:
    """Return whether the environment that a process started with has the mark."""
    try:
        return mark in (PROC / str(process.pid) / "environ").read_bytes().split(b"\0")
    except OSError:  # it ended, or is somebody else's
        return False


def boot() -> str | None:
    """Return what differs between two boots: pids and times of start begin anew."""
    file = PROC / "sys/kernel/random/boot_id"
    return file.read_text().strip() if file.is_file() else None


def write(note: Path, content: dict[str, object]) -> None:
    replace_file(note, json.dumps(content).encode(), scratch=note.parent)
