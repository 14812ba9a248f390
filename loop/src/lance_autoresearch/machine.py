"""What the doctor sees of the machine itself, beside what the referee reports."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

STAT = Path("/proc/stat")


@dataclass(frozen=True)
class Jiffies:
    """Processor time since boot, in ticks: all of it, and what the host took from this machine."""

    total: int
    stolen: int


def jiffies(stat: Path = STAT) -> Jiffies | None:
    """Return the counters of the first line of /proc/stat, or None where there is no such file.

    Source: proc_stat(5); the eighth number is steal, and guest time is already part of user time.
    """
    if not stat.is_file():
        return None
    counts = [int(word) for word in stat.read_text().split("\n", 1)[0].split()[1:9]]
    return Jiffies(sum(counts), counts[7] if len(counts) > 7 else 0)


def stolen_share(before: Jiffies | None, after: Jiffies | None) -> float | None:
    """Return the share of processor time, 0 to 1, that the host took in between, if it is known."""
    if before is None or after is None or after.total <= before.total:
        return None
    return (after.stolen - before.stolen) / (after.total - before.total)


def load_average() -> float:
    """Return how many processes wanted to run, averaged over the last minute."""
    return os.getloadavg()[0]


def usable_cores() -> int:
    """Return how many cores this process may run on, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_git() -> bool:
    """Return whether git is on the PATH."""
    return shutil.which("git") is not None
