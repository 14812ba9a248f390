"""What a trial checks before it times anything: every width, awkward lengths, tails, and corrupt pages."""

from collections.abc import Iterator, Sequence

import numpy as np

from bitpack import CHUNK, INLINE, MOST_LEVELS, OUT_OF_LINE
from bitpack.corrupt import bad_columns, bad_levels, bad_pages
from bitpack.inputs import LEVEL_WIDTH, SHAPES, USUAL_WIDTH
from bitpack.pack import pack_chunks, pack_inline, pack_out_of_line
from bitpack.pages import column, headed, inline_op, levels, out_of_line_op, page, random
from harness_common.prng import SplitMix64
from referee.workload import Case, OpInputs

BITS = (8, 16, 32, 64)
TAILS = (1, 1023, 1024, 1025, 2047)
# Some widths of each size of word: odd ones, half of it, almost all of it.
SOME_WIDTHS = {8: (3, 4, 7), 16: (1, 2, 5, 8, 15), 32: (5, 8, 13, 16, 31), 64: (7, 23, 32, 40, 63)}


def correctness_battery(seed: int) -> list[Case]:
    """Return the cases, with fresh bits and some fresh shapes, for every seed."""
    streams = SplitMix64(seed)
    parts = (
        every_method_case,
        width_cases,
        one_hot_cases,
        special_value_cases,
        tail_cases,
        boundary_cases,
        empty_cases,
        level_cases,
        random_shape_cases,
        timed_size_cases,
        corrupt_cases,
    )
    return [case for i, part in enumerate(parts) for case in part(streams.fork(i))]


def every_method_case(stream: SplitMix64) -> Iterator[Case]:
    """Yield one op of each method and type, at timed widths: the first case compiles all that is needed."""
    ops: list[OpInputs] = []
    for bits in (32, 64, 16, 8):
        width = USUAL_WIDTH.get(bits, 3)
        ops += [page(stream, bits, [width, 0, bits, 7], 3_333), column(stream, bits, width, 2_222)]
    ops += [levels(stream, width, [MOST_LEVELS, 1_500, 40]) for width in (1, 2)]
    yield Case("every method", {}, ops)


