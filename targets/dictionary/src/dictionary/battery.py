"""What a trial checks before it times anything: awkward types, lengths, counts, nulls, widths, faults."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dictionary import DECODE_FIXED, draws, inputs
from dictionary.corrupt import corrupt_cases
from dictionary.ops import NO_NULLS, PACKED, Dictionary, both_strings, every_method, op_of
from harness_common.prng import SplitMix64
from referee.workload import Case, Edit

WIDTHS = (1, 2, 4, 8, 16)  # bytes of a value
CODE_BYTES = (1, 2, 4)
LENGTHS = (0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256, 4096)
ROW_COUNTS = (0, 1, 7, 8, 9, 63, 64, 65, 1023, 1024, 1025, 2047, 2048, 2049)
LARGE = ("strings-12B-32Ki", "strings-60B-8Ki", "fixed-1B-512Ki", "fixed-4B-64Ki", "packed-60B-64Ki")
WORDS = ("", "a", "naïve", "żółw", "火車", "🚂🚃", "e\u0301", "\x00", "ﬁ")


def correctness_battery(seed: int) -> list[Case]:
    """Return the cases, with fresh entries and codes, and some fresh extents, for every seed."""
    streams = SplitMix64(seed)
    parts = (
        warm_up_case,
        type_cases,
        length_cases,
        row_count_cases,
        null_cases,
        dictionary_cases,
        packed_cases,
        corrupt_cases,
        random_cases,
        timed_cases,
        large_cases,
    )
    return [case for i, part in enumerate(parts) for case in part(streams.fork(i))]


def warm_up_case(stream: SplitMix64) -> Iterator[Case]:
    """Yield a plain case that calls every method with every type of code, with and without nulls."""
    dictionary = entries(stream, [8] * 20)
    codes = draw_codes(stream, 20, 2_100)
    ops = []
    for code_bytes in CODE_BYTES:
        for validity in (NO_NULLS, draws.validity_bits(stream, len(codes))):
            ops += every_method(dictionary, codes, validity, code_bytes)
    yield Case("every method", {}, ops)


def type_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every width of a value with every type of code; the second half edits a value in place."""
    for width in WIDTHS:
        for code_bytes in CODE_BYTES:
            card, n = (int(stream.integers(2, end, 1)[0]) for end in (250, 3_000))
            dictionary = fixed_entries(stream, card, width)
            codes = draw_codes(stream, card, n)
            ops = []
            for validity in (NO_NULLS, draws.validity_bits(stream, n)):
                ops.append(op_of(DECODE_FIXED, dictionary, codes, validity, code_bytes))
                at = np.array([int(codes[-1]) * (2 if width == 16 else 1)])  # the last row is never null
                ops.append({"values": Edit(at, ~dictionary["values"].reshape(-1)[at])})
            ops.append({"codes": Edit(np.array([n - 1]), (codes[-1:] + 1) % card)})
            yield Case(f"{width} bytes, codes of {code_bytes}", {}, ops)


def length_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield strings of every length: alone, at the very end of the data, and all lengths mixed."""
    for length in LENGTHS:
        codes = draw_codes(stream, 3, 70)
        codes[-1] = 2
        ops = both_strings(entries(stream, [length] * 3), codes, NO_NULLS, 4)
        yield Case(f"strings of {length} bytes", {}, ops)
    for last in (0, 1, 9, 17):
        mixed = entries(stream, [*LENGTHS[:-1], last])
        codes = draw_codes(stream, len(LENGTHS), 2_000)
        codes[-1] = len(LENGTHS) - 1
        ops = both_strings(mixed, codes, draws.validity_bits(stream, len(codes)), 1)
        where = np.array([3])  # two entries share the byte in which the first one ends
        ops.append({"offsets": Edit(where, mixed["offsets"][where] + 1)})
        yield Case(f"strings of all lengths, the last of {last}", {}, ops)


def row_count_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield no row, one row, and counts around bytes of validity, words and chunks."""
    for n in ROW_COUNTS:
        dictionary = entries(stream, [8, 0, 8, 11, 3])
        codes = draw_codes(stream, 5, n)
        ops = every_method(dictionary, codes, NO_NULLS, 1)
        if n > 0:
            ops += every_method(dictionary, codes, draws.validity_bits(stream, n), 2)
        yield Case(f"{n} rows", {}, ops)


