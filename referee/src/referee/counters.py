"""The processor's own counters for one process, where the system gives them: perf_event_open(2).

No program `perf` is needed. A virtual machine often has no such counters, and a system may forbid them
(/proc/sys/kernel/perf_event_paranoid above 2): then the list of names is shorter, and `missing` says why.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass

CALL = {"x86_64": 298, "aarch64": 241}
HARDWARE, SOFTWARE = 0, 1
# (kind, number) as in linux/perf_event.h; the order is the one in which they are shown
EVENTS = {
    "cycles": (HARDWARE, 0),
    "instructions": (HARDWARE, 1),
    "cache misses": (HARDWARE, 3),
    "branch misses": (HARDWARE, 5),
    "page faults": (SOFTWARE, 2),
}
USER_ONLY = 1 << 5 | 1 << 6  # exclude_kernel, exclude_hv: all that an ordinary user may count
CLOSE_ON_EXEC = 8
TIMES = 1 << 0 | 1 << 1  # a reading has the times enabled and running behind the count
REASONS = {
    errno.ENOENT: "this machine has none, as a virtual one often",
    errno.EACCES: "forbidden by /proc/sys/kernel/perf_event_paranoid",
    errno.EPERM: "forbidden",
}


@dataclass(frozen=True)
class Counters:
    """Open counters of this process; names[i] is what descriptors[i] counts."""

    names: tuple[str, ...] = ()
    descriptors: tuple[int, ...] = ()
    missing: str = ""

    def read(self) -> list[tuple[int, int, int]]:
        """Return how much each has counted so far, in how many ns, and how many of these it was on."""
        return [struct.unpack("<QQQ", os.read(descriptor, 24)) for descriptor in self.descriptors]


def counted(readings: tuple[int, int, int]) -> int:
    """Return the count for all of a time, from what differs between two readings at its ends.

    A processor has few counters; where there are more events than that, they take turns.
    """
    count, enabled_ns, running_ns = readings
    return round(count * enabled_ns / running_ns) if running_ns else 0


def opened(events: Mapping[str, tuple[int, int]] = EVENTS) -> Counters:
    """Open a counter for each of `events` that this machine has, counting this process in user mode."""
    number = CALL.get(platform.machine())
    if sys.platform != "linux" or number is None:
        return Counters(missing="only on Linux, x86-64 and aarch64")
    libc = ctypes.CDLL(None, use_errno=True)
    found: dict[str, int] = {}
    without, reason = [], ""
    for name, (kind, config) in events.items():
        attributes = struct.pack("<IIQQQQQIIQ", kind, 64, config, 0, 0, TIMES, USER_ONLY, 0, 0, 0)
        descriptor = libc.syscall(number, attributes, 0, -1, -1, ctypes.c_ulong(CLOSE_ON_EXEC))
        if descriptor < 0:
            without.append(name)
            code = ctypes.get_errno()
            reason = REASONS.get(code, os.strerror(code).lower())
        else:
            found[name] = descriptor
    missing = f"{', '.join(without)}: {reason}" if without else ""
    return Counters(tuple(found), tuple(found.values()), missing)