def width_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every width of every type, from 0 to all bits, with uniform bits, in every method."""
    for bits in BITS:
        for width in range(bits + 1):
            ops: list[OpInputs] = [
                page(stream, bits, [width] * 3, 2 * CHUNK + 100),
                column(stream, bits, width, 2 * CHUNK),
                column(stream, bits, width, CHUNK + 1, packed=True),
                column(stream, bits, width, CHUNK + 1_023),
            ]
            if bits == 16:
                ops.append(levels(stream, width, [MOST_LEVELS, 1, 1_023, 2_100]))
            yield Case(f"width {width} of {bits}", {}, ops)


def one_hot_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield 1,024 chunks of zeros with one value that is all ones, in each chunk at another place."""
    for bits, width in ((8, 3), (16, 5), (32, 13), (64, 23)):
        places = stream.permutation(CHUNK)
        values = np.zeros((CHUNK, CHUNK), f"u{bits // 8}")
        values[np.arange(CHUNK), places] = 2**width - 1
        payloads = pack_chunks(values, width)
        words = np.concatenate([np.full((CHUNK, 1), width, values.dtype), payloads], axis=1).reshape(-1)
        starts = np.arange(CHUNK + 1) * (1 + CHUNK // bits * width)
        ops: list[OpInputs] = [
            inline_op(words, starts, CHUNK * CHUNK),
            out_of_line_op(payloads.reshape(-1), width, CHUNK * CHUNK),
        ]
        yield Case(f"one-hot {width} of {bits}", {}, ops)


def special_value_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield values at the ends of their range, signed ones too, and zeros behind a tail's last value."""
    for bits in BITS:
        kind = f"u{bits // 8}"
        ends = np.array([0, 1, 2 ** (bits - 1) - 1, 2 ** (bits - 1), 2**bits - 2, 2**bits - 1], kind)
        values = ends[stream.integers(0, len(ends), (3, CHUNK))]
        small = stream.integers(0, 8, 2_000).astype(kind)
        ops: list[OpInputs] = [
            inline_op(*pack_inline(values, [bits] * 3), 3 * CHUNK),
            out_of_line_op(values.reshape(-1)[:2_500], bits, 2_500),
            out_of_line_op(pack_out_of_line(small, 3, raw=False), 3, 2_000),
            out_of_line_op(pack_out_of_line(small, 3, raw=True), 3, 2_000),
            inline_op(*pack_inline(values & values.dtype.type(7), [3, 4, bits]), 3 * CHUNK - 1),
        ]
        yield Case(f"special values of {bits}", {}, ops)


def tail_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every awkward number of values, with garbage in the slots behind them, packed and raw."""
    for bits in BITS:
        for width in SOME_WIDTHS[bits]:
            ops: list[OpInputs] = []
            for n_values in TAILS:
                ops.append(page(stream, bits, [width] * -(-n_values // CHUNK), n_values))
                ops += [column(stream, bits, width, n_values, packed=packed) for packed in (False, True)]
            yield Case(f"tails of width {width} of {bits}", {}, ops)


def boundary_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield tails around the length at which packed and raw are as long: Lance writes that one raw."""
    for bits in BITS:
        for width in SOME_WIDTHS[bits]:
            step = CHUNK // bits * width
            ops: list[OpInputs] = [
                column(stream, bits, width, n_whole * CHUNK + step + more, packed=packed)
                for n_whole in (0, 2)
                for more in (-1, 0, 1)
                for packed in (False, True)
            ]
            yield Case(f"layouts alike at width {width} of {bits}", {}, ops)


def empty_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield no values at all, and pages that begin and end inside longer arrays."""
    for bits in BITS:
        nothing = np.zeros(0, f"u{bits // 8}")
        words, starts = headed(stream, bits, [3, 5, 0, bits])
        beside = random(stream, 7, bits)
        longer = np.concatenate([beside, words, beside])
        ops: list[OpInputs] = [
            inline_op(nothing, np.zeros(1, np.int64), 0),
            inline_op(longer, starts + 7, 4 * CHUNK - 5),
            inline_op(beside, np.full(1, 3), 0),
            *(
                out_of_line_op(nothing, width, n)
                for width, n in ((3, 0), (0, 0), (0, 5), (0, 3_000), (bits, 0))
            ),
            inline_op(longer, starts[:3] + 7, 2 * CHUNK),
        ]
        yield Case(f"empty and inside, {bits}", {}, ops)


def level_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield buffers of every awkward length side by side, none at all, and gaps at both ends."""
    for width in (0, 1, 2, 3, 15, 16):
        step = CHUNK // 16 * width
        counts = [0, 1, *TAILS, MOST_LEVELS, 0, 3_072, step, step + 1, CHUNK + step, max(step - 1, 0), 4_095]
        some = levels(stream, width, counts)
        packed = levels(stream, width, counts, packed=True)
        none = levels(stream, width, [])
        inside = levels(stream, width, counts[::-1])
        beside = random(stream, 3, 16)
        inside["words"] = np.concatenate([beside, inside["words"], beside])
        inside["buffer_starts"] = inside["buffer_starts"] + 3
        many = levels(stream, width, stream.integers(0, 300, 400).tolist())
        yield Case(f"levels of width {width}", {}, [some, none, packed, inside, many])


def random_shape_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield shapes that no kernel can have listed."""
    for i in range(8):
        bits = BITS[i % 4]
        n_chunks = int(stream.integers(1, 60, 1)[0])
        n_values = (n_chunks - 1) * CHUNK + int(stream.integers(1, CHUNK + 1, 1)[0])
        width = int(stream.integers(0, bits + 1, 1)[0])
        counts = stream.integers(0, MOST_LEVELS + 1, n_chunks)
        ops: list[OpInputs] = [
            page(stream, bits, stream.integers(0, bits + 1, n_chunks).tolist(), n_values),
            column(stream, bits, width, n_values),
            levels(stream, width % 17, counts.tolist()),
        ]
        yield Case(f"random shape of {n_chunks} chunks of {bits}, width {width}", {}, ops)


def timed_size_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield as many chunks or buffers as are timed, exactly and 0.9 to 1.3 times, good and corrupt.

    Closes a fast path that only large pages take, or only those of the timed sizes and widths, and a test of
    the input that it leaves out.
    """
    for name, shape in SHAPES.items():
        about = int(stream.integers(shape.n_items * 9 // 10, shape.n_items * 13 // 10, 1)[0])
        for n_items, kind in ((about, "about"), (shape.n_items, "exactly")):
            if shape.method == INLINE:
                usual = USUAL_WIDTH[shape.bits] if kind == "exactly" and shape.n_items < 1_000 else 1
                drawn = stream.integers(0, shape.bits + 1, n_items)
                widths = np.where(stream.integers(0, 3, n_items) > 0, usual, drawn)
                good = page(stream, shape.bits, widths.tolist(), (n_items - 1) * CHUNK + 600)
                parts = [("", good, bad_pages(stream, good))]
            elif shape.method == OUT_OF_LINE:
                parts = []
                for n_tail in (300, 600):  # of the timed widths a raw tail and a packed one
                    width = USUAL_WIDTH[shape.bits] if kind == "exactly" else 3
                    good = column(stream, shape.bits, width, (n_items - 1) * CHUNK + n_tail)
                    parts.append((f", tail of {n_tail}", good, bad_columns(good)))
            else:
                parts = []
                for width in sorted({*LEVEL_WIDTH.values()}):
                    counts = stream.integers(0, MOST_LEVELS + 1, n_items).tolist()
                    good = levels(stream, width, counts)
                    parts.append((f", width {width}", good, bad_levels(stream, good)))
            for detail, good, bad in parts:
                ops = [good, *one_of_each_eighth(stream, list(bad))]
                yield Case(f"timed size: {kind} {n_items} like {name}{detail}", {}, ops)


def one_of_each_eighth(stream: SplitMix64, ops: Sequence[OpInputs]) -> list[OpInputs]:
    """Return eight ops: neighbours are alike, so every kind of fault has its turn."""
    eighths = np.array_split(np.arange(len(ops)), 8)
    return [ops[int(eighth[int(stream.integers(0, len(eighth), 1)[0])])] for eighth in eighths]


def corrupt_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield everything that can be wrong with a page, a column or levels; good ones come between."""
    for bits in BITS:
        good = page(stream, bits, [3, 0, bits, 5, 5, 1, 2], 6 * CHUNK + 17)
        yield Case(f"corrupt pages of {bits}", {}, between(good, list(bad_pages(stream, good))))
        for width in sorted({0, SOME_WIDTHS[bits][0], USUAL_WIDTH.get(bits, 0)}):
            for n_values in (3 * CHUNK, 3 * CHUNK + 2, 2 * CHUNK + 1_000, 5):
                good = column(stream, bits, width, n_values)
                name = f"corrupt columns of {n_values} of {bits}, width {width}"
                yield Case(name, {}, between(good, list(bad_columns(good))))
    for width in (1, 2, 16):
        good = levels(stream, width, [MOST_LEVELS, 1_024, 30, 1_500, 2_048, 700, 100])
        yield Case(f"corrupt levels of width {width}", {}, between(good, list(bad_levels(stream, good))))


def between(good: OpInputs, bad: Sequence[OpInputs]) -> list[OpInputs]:
    """Return the bad ops with the good one before, in the middle and behind them."""
    half = len(bad) // 2
    return [good, *bad[:half], good, *bad[half:], good]
