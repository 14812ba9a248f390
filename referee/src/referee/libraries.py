"""What Numba compiles, with a listing of exactly the code that runs; in the player, which nobody trusts.

LLVM changes a module while it makes code of it, so a listing made afterwards is often that of other code.
Here the listing is made first, and the code that runs is assembled from it: it is the same, byte for byte.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numba.core.codegen import CPUCodeLibrary

from referee.listing import Listed, assembled, listed

MOST_BYTES = 1 << 19  # of one function
MOST_OFF = 0.05  # of the right listing no sample is off, of another copy's more than half


@dataclass(frozen=True)
class Library:
    """The code of one compiled function, and of copies, each optimised anew, of those that it calls.

    numba    Numba's own object
    text     the listing
    offsets  per symbol, how far each instruction, and then the end, is from the start
    """

    numba: Any
    text: str
    offsets: dict[str, list[int]]


def kept_libraries() -> list[Library]:
    """Make Numba keep the listing of all that it compiles from now on; return the list, which grows.

    What comes from a cache is not in it; outside Linux nothing is.
    """
    kept: list[Library] = []
    if sys.platform != "linux":  # the table of offsets is written for ELF
        return kept
    llvm.initialize_native_asmparser()
    numba_library: Any = CPUCodeLibrary
    finalize = numba_library._finalize_final_module

    def finalize_and_keep(library: Any) -> None:
        if library._disable_inspection:  # from a cache
            finalize(library)
            return
        module, machine = library._final_module, library._codegen._tm
        text = str(machine.emit_assembly(module))
        defined = {function.name for function in module.functions if not function.is_declaration}
        code, offsets = assembled(machine, text, defined)
        library.enable_object_caching()
        library._compiled_object = code  # Numba takes it instead of compiling, and forgets it
        finalize(library)
        library._compiled_object = code  # what goes into its cache
        kept.append(Library(library, text, offsets))

    numba_library._finalize_final_module = finalize_and_keep
    return kept


def listed_functions(libraries: Sequence[Library], samples: np.ndarray) -> list[Listed]:
    """Return the compiled functions in which `samples` lie, each with a listing.

    samples  int64[n]  program counters; if there are none, all functions are returned

    Of the copies of a function that several libraries hold one runs: that of the library which was there
    first, and so the function's own. The others are tried only where its listing does not fit.
    """
    holders: dict[int, list[tuple[Library, dict[str, int]]]] = {}
    for library in libraries:
        found = {symbol: library.numba.get_pointer_to_function(symbol) or 0 for symbol in library.offsets}
        places = {symbol: int(start) for symbol, start in found.items() if start}
        for start in places.values():
            holders.setdefault(start, []).append((library, places))
    chosen = []
    for start in sampled_starts(sorted(holders), samples):
        best: Listed | None = None
        for library, places in holders[start]:
            here = {symbol: place for symbol, place in places.items() if place == start}
            for one in listed(library.text, here, library.offsets):
                if best is None or part_off(samples, one) < part_off(samples, best):
                    best = one
            if best is not None and fits(samples, best):
                break
        if best is not None:
            chosen.append(best)
    return chosen


def sampled_starts(starts: Sequence[int], samples: np.ndarray) -> list[int]:
    """Return those of the rising `starts` of functions behind which a sample lies; all without samples."""
    if not len(samples) or not starts:
        return list(starts)
    known = np.array(starts, np.int64)
    at = np.searchsorted(known, samples, side="right") - 1
    at = at[(at >= 0) & (samples - known[at] < MOST_BYTES)]
    return [int(start) for start in known[np.unique(at)]]


def part_off(samples: np.ndarray, one: Listed) -> float:
    """Return which part of the samples in a function lies between two instructions of its listing."""
    inside = samples[(samples >= one.addresses[0]) & (samples < one.end)]
    return float(np.mean(~np.isin(inside, one.addresses))) if len(inside) else 0.0


def fits(samples: np.ndarray, one: Listed) -> bool:
    """Return whether the listing is that of the code which ran."""
    return part_off(samples, one) <= MOST_OFF