def null_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield nulls everywhere and nowhere, at either end, and over codes that no entry has."""
    n, n_bytes = 2_051, -(-2_051 // 8)
    dictionary = entries(stream, [8] * 21)
    codes = draw_codes(stream, 21, n)
    garbage = (stream.uint64(n) >> 32).astype(np.uint32) | 64
    first, last = np.full(n_bytes, 255, np.uint8), np.full(n_bytes, 255, np.uint8)
    first[0], last[-1] = 254, 255 - (1 << (n - 1) % 8)
    bits = draws.validity_bits(stream, n)
    for name, validity, some in (
        ("no null, but a bitmap", np.full(n_bytes, 255, np.uint8), codes),
        ("all null", np.zeros(n_bytes, np.uint8), garbage),
        ("only the first is null", first, np.where(np.arange(n) == 0, garbage, codes)),
        ("only the last is null", last, np.where(np.arange(n) == n - 1, garbage, codes)),
        ("garbage under nulls", bits, np.where(draws.valid_rows(bits, n), codes, garbage)),
        ("only one valid row", np.where(np.arange(n_bytes) == 100, 16, 0).astype(np.uint8), codes % 21),
    ):
        ops = [op for code_bytes in CODE_BYTES for op in every_method(dictionary, some, validity, code_bytes)]
        yield Case(name, {}, ops)
    nothing = entries(stream, [])
    for n in (1, 1_500):
        ops = every_method(
            nothing, (stream.uint64(n) >> 40).astype(np.uint32), np.zeros(-(-n // 8), np.uint8), 4
        )
        yield Case(f"no entry and {n} nulls", {}, ops)


def dictionary_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield dictionaries of one entry, of as many as a type can tell, of text, with bytes that nobody has."""
    yield Case("one entry", {}, every_method(entries(stream, [8]), np.zeros(1_100, np.uint32), NO_NULLS, 1))
    yield Case(
        "no entry and no row", {}, every_method(entries(stream, []), np.zeros(0, np.uint32), NO_NULLS, 2)
    )
    for card, code_bytes in ((256, 1), (65_536, 2)):
        codes = draw_codes(stream, card, 1_500)
        codes[[0, -1]] = card - 1
        ops = every_method(entries(stream, [2] * card), codes, NO_NULLS, code_bytes)
        yield Case(f"{card} entries", {}, ops)
    for code in (0, 6):
        ops = every_method(entries(stream, [8] * 7), np.full(5_000, code, np.uint32), NO_NULLS, 1)
        yield Case(f"all rows are entry {code}", {}, ops)
    text = [word.encode() for word in WORDS]
    words: Dictionary = {
        "offsets": np.append(0, np.cumsum([len(word) for word in text])).astype(np.int32),
        "data": np.frombuffer(b"".join(text), np.uint8),
    }
    ops = both_strings(words, draw_codes(stream, len(WORDS), 900), NO_NULLS, 1)
    yield Case("text of several bytes per letter", {}, ops)
    inside: Dictionary = {
        "offsets": np.array([5, 9, 9, 20], np.int32),
        "data": draws.random_bytes(stream, 33),
    }
    codes = draw_codes(stream, 3, 1_030)
    yield Case("bytes before and after all entries", {}, both_strings(inside, codes, NO_NULLS, 2))
    grows = entries(stream, [0] * 60 + [700])
    ops = both_strings(grows, np.where(draw_codes(stream, 9, 3_000) > 0, 60, 5), NO_NULLS, 1)
    yield Case("far longer than the dictionary's average", {}, ops)
    huge = entries(stream, [3, 2**21])
    yield Case(
        "an entry that is too long for all rows",
        {},
        both_strings(huge, np.zeros(1_500, np.uint32), NO_NULLS, 1),
    )


