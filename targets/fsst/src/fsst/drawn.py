"""Tables, strings and calls for the cases of the battery."""

from collections.abc import Sequence

import numpy as np

from fsst import DECODE, ESCAPE, LONGEST_SYMBOL, PAGE, encoder, pages
from harness_common.prng import SplitMix64
from referee.workload import OpInputs

# One or two of every length, in the order of a table.
SYMBOLS = [b"th", b"e ", b"the", b"tion", b"there", b"ations", b"because", b"although", b"x", b"\xff"]


def decode_op(
    stream: SplitMix64, table: np.ndarray, batch: Sequence[pages.Block], dtype: type, junk: bool = True
) -> OpInputs:
    """Return a call of `decode`, for blocks without chunks."""
    layout = pages.laid_out(stream, batch, junk)
    offsets = pages.offsets_in(layout, batch, dtype)
    return {"method": DECODE, "table": table, "codes": layout.array, "offsets": offsets}


def page_op(stream: SplitMix64, table: np.ndarray, chunks: Sequence[pages.Block]) -> OpInputs:
    """Return a call of `decode_page`."""
    layout = pages.laid_out(stream, chunks)
    return {"method": PAGE, "table": table, "page": layout.array, "chunk_starts": layout.starts}


def blocks(strings: Sequence[bytes], per_block: int, chunked: bool) -> list[pages.Block]:
    """Return strings given one by one as blocks."""
    bounds = np.cumsum([0, *map(len, strings)])
    return pages.blocks_of(np.frombuffer(b"".join(strings), np.uint8), bounds, per_block, chunked)


def some_symbols(stream: SplitMix64, n: int, lengths: Sequence[int] = range(1, 9)) -> list[bytes]:
    """Return n symbols of these lengths, of any bytes, in the order of a table."""
    drawn = stream.integers(0, len(lengths), n).tolist()
    noise = pages.noise(stream, LONGEST_SYMBOL * n).tobytes()
    return encoder.in_order([noise[LONGEST_SYMBOL * i :][: lengths[which]] for i, which in enumerate(drawn)])


def some_strings(stream: SplitMix64, symbols: Sequence[bytes], n: int, most: int = 30) -> list[bytes]:
    """Return n strings of up to `most` codes, the first of them empty."""
    return strings_of(stream, symbols, [0, *stream.integers(0, most + 1, n - 1).tolist()])


def some_codes(stream: SplitMix64, symbols: Sequence[bytes], n: int) -> bytes:
    """Return the codes of one string, n of them."""
    return strings_of(stream, symbols, [n])[0]


def strings_of(stream: SplitMix64, symbols: Sequence[bytes], lengths: Sequence[int]) -> list[bytes]:
    """Return strings of so many codes, one in four an escape or its byte, which may be 255 and no code."""
    total = sum(lengths)
    codes = stream.integers(0, len(symbols), total).astype(np.uint8)
    literals = pages.noise(stream, total)
    literals[::3] |= 0xF0
    escaped = (stream.integers(0, 7, total) == 0).tolist()
    found, at = [], 0
    for length in lengths:
        start, end = at, at + length
        while at + 1 < end:
            if escaped[at]:
                codes[at], codes[at + 1] = ESCAPE, literals[at]
                at += 1
            at += 1
        at = end
        found.append(codes[start:end].tobytes())
    return found


def timed_size_blocks(stream: SplitMix64, text_bytes: int) -> tuple[list[bytes], list[pages.Block]]:
    """Return (symbols, chunks) of some 0.9 to 1.3 times as much text: 12 chunks that come again and again."""
    symbols = some_symbols(stream, int(stream.integers(150, 250, 1)[0]))
    drawn = [blocks(some_strings(stream, symbols, 60), 60, chunked=True)[0] for _ in range(12)]
    text_each = 4 * sum(int(each.lengths.sum()) for each in drawn) // len(drawn)
    n = int(stream.integers(9 * text_bytes // 10, 13 * text_bytes // 10, 1)[0]) // text_each + 1
    return symbols, [drawn[i] for i in stream.integers(0, len(drawn), n)]
