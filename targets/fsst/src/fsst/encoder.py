"""An encoder for the inputs: a table of symbols learnt from a sample, and strings in its codes.

Learning starts from an empty table and goes over the sample five times. Each time the sample is encoded with
the table so far, and the next table is made of the symbols, bytes and pairs of neighbours that would have
saved most. Encoding is greedy: the longest symbol that fits, and an escape where none does.

Integers only, and ties by the symbols' own bytes, so a seed gives the same codes on every machine.

Source: Boncz, Neumann and Leis, "FSST: Fast Random Access String Compression", PVLDB 13(11), 2020, sections 4
and 5; github.com/cwida/fsst for the sample, the five rounds and the bonus of single bytes.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numba import njit

from fsst import ESCAPE, LONGEST_SYMBOL, MAGIC, MOST_SYMBOLS, TABLE_BYTES

SAMPLE_BYTES = 1 << 14
PARTS = (8, 38, 68, 98, 128)  # of 128 of the sample, round by round
RAREST = 5  # times in the whole sample: what is rarer is chance
BYTE_BONUS = 8  # a byte without a code costs two: single bytes are worth more than they save at once


def sample_of(data: np.ndarray, offsets: np.ndarray) -> list[bytes]:
    """Return strings from all over the text, some 16 KiB of them, or all if there are fewer.

    data     uint8[total]
    offsets  int64[n + 1]
    """
    n = len(offsets) - 1
    n_wanted = max(1, SAMPLE_BYTES * n // max(1, int(offsets[-1])))
    text = data.tobytes()
    return [text[offsets[i] : offsets[i + 1]] for i in range(0, n, -(-n // n_wanted))]


def train(sample: Sequence[bytes], most: int = MOST_SYMBOLS) -> list[bytes]:
    """Return up to `most` symbols of one to eight bytes, in the order of `in_order`."""
    symbols: list[bytes] = []
    for part in PARTS:
        gains: dict[bytes, int] = {}
        for symbol, count in counted(set(symbols), sample[: -(-len(sample) * part // 128)]).items():
            if count * 128 >= RAREST * part:
                gains[symbol] = count * (len(symbol) if len(symbol) > 1 else BYTE_BONUS)
        symbols = sorted(gains, key=lambda symbol: (-gains[symbol], symbol))[:most]
    return in_order(symbols)


def counted(symbols: set[bytes], sample: Sequence[bytes]) -> dict[bytes, int]:
    """Return how often each symbol, first byte of one and pair of neighbours occurs in the sample."""
    found: dict[bytes, int] = {}
    for string in sample:
        at, previous = 0, b""
        while at < len(string):
            symbol = string[at : at + LONGEST_SYMBOL]
            while len(symbol) > 1 and symbol not in symbols:
                symbol = symbol[:-1]
            for way in (symbol,) if len(symbol) == 1 else (symbol, symbol[:1]):
                found[way] = found.get(way, 0) + 1
                pair = previous + way
                if previous and len(pair) <= LONGEST_SYMBOL:
                    found[pair] = found.get(pair, 0) + 1
            at, previous = at + len(symbol), symbol
    return found


def in_order(symbols: Sequence[bytes]) -> list[bytes]:
    """Return `symbols` in the order of their codes: lengths 2 to 8, then 1.

    Of two bytes, those come first that a longer symbol begins with.
    """
    begun = {symbol[:2] for symbol in symbols if len(symbol) > 2}

    def rank(symbol: bytes) -> tuple[int, bool, bytes]:
        return (len(symbol) - 2) % LONGEST_SYMBOL, len(symbol) == 2 and symbol not in begun, symbol

    return sorted(symbols, key=rank)


def table_of(symbols: Sequence[bytes], switch: int = 1) -> np.ndarray:
    """Return the table uint8[2312] as Lance writes it; the two bytes for the encoder are set as well."""
    begun = {symbol[:2] for symbol in symbols if len(symbol) > 2}
    n_first = sum(len(symbol) == 2 and symbol in begun for symbol in symbols)
    layout = bytes([len(symbols), 0, n_first, switch]) + MAGIC
    layout += b"".join(symbol.ljust(LONGEST_SYMBOL, b"\0") for symbol in symbols)
    layout += bytes(map(len, symbols))
    return np.frombuffer(layout.ljust(TABLE_BYTES, b"\0"), np.uint8).copy()


def encode(symbols: Sequence[bytes], data: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (codes uint8[m], bounds int64[n + 1]) of the strings data[offsets[i]:offsets[i + 1]].

    Cost: a few steps down the tree of all symbols for each code.
    """
    steps, accepted = tree(symbols)
    codes = np.empty(2 * len(data), np.uint8)
    bounds = np.zeros(len(offsets), np.int64)
    n_codes = walk(steps, accepted, data, offsets, codes, bounds)
    return codes[:n_codes].copy(), bounds


def tree(symbols: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Return all symbols as (steps int16[nodes, 256], accepted int16[nodes]).

    Node 0 is the root; steps[node, byte] is the next node or -1; accepted[node] is the code of the symbol
    that ends there, or -1.
    """
    steps, accepted = [[-1] * 256], [-1]
    for code, symbol in enumerate(symbols):
        node = 0
        for byte in symbol:
            if steps[node][byte] < 0:
                steps[node][byte] = len(steps)
                steps.append([-1] * 256)
                accepted.append(-1)
            node = steps[node][byte]
        accepted[node] = code
    return np.array(steps, np.int16), np.array(accepted, np.int16)


@njit(cache=True)
def walk(
    steps: np.ndarray,
    accepted: np.ndarray,
    data: np.ndarray,
    offsets: np.ndarray,
    codes: np.ndarray,
    bounds: np.ndarray,
) -> int:
    """Write the codes of all strings and where each string's end; return how many codes there are."""
    n_codes = 0
    for i in range(len(offsets) - 1):
        at = offsets[i]
        end = offsets[i + 1]
        while at < end:
            node = 0
            code = -1
            fitted = at
            reached = at
            while reached < end:
                node = steps[node, data[reached]]
                if node < 0:
                    break
                reached += 1
                if accepted[node] >= 0:
                    code = accepted[node]
                    fitted = reached
            if code < 0:
                codes[n_codes] = ESCAPE
                codes[n_codes + 1] = data[at]
                n_codes += 2
                at += 1
            else:
                codes[n_codes] = code
                n_codes += 1
                at = fitted
        bounds[i + 1] = n_codes
    return n_codes


def strings_of(data: np.ndarray, offsets: np.ndarray) -> list[bytes]:
    """Return the strings one by one."""
    text = data.tobytes()
    return [text[start:end] for start, end in pairwise(offsets.tolist())]
