"""Corrupt input: every fault that a kernel must name, at the first place, at the last, and far inside.

Here in few rows; `corrupt_large` has them in as many as are timed.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from dictionary import CHUNK_ROWS, DECODE_FIXED, DECODE_PACKED_STRINGS, DECODE_STRINGS, corrupt_large, draws
from dictionary.ops import (
    FIXED,
    NO_NULLS,
    PACKED,
    STRINGS,
    Dictionary,
    both_strings,
    every_method,
    op_of,
    packed_op,
)
from dictionary.packing import Packed, pack, widened
from harness_common.prng import SplitMix64
from referee.workload import Case

CARD = 77
N_ROWS = 5_001
MIB = 1 << 20
LOWEST, HIGHEST = -(2**63), 2**63 - 1


def corrupt_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield all of them; in each case the last op is sound, so that a fault leaves nothing behind."""
    yield from code_cases(stream.fork(0))
    yield from entry_cases(stream.fork(1))
    yield from total_cases(stream.fork(2))
    yield from chunk_cases(stream.fork(3))
    yield from corrupt_large.large_cases(stream.fork(4))
    yield from count_cases(stream.fork(5))


def code_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield codes that no entry has, in rows around chunks, also behind nulls that have such codes, too."""
    dictionary = draw_dictionary(stream, CARD)
    codes = stream.integers(0, CARD, N_ROWS).astype(np.uint32)
    somewhere = int(stream.integers(1_025, N_ROWS - 2, 1)[0])
    bits = draws.validity_bits(stream, N_ROWS)
    garbage = draws.with_garbage(stream, codes, bits, 127)
    for rows in (
        (0,),
        (1,),
        (1023,),
        (1024,),
        (somewhere,),
        (N_ROWS - 1,),
        (somewhere, somewhere + 1, 4_999),
    ):
        ops: list[Any] = []
        for wrong, code_bytes in ((CARD, 1), (255, 1), (CARD, 2), (65_535, 2), (CARD, 4), (2**32 - 1, 4)):
            bad = codes.copy()
            bad[list(rows)] = wrong
            methods = (*FIXED, *STRINGS) if code_bytes == 4 else (DECODE_FIXED, DECODE_STRINGS)
            ops += [op_of(method, dictionary, bad, NO_NULLS, code_bytes) for method in methods]
        bad, valid = garbage.copy(), bits.copy()
        for row in rows:
            bad[row] = CARD + 1
            valid[row // 8] |= 1 << row % 8
        ops += every_method(dictionary, bad, valid, 1) + every_method(dictionary, codes, NO_NULLS, 1)
        yield Case(f"corrupt: code in row {' and '.join(map(str, rows))}", {}, ops)
    nothing = draw_dictionary(stream, 0)
    first = np.zeros(-(-N_ROWS // 8), np.uint8)
    first[300] = 8
    ops = every_method(nothing, codes, NO_NULLS, 1) + every_method(nothing, codes, first, 4)
    yield Case("corrupt: no entry and a valid row", {}, ops + every_method(dictionary, codes, first, 2))


def entry_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield offsets that are negative, fall, or lead beyond the data, of entries that no row has, too."""
    dictionary = draw_dictionary(stream, CARD)
    codes = stream.integers(0, 3, N_ROWS).astype(np.uint32)
    misfit = pack(codes)
    misfit.words[0] ^= 1
    n_bytes = len(dictionary["data"])
    for name, changed in (
        ("the first begins below 0", {0: -1}),
        ("the first begins at the least number", {0: -(2**31)}),
        ("one begins below 0", {40: -7}),
        ("one begins behind its end", {40: n_bytes}),
        ("one is one byte behind its end", {3: int(dictionary["offsets"][4]) + 1}),
        ("one ends beyond the data", {41: n_bytes + 1}),
        ("the last ends one byte beyond", {CARD: n_bytes + 1}),
        ("the last ends at the largest number", {CARD: 2**31 - 1}),
        ("two of them", {60: -1, 70: -1}),
    ):
        offsets = dictionary["offsets"].copy()
        for entry, offset in changed.items():
            offsets[entry] = offset
        wrong = {**dictionary, "offsets": offsets}
        bad_code = codes.copy()
        bad_code[0] = CARD
        ops = [*both_strings(wrong, codes, NO_NULLS, 1), *both_strings(wrong, bad_code, NO_NULLS, 4)]
        ops += both_strings(wrong, np.zeros(0, np.uint32), NO_NULLS, 2)
        ops.append(packed_op(DECODE_PACKED_STRINGS, wrong, misfit, N_ROWS))  # the entry comes first
        yield Case(f"corrupt: entry, {name}", {}, ops + both_strings(dictionary, codes, NO_NULLS, 1))


