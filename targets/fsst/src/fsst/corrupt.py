"""What is no right input: every error, at small sizes and at about the timed ones, among right input."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from fsst import CHUNK_BY_CHUNK, ESCAPE, PAGE, encoder, pages
from fsst.drawn import SYMBOLS, blocks, decode_op, page_op, some_strings, timed_size_blocks
from harness_common.prng import SplitMix64
from referee.workload import Case, Edit, OpInputs

N = len(SYMBOLS)
N_STRINGS = 30
PER_CHUNK = 7
MIB = 1 << 20
TIMED_BYTES = (MIB // 4, MIB)  # of text
HUGE = (2**31 - 1, -(2**31), -1)
STORED = encoder.table_of(SYMBOLS)
STORED[3] = 0
STORED[8:] = 200  # means nothing


def cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield tables, strings, offsets and chunks that are wrong."""
    yield table_case(stream)
    for m in (1, 2, 3, 4, 5, 6, 8, 9):
        yield string_case(f"unknown codes in strings of {m}", stream, unknown(stream, m))
        yield string_case(f"strings of {m} that end in an escape", stream, cut_short(stream, m))
    for name, table in (("", encoder.table_of(SYMBOLS)), (" of stored strings", STORED)):
        yield offsets_case(stream, name, table)
        yield bounds_case(stream, name, table)
        yield heads_case(stream, name, table)
    yield several_errors_case(stream)


def table_case(stream: SplitMix64) -> Case:
    """Return wrong tables, for right strings and wrong ones, with a right table in between."""
    good = encoder.table_of(SYMBOLS)
    strings = some_strings(stream, SYMBOLS, N_STRINGS)
    at_lengths = 8 + 8 * N
    marks = [(4, 0), (5, 84), (6, 70), (7, 0), (3, 2), (3, 255)]
    lengths = [
        (at_lengths, 0),
        (at_lengths + N - 1, 0),
        (at_lengths + 4, 9),
        (at_lengths + N - 1, 255),
        (0, N + 1),
    ]
    wrong = [(good, *each) for each in (*marks, *lengths)] + [(STORED, *each) for each in marks]
    ops: list[OpInputs] = []
    for i, (source, at, value) in enumerate(wrong):
        bad = source.copy()
        bad[at] = value
        those = [*strings, bytes([N])] if i % 2 == 0 else strings
        ops += every_op(stream, bad, those)
        ops.append({"table": good})
    return Case("corrupt: tables", {}, ops)


def unknown(stream: SplitMix64, m: int) -> list[bytes]:
    """Return m codes of which one is no symbol's, at every place, among symbols and right after literals.

    It is the lowest, the highest or any of them, in turn.
    """
    found = []
    for at in range(m):
        codes = bytearray(stream.integers(0, N, m).astype(np.uint8).tobytes())
        codes[at] = (N, 254, int(stream.integers(N, 255, 1)[0]))[(at + m) % 3]
        found.append(bytes(codes))
    if m > 2:
        found += [bytes([ESCAPE, ESCAPE, N] + [0] * (m - 3)), bytes([0] * (m - 3) + [ESCAPE, 254, 254])]
    return found


def cut_short(stream: SplitMix64, m: int) -> list[bytes]:
    """Return m codes that end in an escape, after symbols and after escaped escapes."""
    codes = stream.integers(0, N, m).astype(np.uint8).tobytes()
    n_pairs = (m - 1) // 2
    return [codes[:-1] + bytes([ESCAPE]), codes[: m - 1 - 2 * n_pairs] + bytes([ESCAPE] * (2 * n_pairs + 1))]


