"""What a trial checks before it times anything: escapes everywhere, odd tables, odd strings, timed sizes.

What is no right input, and must be refused, is in `corrupt.py`.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from fsst import CHUNK_BY_CHUNK, DECODE, ESCAPE, PAGE, corrupt, encoder, pages, planted, texts
from fsst.drawn import (
    SYMBOLS,
    blocks,
    decode_op,
    page_op,
    some_codes,
    some_strings,
    some_symbols,
    timed_size_blocks,
)
from fsst.inputs import BYTES_OF_A_STRING, MIB, symbols_for, turned
from harness_common.prng import SplitMix64
from referee.workload import Case, OpInputs

LENGTHS = (
    *range(14),
    31,
    32,
    33,
    64,
    255,
    256,
    257,
    1_000,
)  # codes of a string: around blocks of four and eight
TIMED_BYTES = (MIB // 4, MIB)  # of text; what is right in larger pages is timed, and checked there


def correctness_battery(seed: int) -> list[Case]:
    """Return the cases, with fresh codes, and some fresh extents, for every seed."""
    streams = SplitMix64(seed)
    parts = (
        distribution_cases,
        escape_cases,
        table_cases,
        length_cases,
        extent_cases,
        random_cases,
        corrupt.cases,
        timed_size_cases,
        corrupt.timed_size_cases,
    )
    return [case for i, part in enumerate(parts) for case in part(streams.fork(i))]


def distribution_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every timed distribution, a few hundred strings of it."""
    for i, distribution in enumerate(BYTES_OF_A_STRING):
        data, offsets = texts.draw(stream.fork(2 * i), distribution, 700)
        symbols = symbols_for(stream.fork(2 * i + 1), distribution)
        codes, bounds = encoder.encode(symbols, data, offsets)
        yield make_case(distribution, stream, symbols, encoder.strings_of(codes, bounds))


def escape_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield escapes at every place of short strings, alone, in pairs and in runs, of every byte."""
    for n in range(2, 14):
        one = [with_escapes(stream, n, [at]) for at in range(n - 1)]
        two = [with_escapes(stream, n, [at, other]) for at in range(n - 3) for other in range(at + 2, n - 1)]
        yield make_case(f"escapes in strings of {n} codes", stream, SYMBOLS, one + two)
    kinds = [planted.KINDS[i % len(planted.KINDS)] for i in range(400)]
    lengths = np.array(list(map(len, SYMBOLS)), np.uint8)
    mixed = [planted.codes(stream, kind, 1 + i % 23, lengths).tobytes() for i, kind in enumerate(kinds)]
    yield make_case("planted codes", stream, SYMBOLS, mixed)
    yield make_case("every byte escaped", stream, SYMBOLS, [bytes([ESCAPE, byte]) for byte in range(256)])
    runs = [bytes([7] * k + [ESCAPE] * 2 * n + [8] * (k % 3)) for n in range(1, 12) for k in range(5)]
    yield make_case("runs of escaped escapes", stream, SYMBOLS, runs)
    ends = [bytes([ESCAPE, ESCAPE] * (i % 3) + [3] * (i % 5)) for i in range(60)]
    yield make_case("strings that begin and end with a literal 255", stream, SYMBOLS, ends)


def table_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield tables of few and many symbols, of one length and all, with other bytes where none count."""
    for n in (1, 2, 127, 128, 129, 200, 254, 255):
        symbols = some_symbols(stream, n)
        yield make_case(f"{n} symbols", stream, symbols, some_strings(stream, symbols, 120))
    for length in range(1, 9):
        symbols = some_symbols(stream, 60, [length])
        yield make_case(f"symbols of {length} bytes", stream, symbols, some_strings(stream, symbols, 80))
    symbols = [bytes([byte] * 8) for byte in (0, 255, 65)]
    strings = [bytes([i % 3] * n) for i, n in enumerate((1, 2, 3, 4, 5, 7, 8, 33))]
    yield make_case("eight times the codes", stream, symbols, strings)
    yield make_case("no symbols", stream, [], [bytes([ESCAPE, 65 + i]) * i for i in range(20)])
    strings = some_strings(stream, SYMBOLS, 60)
    table = encoder.table_of(SYMBOLS)
    noisy = pages.noise(stream, len(table))
    noisy[[0, 3, 4, 5, 6, 7]] = table[[0, 3, 4, 5, 6, 7]]
    for code, symbol in enumerate(SYMBOLS):
        noisy[8 + 8 * code : 8 + 8 * code + len(symbol)] = np.frombuffer(symbol, np.uint8)
    at_lengths = slice(8 + 8 * len(SYMBOLS), 8 + 9 * len(SYMBOLS))
    noisy[at_lengths] = table[at_lengths]
    yield make_case("other bytes where none count", stream, SYMBOLS, strings, table=noisy)
    stored = pages.noise(stream, len(table))
    stored[3:8] = 0, *b"TSSF"
    any_bytes = [pages.noise(stream, n).tobytes() + bytes([ESCAPE]) for n in (0, 1, 3, 4, 9, 500)]
    yield make_case("stored as they are", stream, [], any_bytes, table=stored)