def packed_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every width of a chunk, every place in it, widths that differ, and words that no chunk has."""
    dictionary = entries(stream, [8] * 300)
    validity = draws.validity_bits(stream, 2_100)
    valid = draws.valid_rows(validity, 2_100)
    for width in range(33):  # beyond nine bits only under nulls
        codes = draw_codes(stream, min(2**width, 300), 2_100)
        garbage = (stream.uint64(2_100) >> (64 - width)).astype(np.uint32) if width > 0 else codes
        garbage[::3] = 2**width - 1
        yield Case(
            f"packed: width {width}", {}, of_packed(dictionary, np.where(valid, codes, garbage), validity)
        )
    places = entries(stream, [2] * 1024)
    order = np.arange(1024, dtype=np.uint32)
    ops = of_packed(places, np.concatenate([order, order[::-1], stream.permutation(1024)]), NO_NULLS)
    yield Case("packed: every place once", {}, ops)
    codes = draw_codes(stream, 300, 20_000) >> np.repeat(stream.integers(0, 10, 20), 1_000).astype(np.uint32)
    yield Case("packed: widths that differ", {}, of_packed(dictionary, codes, NO_NULLS))
    ops = []
    for op in of_packed(dictionary, draw_codes(stream, 300, 1_400), NO_NULLS, 2**32 - 1):
        around = [draws.random_bytes(stream, 4 * n_words).view(np.uint32) for n_words in (5, 3)]
        words = np.concatenate([around[0], op["words"], around[1]])
        ops += [op, {**op, "words": words, "chunk_starts": op["chunk_starts"] + 5}]
    yield Case("packed: words before, between and after", {}, ops)


def random_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield extents that no kernel can have listed."""
    for _ in range(8):
        card, n, most = (int(stream.integers(1, end, 1)[0]) for end in (2_000, 9_000, 80))
        code_bytes = 4 if card > 256 else CODE_BYTES[stream.next_uint64() % 3]
        dictionary = {
            **entries(stream, stream.integers(0, most, card)),
            **fixed_entries(stream, card, WIDTHS[stream.next_uint64() % 5]),
        }
        validity = draws.validity_bits(stream, n) if stream.next_uint64() % 2 else NO_NULLS
        ops = every_method(dictionary, draw_codes(stream, card, n), validity, code_bytes)
        yield Case(f"random: {n} rows, {card} entries of less than {most}", {}, ops)


def timed_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield three ops of each timed shape but the largest, so that none is met first when the clock runs."""
    for shape_name, distribution in dict(inputs.COMBOS).items():
        if inputs.SHAPES[shape_name].n_rows < 200_000:
            workload = inputs.workload(shape_name, distribution)
            yield Case(f"timed: {workload.combo}", {}, inputs.redraw(workload, stream.next_uint64())[:3])


def large_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield special codes in 0.9 to 1.3 times as many rows as are timed; corrupt ones are in `corrupt`.

    Closes a path for many rows only that is wrong for what no timed op has.
    """
    for shape_name in LARGE:
        shape, n = scaled(stream, inputs.SHAPES[shape_name])
        dictionary = inputs.draw_dictionary(stream, shape)
        garbage = (stream.uint64(n) >> 32).astype(np.uint32)
        padding = draws.padding_codes(stream, n, inputs.garbage_mask(shape))
        bits = draws.validity_bits(stream, n)
        last = np.full(n, shape.n_entries - 1, np.uint32)
        half = np.where(np.arange(n) < n // 2, last, 0)
        ops = [
            op_of(shape.method, dictionary, codes, validity, shape.code_bytes, padding)
            for codes, validity in (
                (last, NO_NULLS),
                (half, bits),
                (garbage, np.zeros(-(-n // 8), np.uint8)),
            )
        ]
        yield Case(f"large: {shape_name}, {n} rows", {}, ops)


def scaled(stream: SplitMix64, shape: inputs.Shape) -> tuple[inputs.Shape, int]:
    """Return the shape with 0.9 to 1.3 times as many rows, an odd number, and that number."""
    n = int(stream.integers(9 * shape.n_rows // 10, 13 * shape.n_rows // 10, 1)[0]) | 1
    return replace(shape, n_rows=n), n


def entries(stream: SplitMix64, lengths: Sequence[int] | np.ndarray) -> Dictionary:
    """Return strings of these lengths, uniform bytes, and as many values of four bytes."""
    offsets = np.append(0, np.cumsum(lengths)).astype(np.int32)
    strings = {"offsets": offsets, "data": draws.random_bytes(stream, int(offsets[-1]))}
    return {**strings, **fixed_entries(stream, len(lengths), 4)}


def fixed_entries(stream: SplitMix64, card: int, width: int) -> Dictionary:
    """Return values of `width` bytes each."""
    return {"values": inputs.as_values(draws.random_bytes(stream, card * width), width)}


def draw_codes(stream: SplitMix64, card: int, n: int) -> np.ndarray:
    """Return uint32[n] below `card`."""
    return stream.integers(0, card, n).astype(np.uint32)


def of_packed(
    dictionary: Dictionary, codes: np.ndarray, validity: np.ndarray = NO_NULLS, padding: np.ndarray | int = 0
) -> list[Any]:
    """Return an op of each of the two methods that take packed codes."""
    return [op_of(method, dictionary, codes, validity, padding=padding) for method in PACKED]