def string_case(name: str, stream: SplitMix64, wrong: Sequence[bytes]) -> Case:
    """Return each wrong string as the first, the last or one between of some right ones, by every call."""
    table = encoder.table_of(SYMBOLS)
    ops: list[OpInputs] = []
    right = some_strings(stream, SYMBOLS, N_STRINGS)
    for i, string in enumerate(wrong):
        strings = list(right)
        place = (0, N_STRINGS - 1, int(stream.integers(1, N_STRINGS - 1, 1)[0]))[i % 3]
        strings[place] = string
        ops += every_op(stream, table, strings)
    return Case(f"corrupt: {name}", {}, ops)


def offsets_case(stream: SplitMix64, name: str, table: np.ndarray) -> Case:
    """Return offsets of `decode` that fall or leave the codes, at the first string, the last and between."""
    batch = blocks(some_strings(stream, SYMBOLS, N_STRINGS), N_STRINGS, chunked=False)
    ops: list[OpInputs] = []
    for dtype in (np.int32, np.int64):
        right = decode_op(stream, table, batch, dtype)
        codes, offsets = right["codes"], right["offsets"]
        assert isinstance(codes, np.ndarray)
        assert isinstance(offsets, np.ndarray)
        ops.append(right)
        for at in (0, 1, 17, N_STRINGS):
            values = [*HUGE, len(codes) + 1, int(offsets[at - 1]) - 1 if at else int(offsets[1]) + 1]
            if dtype is np.int64:
                values += [2**62, -(2**63), 2**32 + int(offsets[at])]
            for value in values:
                wrong = offsets.copy()
                wrong[at] = value
                ops.append({"offsets": wrong})
    return Case(f"corrupt: offsets{name}", {}, ops)


def bounds_case(stream: SplitMix64, name: str, table: np.ndarray) -> Case:
    """Return bounds of chunks that fall, leave the page or leave no room for offsets."""
    strings = some_strings(stream, SYMBOLS, N_STRINGS)
    right = page_op(stream, table, blocks(strings, PER_CHUNK, chunked=True))
    page, starts = right["page"], right["chunk_starts"]
    assert isinstance(page, np.ndarray)
    assert isinstance(starts, np.ndarray)
    ops: list[OpInputs] = [right]
    for at in (0, 1, 3, len(starts) - 1):
        beside = int(starts[at - 1] if at else starts[1])
        for value in (
            *HUGE,
            len(page) + 1,
            2**62,
            -(2**63),
            *(beside + step for step in (-1, 0, 1, 3, 4, 31)),
        ):
            wrong = starts.copy()
            wrong[at] = value
            ops += [{"method": PAGE, "chunk_starts": wrong}, {"method": CHUNK_BY_CHUNK}]
    return Case(f"corrupt: bounds of chunks{name}", {}, ops)


def heads_case(stream: SplitMix64, name: str, table: np.ndarray) -> Case:
    """Return offsets within chunks that are no multiple of four, fall or leave the chunk."""
    strings = some_strings(stream, SYMBOLS, N_STRINGS)
    right = page_op(stream, table, blocks(strings, PER_CHUNK, chunked=True))
    page, starts = right["page"], right["chunk_starts"]
    assert isinstance(page, np.ndarray)
    assert isinstance(starts, np.ndarray)
    ops: list[OpInputs] = [right]
    for chunk in (0, 2, len(starts) - 2):
        start, size = int(starts[chunk]), int(starts[chunk + 1] - starts[chunk])
        for at in (0, 1, 2):
            before = (
                int.from_bytes(page[start + 4 * at - 4 : start + 4 * at].tobytes(), "little") if at else 4
            )
            for value in (0, 1, 3, before - 1, size + 1, size + 4, 2**31, 2**32 - 4, 2**32 - 1):
                wrong = page.copy()
                wrong[start + 4 * at : start + 4 * at + 4] = np.frombuffer(
                    value.to_bytes(4, "little"), np.uint8
                )
                ops += [{"method": PAGE, "page": wrong}, {"method": CHUNK_BY_CHUNK}]
    return Case(f"corrupt: offsets in chunks{name}", {}, ops)


