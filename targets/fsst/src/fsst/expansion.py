"""The reference's answers, quickly: the same loop compiled, for the oracle on large inputs.

Its errors begin with the same place as the reference's. tests/test_reference.py compares the two.
"""

import numpy as np
from numba import njit

from fsst import ESCAPE, LONGEST_SYMBOL, reference

ALL_RIGHT = -1


def decode(table: np.ndarray, codes: np.ndarray, offsets: np.ndarray) -> reference.Decoded:
    """Return what `reference.decode` does, and raise for the same place."""
    symbols = reference.read_table(table)
    bounds = offsets.astype(np.int64)
    falls = (bounds[1:] < bounds[:-1]) | (bounds[:-1] < 0) | (bounds[1:] > len(codes))
    n = int(falls.argmax()) if falls.any() else len(falls)
    data, ends, bad = expand(symbols, codes, bounds[:n], bounds[1 : n + 1])
    too_long = ends > np.iinfo(offsets.dtype).max
    if too_long.any():
        bad = int(too_long.argmax()) - 1
    if bad == ALL_RIGHT and n < len(falls):
        bad = n
    if bad != ALL_RIGHT:
        raise ValueError(f"string {bad}: expected what the reference expects")
    return data, ends.astype(offsets.dtype)


def decode_page(table: np.ndarray, page: np.ndarray, chunk_starts: np.ndarray) -> reference.Decoded:
    """Return what `reference.decode_page` does, and raise for the same place."""
    symbols = reference.read_table(table)
    most = len(page) // 4  # strings, as each has an offset of four bytes
    lefts, rights = np.empty(most, np.int64), np.empty(most, np.int64)
    n_strings = np.zeros(len(chunk_starts), np.int64)
    n_chunks = find_strings(page, chunk_starts, lefts, rights, n_strings)
    n = n_strings[n_chunks]
    data, ends, bad = expand(symbols, page, lefts[:n], rights[:n])
    too_long = ends > np.iinfo(np.int32).max
    if too_long.any():
        bad = int(too_long.argmax()) - 1
    if bad != ALL_RIGHT:
        bad = int(np.searchsorted(n_strings[1 : n_chunks + 1], bad, side="right"))
    elif n_chunks < len(chunk_starts) - 1:
        bad = n_chunks
    if bad != ALL_RIGHT:
        raise ValueError(f"chunk {bad}: expected what the reference expects")
    return data, ends.astype(np.int32)


@njit(cache=True)
def find_strings(
    page: np.ndarray, chunk_starts: np.ndarray, lefts: np.ndarray, rights: np.ndarray, n_strings: np.ndarray
) -> int:
    """Return how many chunks there are before the first whose bounds or offsets are wrong.

    Written are where in the page the codes of each of their strings begin and end, int64, and how many
    strings there are up to the end of each chunk, int64[n_chunks + 1].
    """
    n = 0
    for c in range(len(chunk_starts) - 1):
        start, end = chunk_starts[c], chunk_starts[c + 1]
        if start < 0 or end < start or end > len(page) or end - start < 4:
            return c
        first = word(page, start)
        if first < 4 or first % 4 != 0 or first > end - start:
            return c
        before = first
        for i in range(1, first // 4):
            offset = word(page, start + 4 * i)
            if offset < before or offset > end - start:
                return c
            lefts[n], rights[n] = start + before, start + offset
            before = offset
            n += 1
        n_strings[c + 1] = n
    return len(chunk_starts) - 1


@njit(cache=True)
def word(page: np.ndarray, at: int) -> int:
    """Return the little-endian uint32 at a place."""
    found = 0
    for i in range(4):
        found |= int(page[at + i]) << (8 * i)
    return found


def expand(
    symbols: list[bytes] | None, codes: np.ndarray, lefts: np.ndarray, rights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return (data uint8[total], offsets int64[n + 1], the first bad string or -1).

    symbols  of `reference.read_table`; None stands for codes that are the text
    codes    uint8[m]
    lefts    int64[n]
    rights   int64[n]  string i is codes[lefts[i]:rights[i]]
    """
    texts, lengths = np.zeros(256, np.uint64), np.zeros(256, np.int64)
    for code, symbol in enumerate(symbols or []):
        texts[code], lengths[code] = int.from_bytes(symbol, "little"), len(symbol)
    if symbols is None:
        texts, lengths = np.arange(256, dtype=np.uint64), np.ones(256, np.int64)
    data = np.empty(LONGEST_SYMBOL * (int((rights - lefts).sum()) + 2), np.uint8)
    # Eight bytes from each byte on, as a symbol is stored whole; never one alone, another type for Numba.
    windows = np.ndarray(len(data) - LONGEST_SYMBOL + 1, np.uint64, data, strides=(1,))
    offsets = np.zeros(len(lefts) + 1, np.int64)
    escape = ESCAPE if symbols is not None else -1
    bad = expand_all(texts, lengths, escape, codes, lefts, rights, windows, offsets)
    return data[: offsets[-1]], offsets, bad


@njit(cache=True)
def expand_all(
    texts: np.ndarray,
    lengths: np.ndarray,
    escape: int,
    codes: np.ndarray,
    lefts: np.ndarray,
    rights: np.ndarray,
    windows: np.ndarray,
    offsets: np.ndarray,
) -> int:
    """Write all strings, code by code, and where each ends; return the first bad string, or -1."""
    total = 0
    for i in range(len(lefts)):
        at = lefts[i]
        while at < rights[i]:
            code = codes[at]
            at += 1
            if code == escape:
                if at == rights[i]:
                    return i
                windows[total] = codes[at]
                at += 1
                total += 1
                continue
            if lengths[code] == 0:
                return i
            windows[total] = texts[code]  # all eight: there is room, and the next ones overwrite the rest
            total += lengths[code]
        offsets[i + 1] = total
    return ALL_RIGHT
