"""What a profiled player tells of its samples: shares by function, and the listings with shares by line.

Of the kernels that were built the first is that of a correctness case, and then of each two the first only
warms up: the second one's ops are what it tells of.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from referee import counters, sampling
from referee.libraries import Library, fits, kept_libraries, listed_functions
from referee.listing import Listed
from referee.sampling import Sampler

MOST_LISTED = 6
OTHER = "other compiled code"
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
    prepare: Callable[..., Any],
) -> tuple[Callable[..., Any], Callable[[], dict[str, Any]]]:
    """Return `prepare` with ops that are looked at, and a function that reports what was seen."""
    sampler, libraries = sampling.start(counters.opened()), kept_libraries()
    return sampling.sampled(prepare, sampler), lambda: report(libraries, sampler)


def report(libraries: Sequence[Library], sampler: Sampler) -> dict[str, Any]:
    """Return the answer to a request for places, as plain numbers and text.

    built     for each kernel measured: n_ops, samples by function, sums of the counters
    listings  the compiled functions with most samples, each line with its share of all kernels' samples
    unlisted  the share of the functions whose listing is not known, by name
    """
    maps = Path("/proc/self/maps").read_text() if sampler.code else ""
    measured = range(2, len(sampler.built), 2)
    samples = [sampler.samples(number) for number in measured]
    every = np.concatenate([np.zeros(0, np.int64), *samples])
    listed = listed_functions(libraries, every)
    built: list[dict[str, Any]] = [
        {
            "n_ops": sampler.built[number].n_ops,
            "functions": named(noted, listed, maps),
            "counted": {
                name: counters.counted(readings)
                for name, readings in zip(sampler.counters.names, sampler.built[number].readings, strict=True)
            },
        }
        for number, noted in zip(measured, samples, strict=True)
    ]
    listings: list[tuple[float, dict[str, Any]]] = []
    of_others = [
        one["functions"].get(OTHER, 0) / max(1, len(noted)) for one, noted in zip(built, samples, strict=True)
    ]
    unlisted = {OTHER: sum(of_others) / max(1, len(built))}
    for one in listed:
        by_line = [counts_by_line(noted, one) / max(1, len(noted)) / len(samples) for noted in samples]
        shares = np.sum(by_line, axis=0)
        if not fits(every, one):
            unlisted[one.name] = unlisted.get(one.name, 0.0) + float(shares.sum())
        elif shares.any() or sampler.code is None:
            told = {"function": one.name, "lines": one.lines, "shares": shares.tolist()}
            listings.append((float(shares.sum()), told))
    listings.sort(key=lambda share_and_told: -share_and_told[0])
    return {
        "sampled": sampler.code is not None,
        "built": built,
        "listings": [told for _, told in listings[:MOST_LISTED]],
        "unlisted": unlisted,
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
            name = Path(words[5]).name if len(words) > 5 else OTHER
            label = next((label for start, label in FILES.items() if name.startswith(start)), name)
            counts[label] = counts.get(label, 0) + int(inside.sum())
            left &= ~inside
    if left.any():
        counts["elsewhere"] = int(left.sum())
    return counts


def counts_by_line(samples: np.ndarray, one: Listed) -> np.ndarray:
    """Return int64[lines], the samples at each instruction; one between two counts for the first of them."""
    inside = samples[(samples >= one.addresses[0]) & (samples < one.end)]
    # of the lines at one address the last is the instruction, the others are its labels
    at = np.searchsorted(one.addresses, inside, side="right") - 1
    return np.bincount(at, minlength=len(one.lines))