def several_errors_case(stream: SplitMix64) -> Case:
    """Return several errors at once, of which the first counts, codes before offsets and the reverse."""
    table = encoder.table_of(SYMBOLS)
    ops: list[OpInputs] = []
    for first, second in ((4, 20), (0, 1), (28, 29)):
        strings = some_strings(stream, SYMBOLS, N_STRINGS)
        strings[first], strings[second] = bytes([0, N]), bytes([1, 2, ESCAPE])
        ops += every_op(stream, table, strings)
        strings[first], strings[second] = strings[second], strings[first]
        ops += every_op(stream, table, strings)
        for bad_code, bad_offset in ((first, second), (second, first)):
            strings = some_strings(stream, SYMBOLS, N_STRINGS)
            strings[bad_code] = bytes([1, 2, 3, 200])
            decode, page, _ = every_op(stream, table, strings)
            offsets, starts = np.array(decode["offsets"]), np.array(page["chunk_starts"])
            offsets[bad_offset + 1] = 10**6
            starts[bad_offset // PER_CHUNK + 1] = 10**6
            ops += [{**decode, "offsets": offsets}, {**page, "chunk_starts": starts}]
    return Case("corrupt: several errors", {}, ops)


def timed_size_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield one error at a time among about as much text as is timed: at the end, near it, anywhere.

    Closes a fast path that only much text takes and that skips the check, or looks only where codes, strings
    or chunks end. Chunk by chunk, a few chunks are enough: a call sees one.
    """
    for text_bytes in TIMED_BYTES:
        symbols, chunks = timed_size_blocks(stream, text_bytes)
        yield timed_size_page(stream, symbols, chunks, f"{text_bytes} bytes of text")
        for dtype in (np.int32, np.int64):
            yield timed_size_batch(stream, symbols, chunks, dtype)
    symbols, chunks = timed_size_blocks(stream, 25 * MIB)
    largest = timed_size_page(stream, symbols, chunks, f"{25 * MIB} bytes of text")
    yield dataclasses.replace(
        largest, ops=largest.ops[:4]
    )  # each costs as much as all those of a smaller page
    symbols, chunks = timed_size_blocks(stream, MIB // 16)
    yield timed_size_page(stream, symbols, chunks, "chunk by chunk", CHUNK_BY_CHUNK)


def timed_size_page(
    stream: SplitMix64,
    symbols: Sequence[bytes],
    chunks: Sequence[pages.Block],
    name: str,
    method: str = PAGE,
) -> Case:
    """Return chunks of which one is wrong at a time; the last ops have strings that are stored."""
    op = {**page_op(stream, encoder.table_of(symbols), chunks), "method": method}
    page, starts = np.array(op["page"]), np.array(op["chunk_starts"])
    falls = []  # an offset within a drawn chunk
    changes: list[tuple[int, list[int]]] = []
    last = (int(starts[-2]) + chunks[-1].codes_at + int(chunks[-1].lengths.sum()), [0, len(symbols)])
    for _ in range(3):
        chunk = int(stream.integers(0, len(chunks), 1)[0])
        codes_at, lengths = int(starts[chunk]) + chunks[chunk].codes_at, chunks[chunk].lengths
        falls.append((int(starts[chunk]) + 4 * int(stream.integers(2, len(lengths), 1)[0]), [255]))
        changes.append((within(stream, lengths, codes_at), [0, unknown_code(stream, symbols)]))
        inner = inner_string(stream, lengths)
        changes.append((codes_at + int(lengths[: inner + 1].sum()), [0, ESCAPE]))
    # The last code of all, and an escape there.
    changes += [falls[0], last, (last[0], [0, ESCAPE])]
    ops: list[OpInputs] = [op, *({"page": edit} for edit in in_turn(page, changes))]
    first, *others = in_turn(page, falls)
    ops += [{"table": STORED, "page": first}, *({"page": edit} for edit in others)]
    return Case(f"corrupt: timed size, {name}", {}, ops)


def timed_size_batch(
    stream: SplitMix64, symbols: Sequence[bytes], chunks: Sequence[pages.Block], dtype: type
) -> Case:
    """Return the strings of chunks as one batch, in which one string is wrong at a time."""
    lengths = np.concatenate([each.lengths for each in chunks])
    codes = np.concatenate([each.image[each.codes_at :][: each.lengths.sum()] for each in chunks])
    op = decode_op(stream, encoder.table_of(symbols), [pages.block(codes, lengths, False)], dtype)
    offsets, all_codes = np.array(op["offsets"]), np.array(op["codes"])
    last = int(offsets[-1])
    changes: list[tuple[int, list[int]]] = [(last, [0, len(symbols)]), (last, [0, ESCAPE])]
    for _ in range(3):
        changes.append((within(stream, lengths, int(offsets[0])), [0, unknown_code(stream, symbols)]))
        changes.append((int(offsets[inner_string(stream, lengths) + 1]), [0, ESCAPE]))
    ops: list[OpInputs] = [op, *({"codes": edit} for edit in in_turn(all_codes, changes))]
    wrong = []
    for at in (len(offsets) - 2, 1 + inner_string(stream, lengths)):
        falling = offsets.copy()
        falling[at] = falling[at + 1] + 1
        wrong.append(falling)
    ops += [{"offsets": falling} for falling in wrong]
    ops += [{"table": STORED, "offsets": falling} for falling in wrong]
    bits = 8 * np.dtype(dtype).itemsize
    return Case(
        f"corrupt: timed size, {len(codes)} codes, offsets of {bits} bits", {}, [*ops, {"offsets": offsets}]
    )


def within(stream: SplitMix64, lengths: np.ndarray, codes_at: int) -> int:
    """Return where the second of two neighbouring codes ends, in a drawn string and not at its end.

    Strings of these lengths lie end to end from codes_at on; one of them has three codes or more.
    """
    long = np.flatnonzero(lengths > 2)
    string = long[stream.next_uint64() % len(long)]
    return codes_at + int(lengths[:string].sum()) + int(stream.integers(2, int(lengths[string]), 1)[0])


def inner_string(stream: SplitMix64, lengths: np.ndarray) -> int:
    """Return a drawn string of two codes or more that is neither the first nor the last."""
    full = np.flatnonzero(lengths[:-1] > 1)
    full = full[full > 0]
    return int(full[stream.next_uint64() % len(full)])


def unknown_code(stream: SplitMix64, symbols: Sequence[bytes]) -> int:
    """Return a drawn code without a symbol."""
    return int(stream.integers(len(symbols), ESCAPE, 1)[0])


def in_turn(array: np.ndarray, changes: Sequence[tuple[int, list[int]]]) -> list[Edit]:
    """Return edits of which each writes the bytes that end at a place, and puts back those of the one before.

    The last one more puts all back. A zero before a wrong code is a symbol's or an escape's byte: in either
    case what follows is a code.
    """
    edits, before = [], np.zeros(0, np.int64)
    for end, values in [*changes, (0, [])]:
        at = np.arange(end - len(values), end)
        gone = np.setdiff1d(before, at)
        new = np.concatenate([array[gone], np.array(values, np.uint8)])
        edits.append(Edit(np.concatenate([gone, at]), new))
        before = at
    return edits


def every_op(stream: SplitMix64, table: np.ndarray, strings: Sequence[bytes]) -> list[OpInputs]:
    """Return the strings as a call of `decode`, one of `decode_page` and one for each chunk."""
    dtype = (np.int32, np.int64)[stream.next_uint64() % 2]
    return [
        decode_op(stream, table, blocks(strings, len(strings), chunked=False), dtype),
        page_op(stream, table, blocks(strings, PER_CHUNK, chunked=True)),
        {"method": CHUNK_BY_CHUNK},
    ]
