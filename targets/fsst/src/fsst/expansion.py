"""The reference's answers, quickly: the same loop compiled, for the oracle on large inputs.

Its errors begin with the same place as the reference's. tests/test_reference.py compares the two.
"""

from itertools import pairwise

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
    data, ends, bad = expand(symbols, codes, bounds[: n + 1])
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
    parts, bounds, n_codes = [page[:0]], [np.zeros(1, np.int64)], 0
    for start, end in pairwise(chunk_starts.tolist()):
        offsets = offsets_of(page[start:end].tobytes()) if 0 <= start <= end <= len(page) else None
        if offsets is None:
            break
        parts.append(page[start + offsets[0] : start + offsets[-1]])
        bounds.append(offsets[1:] - offsets[0] + n_codes)
        n_codes += len(parts[-1])
    data, ends, bad = expand(symbols, np.concatenate(parts), np.concatenate(bounds))
    last_strings = np.cumsum([len(each) for each in bounds[1:]])
    too_long = ends > np.iinfo(np.int32).max
    if too_long.any():
        bad = int(too_long.argmax()) - 1
    if bad != ALL_RIGHT:
        bad = int(np.searchsorted(last_strings, bad, side="right"))
    elif len(last_strings) < len(chunk_starts) - 1:
        bad = len(last_strings)
    if bad != ALL_RIGHT:
        raise ValueError(f"chunk {bad}: expected what the reference expects")
    return data, ends.astype(np.int32)


def offsets_of(chunk: bytes) -> np.ndarray | None:
    """Return the offsets at the start of a chunk as int64[v + 1], or None if they are wrong."""
    first = int.from_bytes(chunk[:4], "little")
    if len(chunk) < 4 or first < 4 or first % 4 != 0 or first > len(chunk):
        return None
    offsets = np.frombuffer(chunk[:first], "<u4").astype(np.int64)
    if offsets[-1] > len(chunk) or (offsets[1:] < offsets[:-1]).any():
        return None
    return offsets


def expand(
    symbols: list[bytes] | None, codes: np.ndarray, bounds: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return (data uint8[total], offsets int64[n + 1], the first bad string or -1).

    symbols  of `reference.read_table`
    codes    uint8[m]
    bounds   int64[n + 1]  in order: string i is codes[bounds[i]:bounds[i + 1]]
    """
    start, end = int(bounds[0]), int(bounds[-1])
    if symbols is None or len(bounds) == 1:
        return codes[start:end].copy() if len(bounds) > 1 else codes[:0].copy(), bounds - start, ALL_RIGHT
    texts = np.zeros((256, LONGEST_SYMBOL), np.uint8)
    lengths = np.zeros(256, np.int64)
    for code, symbol in enumerate(symbols):
        texts[code, : len(symbol)] = np.frombuffer(symbol, np.uint8)
        lengths[code] = len(symbol)
    data = np.empty(LONGEST_SYMBOL * (end - start), np.uint8)
    offsets = np.zeros_like(bounds)
    bad = expand_all(texts, lengths, codes, bounds, data, offsets)
    return data[: offsets[-1]], offsets, bad


@njit(cache=True)
def expand_all(
    texts: np.ndarray,
    lengths: np.ndarray,
    codes: np.ndarray,
    bounds: np.ndarray,
    data: np.ndarray,
    offsets: np.ndarray,
) -> int:
    """Write all strings, code by code, and where each ends; return the first bad string, or -1."""
    total = 0
    for i in range(len(bounds) - 1):
        at = bounds[i]
        while at < bounds[i + 1]:
            code = codes[at]
            at += 1
            if code == ESCAPE:
                if at == bounds[i + 1]:
                    return i
                data[total] = codes[at]
                at += 1
                total += 1
                continue
            if lengths[code] == 0:
                return i
            for j in range(LONGEST_SYMBOL):  # all eight: there is room, and the next ones overwrite the rest
                data[total + j] = texts[code, j]
            total += lengths[code]
        offsets[i + 1] = total
    return ALL_RIGHT
