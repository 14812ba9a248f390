"""Which rows an op asks for: five ways in which requests are spread, each with the shortcut it closes."""

import numpy as np

from harness_common.prng import SplitMix64

RUN = 32  # rows in a run or a window, in the mean
STRIDE = 8  # rows between two windows; fewer where there are few rows to ask for
SCATTER = 2_654_435_761  # odd, and no multiple of a timed number of rows: brings hot rows apart


def draw_indices(stream: SplitMix64, distribution: str, n: int, m: int) -> np.ndarray:
    """Return int64[m] below n; n is m / 32 + 64 or more.

    "runs" and "sparse" are what filters leave, "windows" what searches that overlap ask for;
    "uniform" is a search by an index, "hot" has few rows over and over.
    """
    if distribution == "uniform":  # closes what pays only where the next row is near the last
        return stream.integers(0, n, m)
    if distribution == "sparse":  # ascending, a row now and then: closes copying whole stretches
        return np.sort(stream.integers(0, n, m))
    if distribution == "runs":  # 1 to 63 rows in a run, runs ascending: closes runs of one length
        n_runs = m // RUN + 8
        lengths = stream.fork(0).integers(1, 2 * RUN, n_runs)
        firsts = np.sort(stream.fork(1).integers(0, n - 2 * RUN, n_runs))
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        rows = (np.repeat(firsts, lengths) + within)[:m]
        return np.concatenate([rows, np.sort(stream.fork(2).integers(0, n, m - len(rows)))])
    if distribution == "windows":  # each row four times or more: closes searching among sorted rows
        n_windows = -(-m // RUN)
        stride = min(STRIDE, (n - RUN) // n_windows)
        first = int(stream.integers(0, n - stride * n_windows - RUN + 1, 1)[0])
        starts = first + stride * np.arange(n_windows)
        return np.asarray((starts[:, np.newaxis] + np.arange(RUN)).reshape(-1)[:m])
    assert distribution == "hot", distribution
    share = stream.floats(m)
    for _ in range(3):  # the eighth power: half of the requests go to a 256th of the rows
        share = share * share
    return ((n * share).astype(np.int64) * SCATTER) % n
