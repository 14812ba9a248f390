"""The machine a trial runs on: its description, its cores, and how fast it can touch memory."""

import math
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import llvmlite.binding
import numba
import numpy as np


def describe() -> dict[str, str | int | float]:
    """Return what a reader needs to know to judge a number from this machine."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else -1.0
    return {
        "cpu": cpu_name(),
        "llvm_cpu": llvmlite.binding.get_host_cpu_name(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "numba": numba.__version__,
        "numpy": np.__version__,
        "governor": read_first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
        or "not readable",
        "load": round(load, 2),
    }


def cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def read_first_line(path: str) -> str:
    try:
        return Path(path).read_text().splitlines()[0].strip()
    except (OSError, IndexError):
        return ""


def pin_referee() -> tuple[int | None, frozenset[int]]:
    """Pin this process to the first core it may use; return the last one, for timing players, and all.

    (None, none) where there is one core or the system does not pin: then nothing is pinned.
    """
    if not hasattr(os, "sched_setaffinity"):
        return None, frozenset()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return None, frozenset()
    os.sched_setaffinity(0, {cores[0]})
    return cores[-1], frozenset(cores)


def least_time(clock: Callable[[], int] = time.perf_counter_ns) -> Callable[[int], float]:
    """Return a function from bytes to the least believable ns in which one core can touch them.

    Half of the best memcpy of that many bytes: a copy both reads and writes, a kernel may only read.
    """
    known: dict[int, float] = {}

    def least_ns(n_bytes: int) -> float:
        if n_bytes not in known:
            source = np.ones(max(n_bytes, 1), dtype=np.uint8)
            target = np.zeros_like(source)
            best = float("inf")
            for _ in range(20):
                start = clock()
                np.copyto(target, source)
                best = min(best, clock() - start)
            known[n_bytes] = best / 2
        return known[n_bytes]

    return least_ns


def copy_pace(clock: Callable[[], int] = time.perf_counter_ns) -> Callable[[int], float]:
    """Return a function from bytes to the GB/s at which one core copies so many, reads and writes counted.

    The best of 5 ms, since it varies. Fewer than 64 KiB are taken for as many: the copy must be the cost.
    """
    known: dict[int, float] = {}

    def gb_per_s(n_bytes: int) -> float:
        size = max(n_bytes, 1 << 16)
        if size not in known:
            source = np.ones(size, dtype=np.uint8)
            target = np.zeros_like(source)
            best, begin = math.inf, clock()
            while best == math.inf or clock() - begin < 5_000_000:
                start = clock()
                np.copyto(target, source)
                best = min(best, clock() - start)
            known[size] = 2 * size / best
        return known[size]

    return gb_per_s