def total_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield more bytes than an int32 can tell, with other faults before and after; no answer is so large."""
    data = draws.random_bytes(stream, MIB + 3)
    dictionary = {"offsets": np.array([0, MIB, MIB + 3], np.int32), "data": data}
    ones = np.zeros(3_100, np.uint32)
    nulls = np.full(-(-3_100 // 8), 255, np.uint8)
    nulls[: CHUNK_ROWS // 8] = 0
    ops: list[Any] = []
    for bad_row in (None, 3, 2_040, 2_047, 2_048, 3_099):
        codes = ones.copy()
        codes[CHUNK_ROWS - 1] = 1  # three bytes: the sum is 2**31 - 1 at no row's end
        if bad_row is not None:
            codes[bad_row] = 2
        for validity in (NO_NULLS, nulls):
            ops += both_strings(dictionary, codes, validity, 1)
    for chunk in (1, 3):  # before the chunk with too many bytes, and after it
        misfit = pack(ones)
        misfit.words[misfit.chunk_starts[chunk]] ^= 1
        ops.append(packed_op(DECODE_PACKED_STRINGS, dictionary, misfit, len(ones), nulls))
    ops += both_strings(dictionary, np.full(3_000, 1, np.uint32), NO_NULLS, 4)
    yield Case("corrupt: too many bytes", {}, ops)


def chunk_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield chunks whose width or extent is wrong, alone and with a bad code in the chunk before or after."""
    dictionary = draw_dictionary(stream, CARD)
    codes = stream.integers(0, CARD, N_ROWS).astype(np.uint32)
    sound = pack(codes)
    n_words = len(sound.words)

    def ops_with(starts: dict[int, int], words: dict[int, int], packed: Packed = sound) -> list[Any]:
        changed_starts, changed_words = packed.chunk_starts.copy(), packed.words.copy()
        for place, start in starts.items():
            changed_starts[place] = start
        for place, word in words.items():
            changed_words[place] = word
        changed = replace(packed, words=changed_words, chunk_starts=changed_starts)
        return [packed_op(method, dictionary, changed, N_ROWS) for method in PACKED]

    for c in (0, 2, 4):
        start, end = sound.chunk_starts[c : c + 2].tolist()
        ops: list[Any] = []
        for width in (33, 8, 6, 0, 2**8 + 7, 2**27 + 7, 2**31, 2**32 - 1):  # it is 7
            ops += ops_with({}, {start: width})
        for width in (33, 64):  # with as many words as such a width would have
            ops += ops_with({}, {}, widened(sound, c, width))
        for wrong in (-1, LOWEST, HIGHEST, n_words, n_words + 1, end, end - 1, start + 1, start - 1):
            ops += ops_with({c: wrong}, {})
        for wrong in (-1, LOWEST, HIGHEST, n_words + 1, start, start - 1, end - 1, end + 1):
            ops += ops_with({c + 1: wrong}, {})
        ops += ops_with({c: HIGHEST, c + 1: LOWEST}, {}) + ops_with({c: LOWEST, c + 1: HIGHEST}, {})
        for row in (c * CHUNK_ROWS - 1, (c + 1) * CHUNK_ROWS):
            if 0 <= row < N_ROWS:
                bad = codes.copy()
                bad[row] = CARD
                ops += ops_with({}, {start: 40}, pack(bad))
        yield Case(f"corrupt: chunk {c}", {}, ops + ops_with({}, {}))


def count_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield rows that need more chunks than there are, or fewer, alone and with faults that come later."""
    dictionary = draw_dictionary(stream, CARD)
    codes = stream.integers(0, CARD, N_ROWS).astype(np.uint32)
    codes[0] = CARD
    offsets = np.where(np.arange(CARD + 1) == 3, -1, dictionary["offsets"]).astype(np.int32)
    faulty, bad = {**dictionary, "offsets": offsets}, pack(codes)
    bad.words[bad.chunk_starts[2]] = 40
    codes[0] = 0
    sound, none = pack(codes), pack(codes[:0])
    ops: list[Any] = []
    for method in PACKED:
        for n in (4_096, 5_121, 1, 0, -1, 2**31, 2**32 + N_ROWS, 2**40, LOWEST, HIGHEST):
            ops += [packed_op(method, dictionary, sound, n), packed_op(method, faulty, bad, n)]
        ops += [packed_op(method, dictionary, none, n) for n in (1, 1_024, -1, -1_023)]
    ops += [packed_op(method, dictionary, sound, n) for method in PACKED for n in (4_097, 5_120)]
    yield Case("corrupt: n_values", {}, ops)


def draw_dictionary(stream: SplitMix64, card: int) -> Dictionary:
    """Return strings of 1 to 30 bytes, and as many values of four bytes."""
    offsets = np.append(0, np.cumsum(stream.integers(1, 31, card))).astype(np.int32)
    values = draws.random_bytes(stream, 4 * card).view(np.uint32)
    return {"offsets": offsets, "data": draws.random_bytes(stream, int(offsets[-1])), "values": values}
