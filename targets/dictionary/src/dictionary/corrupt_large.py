"""Faults in as many rows as are timed: no check is left out for many rows, nor for just so many."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from dictionary import CHUNK_ROWS, draws, inputs
from dictionary.inputs import Shape
from dictionary.ops import NO_NULLS, STRINGS, Dictionary, both_strings, op_of, packed_op
from dictionary.packing import Packed, pack, widened
from harness_common.prng import SplitMix64
from referee.workload import Case

MIB = 1 << 20


def large_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield each fault in 0.9 to 1.3 times as many rows as are timed, and in exactly as many."""
    for shape_name, distribution in dict(inputs.COMBOS).items():
        timed = inputs.SHAPES[shape_name]
        table = draws.zipf_table(timed.card) if distribution in ("zipf", "nulls") else None
        dictionary = inputs.draw_dictionary(stream, timed)
        scaled = int(stream.integers(9 * timed.n_rows // 10, 13 * timed.n_rows // 10, 1)[0]) | 1
        for size, n in (("large", scaled), ("as timed", timed.n_rows)):
            shape = replace(timed, n_rows=n)
            codes = inputs.draw_codes(stream, shape, distribution, table)
            ops = [*code_ops(stream, shape, dictionary, codes), *entry_ops(stream, shape, dictionary, codes)]
            if shape.is_packed:
                ops += chunk_ops(stream, shape, dictionary, codes)
            changes = [inputs.changes(before, after) for before, after in pairwise(ops)]
            yield Case(f"corrupt: {size}, {shape_name}, {n} rows", {}, [ops[0], *changes])
    yield from total_cases(stream)


def code_ops(stream: SplitMix64, shape: Shape, dictionary: Dictionary, codes: np.ndarray) -> Iterator[Any]:
    """Yield a bad code in a row drawn and in the last one, without nulls and among nulls over such codes."""
    n, mask = shape.n_rows, inputs.garbage_mask(shape)
    bits = draws.validity_bits(stream, n)
    garbage = draws.with_garbage(stream, codes, bits, mask)
    padding = draws.padding_codes(stream, n, mask)
    for row in (int(stream.integers(0, n - 1, 1)[0]), n - 1):
        valid = bits.copy()
        valid[row // 8] |= 1 << row % 8
        for sound, validity in ((codes, NO_NULLS), (garbage, valid)):
            bad = sound.copy()
            bad[row] = shape.n_entries
            yield op_of(shape.method, dictionary, bad, validity, shape.code_bytes, padding)


def entry_ops(stream: SplitMix64, shape: Shape, dictionary: Dictionary, codes: np.ndarray) -> Iterator[Any]:
    """Yield strings that end beyond the data: of an entry drawn, and of the last one."""
    if shape.method in STRINGS:
        for entry in (int(stream.integers(0, shape.n_entries - 1, 1)[0]), shape.n_entries - 1):
            offsets = dictionary["offsets"].copy()
            offsets[entry + 1] = len(dictionary["data"]) + 1
            wrong = {**dictionary, "offsets": offsets}
            yield op_of(shape.method, wrong, codes, NO_NULLS, shape.code_bytes)


def chunk_ops(stream: SplitMix64, shape: Shape, dictionary: Dictionary, codes: np.ndarray) -> Iterator[Any]:
    """Yield chunks whose width or extent is wrong: one drawn, where the first begins, where the last ends."""
    sound = pack(codes)
    n_words, n_chunks = len(sound.words), len(sound.chunk_starts) - 1
    chunk = int(stream.integers(0, n_chunks - 1, 1)[0])

    def op_with(packed: Packed, n_values: int = shape.n_rows) -> Any:
        return packed_op(shape.method, dictionary, packed, n_values)

    words = sound.words.copy()
    words[sound.chunk_starts[chunk]] ^= 1
    yield op_with(replace(sound, words=words))
    yield op_with(widened(sound, chunk, 33))
    yield op_with(replace(sound, words=sound.words[:-1]))
    for place in (0, chunk + 1, n_chunks):
        for start in (-1, 2**63 - 1, n_words + 1):
            starts = sound.chunk_starts.copy()
            starts[place] = start
            yield op_with(replace(sound, chunk_starts=starts))
    yield op_with(sound, n_chunks * CHUNK_ROWS + 1)


def total_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield more bytes than an int32 can tell in about 33,000 rows: in each row 1 MiB, and in few of them."""
    n = int(stream.integers(32_000, 34_000, 1)[0])
    dictionary = {
        "offsets": np.array([0, MIB, MIB + 3], np.int32),
        "data": draws.random_bytes(stream, MIB + 3),
    }
    few = (np.arange(n) % 15 > 0).astype(np.uint32)  # too many only in one of the last chunks
    ops = [op for codes in (few * 0, few) for op in both_strings(dictionary, codes, NO_NULLS, 1)]
    yield Case(f"corrupt: large, too many bytes, {n} rows", {}, ops)
