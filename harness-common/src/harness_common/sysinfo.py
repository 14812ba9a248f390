"""What the operating system says about this process."""

import resource
import sys

BYTES_PER_MB = 1 << 20


def peak_rss_mb() -> float:
    """Return the most memory this process has ever held, in MB of 2**20 bytes.

    It never goes down, so measure one kernel per process.
    On Linux it starts no lower than the peak of the process that started this
    one, because exec keeps the count: start the measured process from a small one.

    Source: getrusage(2); `ru_maxrss` is in KiB on Linux and in bytes on macOS.
    """
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_bytes = peak if sys.platform == "darwin" else peak * 1024
    return peak_bytes / BYTES_PER_MB