def length_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield strings of every awkward number of codes, with and without escapes, and each short one last."""
    symbols = some_symbols(stream, 90)
    strings = [some_codes(stream, symbols, n) for n in LENGTHS for _ in range(3)]
    yield make_case("strings of many lengths", stream, symbols, strings)
    for n in range(10):
        strings = [some_codes(stream, symbols, m) for m in (5, 0, 17, n)]
        yield make_case(f"a last string of {n} codes", stream, symbols, strings)
    plain = [stream.integers(0, 90, n).astype(np.uint8).tobytes() for n in LENGTHS]
    yield make_case("strings without escapes", stream, symbols, plain)
    yield make_case("one long string", stream, symbols, [some_codes(stream, symbols, 70_000)])


def extent_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield few, no and empty strings, and chunks of any size."""
    strings = some_strings(stream, SYMBOLS, 300)
    yield make_case("no strings", stream, SYMBOLS, [])
    yield make_case("one string", stream, SYMBOLS, strings[:1])
    yield make_case("one empty string", stream, SYMBOLS, [b""])
    yield make_case("nothing but empty strings", stream, SYMBOLS, [b""] * 130)
    with_empty = [b"" if i % 7 in (0, 1, 4) else string for i, string in enumerate(strings)]
    yield make_case("neighbours that are empty", stream, SYMBOLS, [b"", *with_empty, b"", b""])
    for per_chunk in (1, 2, 3, 300, 301):
        yield make_case(f"chunks of {per_chunk} strings", stream, SYMBOLS, strings, per_chunk)
    empty = pages.block(np.zeros(0, np.uint8), np.zeros(0, np.int64), chunked=True)
    some = blocks(strings[:40], 10, chunked=True)
    yield Case(
        "chunks without strings",
        {},
        [page_op(stream, encoder.table_of(SYMBOLS), [empty, *some[:2], empty, empty, *some[2:], empty])],
    )
    none: OpInputs = {"method": PAGE, "table": encoder.table_of(SYMBOLS), "page": pages.noise(stream, 7)}
    yield Case("no chunks", {}, [{**none, "chunk_starts": np.array([start])} for start in (0, 5, 7)])
    padded = pages.laid_out(stream, some)
    longer = np.array([*padded.starts[:-1], len(padded.array)])
    op = page_op(stream, encoder.table_of(SYMBOLS), some)
    yield Case("more bytes than the strings need", {}, [op, {"page": padded.array, "chunk_starts": longer}])


def random_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield extents and tables that no kernel can have listed."""
    for _ in range(8):
        n_symbols, n, most, per_chunk = (int(stream.integers(1, end, 1)[0]) for end in (256, 900, 40, 200))
        symbols = some_symbols(stream, n_symbols)
        strings = some_strings(stream, symbols, n, most)
        name = f"random: {n} strings, {n_symbols} symbols, chunks of {per_chunk}"
        yield make_case(name, stream, symbols, strings, per_chunk)


def timed_size_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every kind of string among about as much text as is timed: 0.9 to 1.3 times.

    Closes a fast path that only much text takes and that is wrong for what no timed op has.
    """
    for text_bytes in TIMED_BYTES:
        symbols, all_blocks = timed_size_blocks(stream, text_bytes)
        dtype = np.int64 if text_bytes == MIB else np.int32
        table = encoder.table_of(symbols)
        lengths = [each.lengths for each in all_blocks]
        codes = np.concatenate([each.image[each.codes_at :][: each.lengths.sum()] for each in all_blocks])
        batch = pages.block(codes, np.concatenate(lengths), False)
        ops = [page_op(stream, table, all_blocks), decode_op(stream, table, [batch], dtype)]
        yield Case(f"timed size: {text_bytes} bytes of text", {}, ops)


def make_case(
    name: str,
    stream: SplitMix64,
    symbols: Sequence[bytes],
    strings: Sequence[bytes],
    per_chunk: int = 128,
    table: np.ndarray | None = None,
) -> Case:
    """Return a case that decodes the strings by every call, then again with another table.

    The other one has its symbols in other places, if there are symbols; it comes in the same memory.
    """
    if table is None:
        table = encoder.table_of(symbols)
    chunks, batch = (
        blocks(strings, per_chunk, chunked=True),
        blocks(strings, max(len(strings), 1), chunked=False),
    )
    ops = [
        decode_op(stream, table, batch, np.int32, junk=False),
        page_op(stream, table, chunks),
        decode_op(stream, table, batch, np.int64),
    ]
    if symbols:
        ops.append({"method": DECODE, "table": encoder.table_of(turned(list(symbols), 1))})
    if 0 < len(chunks) < 30:
        ops.append({"method": CHUNK_BY_CHUNK, "table": table})
    return Case(name, {}, ops)


def with_escapes(stream: SplitMix64, n: int, places: Sequence[int]) -> bytes:
    """Return n codes of SYMBOLS with escapes at some places, not next to each other."""
    codes = bytearray(stream.integers(0, len(SYMBOLS), n).astype(np.uint8).tobytes())
    for at in places:
        codes[at], codes[at + 1] = ESCAPE, int(stream.integers(0, 256, 1)[0])
    return bytes(codes)
