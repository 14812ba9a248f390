"""The definition: which strings the codes stand for, and what is no right input. Plain and slow.

Every error is a ValueError whose message begins with the place: `symbol table`, `string 7` or `chunk 7`, of
strings and chunks the lowest-numbered bad one. A bad table comes before all else.
"""

from itertools import pairwise

import numpy as np

from fsst import ESCAPE, LONGEST_SYMBOL, MAGIC

Decoded = tuple[np.ndarray, np.ndarray]


def decode(table: np.ndarray, codes: np.ndarray, offsets: np.ndarray) -> Decoded:
    """Return the strings as (data, offsets).

    table    uint8[2312]
    codes    uint8[m]
    offsets  int32 or int64[n + 1]  string i is codes[offsets[i]:offsets[i + 1]]

    Returned are uint8[total] and, in the dtype of `offsets`, [n + 1] from 0.

    Raises: ValueError for a bad table, or naming the string that is bad: its offsets fall or leave `codes`,
    one of its codes is no symbol's, an escape is its last code, or the text up to its end is too long for the
    offsets.
    """
    symbols = read_table(table)
    strings = []
    total, most = 0, np.iinfo(offsets.dtype).max
    for i, (start, end) in enumerate(pairwise(offsets.tolist())):
        if not 0 <= start <= end <= len(codes):
            raise ValueError(
                f"string {i}: expected offsets in order up to {len(codes)}, got {start} to {end}"
            )
        strings.append(text_of(symbols, codes[start:end].tobytes(), f"string {i}"))
        total += len(strings[-1])
        if total > most:
            raise ValueError(f"string {i}: expected text of at most {most} bytes, got {total}")
    return joined(strings, offsets.dtype)


def decode_page(table: np.ndarray, page: np.ndarray, chunk_starts: np.ndarray) -> Decoded:
    """Return the strings of all chunks, one after another, as (data, offsets int32[n + 1]).

    table         uint8[2312]
    page          uint8[p]
    chunk_starts  int64[n_chunks + 1]  chunk c is page[chunk_starts[c]:chunk_starts[c + 1]]

    A chunk of v strings begins with v + 1 offsets, little-endian uint32, counted from the start of the chunk;
    the codes of its string i are those between offsets i and i + 1. The first offset is where the
    offsets end, so it tells v. What follows the last string does not count.

    Raises: ValueError as `decode` does, and naming the chunk that is bad: it leaves the page, is shorter than
    its offsets, or one of its strings is bad.
    """
    symbols = read_table(table)
    strings: list[bytes] = []
    total, most = 0, np.iinfo(np.int32).max
    for c, (start, end) in enumerate(pairwise(chunk_starts.tolist())):
        if not 0 <= start <= end <= len(page):
            raise ValueError(f"chunk {c}: expected bounds in order up to {len(page)}, got {start} to {end}")
        chunk = page[start:end].tobytes()
        first = int.from_bytes(chunk[:4], "little")
        if len(chunk) < 4 or first < 4 or first % 4 != 0 or first > len(chunk):
            raise ValueError(
                f"chunk {c}: expected offsets in its first {len(chunk)} bytes, got {first} bytes of them"
            )
        offsets = np.frombuffer(chunk[:first], "<u4").tolist()
        for left, right in pairwise(offsets):
            if not left <= right <= len(chunk):
                raise ValueError(
                    f"chunk {c}: expected offsets in order up to {len(chunk)}, got {left} to {right}"
                )
            strings.append(text_of(symbols, chunk[left:right], f"chunk {c}"))
            total += len(strings[-1])
        if total > most:
            raise ValueError(f"chunk {c}: expected text of at most {most} bytes, got {total}")
    return joined(strings, np.dtype(np.int32))


def read_table(table: np.ndarray) -> list[bytes] | None:
    """Return the symbols in order of their codes, or None if strings are stored as they are.

    The table is n_symbols, two bytes that only an encoder needs, the switch, and `TSSF`; eight bytes for each
    symbol, of which the first so many count; one byte for each symbol, how many. What follows does not count,
    and where the switch is 0 nothing after `TSSF` does.

    Raises: ValueError if it is not so.
    """
    layout = table.tobytes()
    n_symbols, switch = layout[0], layout[3]
    if layout[4:8] != MAGIC or switch not in (0, 1):
        raise ValueError(f"symbol table: expected a switch of 0 or 1 and {MAGIC!r}, got {layout[3:8]!r}")
    if switch == 0:
        return None
    lengths = layout[8 + 8 * n_symbols : 8 + 9 * n_symbols]
    for code, length in enumerate(lengths):
        if not 1 <= length <= LONGEST_SYMBOL:
            raise ValueError(f"symbol table: expected lengths of 1 to 8, got {length} for symbol {code}")
    return [layout[8 + 8 * code : 8 + 8 * code + length] for code, length in enumerate(lengths)]


def text_of(symbols: list[bytes] | None, codes: bytes, place: str) -> bytes:
    """Return what the codes of one string stand for: each its symbol, after an escape the byte itself."""
    if symbols is None:
        return codes
    text = []
    literal = False
    for code in codes:
        if literal:
            text.append(bytes([code]))
            literal = False
        elif code == ESCAPE:
            literal = True
        elif code < len(symbols):
            text.append(symbols[code])
        else:
            raise ValueError(f"{place}: expected codes below {len(symbols)} or {ESCAPE}, got {code}")
    if literal:
        raise ValueError(f"{place}: expected a byte after the escape, got the end of a string")
    return b"".join(text)


def joined(strings: list[bytes], dtype: np.dtype[np.signedinteger]) -> Decoded:
    """Return (data uint8[total], offsets dtype[n + 1]) of strings end to end."""
    offsets = np.zeros(len(strings) + 1, dtype)
    offsets[1:] = np.cumsum([len(string) for string in strings])
    return np.frombuffer(b"".join(strings), np.uint8).copy(), offsets
