"""What a profiled player tells of its samples: shares by function, and the listings with shares by line.

Of the kernels that were built the first is that of a correctness case, and then of each two the first only
warms up: the second one's ops are what it tells of.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from referee import counters, sampling
from referee.listing import Listed, listed_functions
from referee.sampling import Sampler

MOST_LISTED = 6
# what the file name of a mapping begins with, and what a person calls it
FILES = {
    "libpython": "Python",
    "python": "Python",
    "_dispatcher": "Numba's dispatch",
    "_multiarray_umath": "NumPy",
    "libllvmlite": "compiling",
    "libc.so": "libc",
    "libm.so": "libm",
    "[vdso]": "the clock",
}


def watched(
    prepare: Callable[..., Any], kernels: ModuleType
) -> tuple[Callable[..., Any], Callable[[], dict[str, Any]]]:
    """Return `prepare` with ops that are looked at, and a function that reports what was seen."""
    sampler = sampling.start(counters.opened())
    return sampling.sampled(prepare, sampler), lambda: report(kernels, sampler)


def report(kernels: ModuleType, sampler: Sampler) -> dict[str, Any]:
    """Return the answer to a request for places, as plain numbers and text.

    built     for each kernel measured: n_ops, samples by function, sums of the counters
    listings  the compiled functions with most samples, each line with its share of all kernels' samples
    """
    maps = Path("/proc/self/maps").read_text() if sampler.code else ""
    listed = listed_functions(kernels)
    measured = range(2, len(sampler.built), 2)
    built = [
        {
            "n_ops": sampler.built[number].n_ops,
            "functions": named(sampler.samples(number), listed, maps),
            "counted": dict(zip(sampler.counters.names, sampler.built[number].counted, strict=True)),
        }
        for number in measured
    ]
    listings: list[tuple[float, dict[str, Any]]] = []
    for one in listed:
        shares = np.zeros(len(one.lines))
        for number in measured:
            samples = sampler.samples(number)
            counts = counts_by_line(samples, one)
            if counts is None:
                break
            shares += counts / max(1, len(samples)) / len(measured)
        else:
            if shares.any() or sampler.code is None:
                told = {"function": one.name, "lines": one.lines, "shares": shares.tolist()}
                listings.append((float(shares.sum()), told))
    listings.sort(key=lambda share_and_told: -share_and_told[0])
    return {
        "sampled": sampler.code is not None,
        "built": built,
        "listings": [told for _, told in listings[:MOST_LISTED]],
        "counters_missing": sampler.counters.missing,
    }


def named(samples: np.ndarray, listed: Sequence[Listed], maps: str) -> dict[str, int]:
    """Return how many of `samples` lie in each compiled function, or else in which file's code.

    samples  int64[n]  program counters
    maps     the text of /proc/self/maps
    """
    counts: dict[str, int] = {}
    left = np.ones(len(samples), bool)
    for one in listed:
        inside = (samples >= one.addresses[0]) & (samples < one.end)
        if inside.any():
            counts[one.name] = counts.get(one.name, 0) + int(inside.sum())
            left &= ~inside
    for line in maps.splitlines():
        words = line.split()
        begin, end = (int(word, 16) for word in words[0].split("-"))
        inside = left & (samples >= begin) & (samples < end)
        if inside.any():
            name = Path(words[5]).name if len(words) > 5 else "other compiled code"
            label = next((label for start, label in FILES.items() if name.startswith(start)), name)
            counts[label] = counts.get(label, 0) + int(inside.sum())
            left &= ~inside
    if left.any():
        counts["elsewhere"] = int(left.sum())
    return counts


def counts_by_line(samples: np.ndarray, one: Listed) -> np.ndarray | None:
    """Return int64[lines], the samples at each instruction; None if one lies between two instructions.

    None then means that the listing is not the code that ran.
    """
    inside = samples[(samples >= one.addresses[0]) & (samples < one.end)]
    # of the lines at one address the last is the instruction, the others are its labels
    at = np.searchsorted(one.addresses, inside, side="right") - 1
    if not np.array_equal(one.addresses[at], inside):
        return None
    return np.bincount(at, minlength=len(one.lines))
