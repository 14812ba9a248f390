"""What a trial times: pages of chunks with headers, columns of one width, levels; fresh ops every round.

Every array follows from the seed alone, the same bits on every machine. Packed words are random bits, so
their values are uniform at every width, and the slots behind a tail's last value hold values too.
"""

from dataclasses import dataclass

import numpy as np

from bitpack import CHUNK, INLINE, LEVELS, MOST_LEVELS, OUT_OF_LINE
from harness_common.prng import SplitMix64
from referee.workload import Edit, OpInputs, Workload


@dataclass(frozen=True)
class Shape:
    """What one workload asks for: a method, bits of a word, and how many chunks, or buffers of levels."""

    method: str
    bits: int
    n_items: int
    n_ops: int = 16


SHAPES = {
    "inline-u32-128": Shape(INLINE, 32, 128),
    "inline-u64-64": Shape(INLINE, 64, 64),
    # 26 MiB of values and nearly 9 of words: more than a last cache of 32 MiB holds
    "inline-u32-6656": Shape(INLINE, 32, 6_656, n_ops=4),
    "column-u32-512": Shape(OUT_OF_LINE, 32, 512, n_ops=8),
    "column-u64-256": Shape(OUT_OF_LINE, 64, 256, n_ops=8),
    "levels-400": Shape(LEVELS, 16, 400, n_ops=8),
    # less than half of a second-level cache of 512 KiB
    "levels-220": Shape(LEVELS, 16, 220),
}
COMBOS = [
    ("inline-u32-128", "timestamps"),
    ("inline-u32-128", "codes"),
    ("inline-u32-128", "runs"),
    ("inline-u64-64", "even"),
    ("inline-u32-6656", "timestamps"),
    ("column-u32-512", "packed"),
    ("column-u32-512", "raw"),
    ("column-u64-256", "packed"),
    ("levels-400", "nulls"),
    ("levels-400", "lists"),
    ("levels-220", "short"),
]
USUAL_WIDTH = {32: 13, 64: 23}  # of even chunks and of columns: they divide nothing, so most words are shared
LEVEL_WIDTH = {"nulls": 1, "lists": 2, "short": 1}

POOL_WORDS = 1 << 16  # of 64 bits: random ones, which repeat under another mask
N_FRESH = 256  # words that each op changes, besides headers
TIE_EVERY = 4  # ops of a column: one in so many could be packed or raw by its length
TIES = 16  # buffers: one in so many with a packed tail


@dataclass(frozen=True)
class Source:
    """What `redraw` draws from.

    pool     uint64[65536]
    widths   int64[r]  of each run of chunks, which a round brings into another order; none but inline
    lengths  int64[r]  chunks of each run; of levels, values of each buffer
    """

    pool: np.ndarray
    widths: np.ndarray
    lengths: np.ndarray


def speed_workloads(seed: int) -> list[Workload]:
    """Return the eleven workloads."""
    streams = SplitMix64(seed)
    return [workload(streams.fork(i), *combo) for i, combo in enumerate(COMBOS)]


def workload(stream: SplitMix64, shape_name: str, distribution: str) -> Workload:
    """Return one shape x distribution."""
    shape = SHAPES[shape_name]
    none = np.zeros(0, np.int64)
    widths, lengths = none, none
    if shape.method == INLINE:
        widths, lengths = runs(shape, distribution)
    elif shape.method == LEVELS:
        lengths = level_counts(stream.fork(1), distribution, shape.n_items)
    source = Source(stream.fork(0).uint64(POOL_WORDS), widths, lengths)
    return Workload(shape_name, distribution, {}, least_bytes(shape, distribution, source), source)


def least_bytes(shape: Shape, distribution: str, source: Source) -> int:
    """Return what any right kernel must write and read in one op.

    It writes every value and reads every packed word. Words count half, because the referee's measure is a
    copy, and a core may read twice as fast as it copies. What differs from op to op counts for nothing: the
    last chunk of a page or a column; of a packed tail of levels, the words, and values beyond those of a tie.
    """
    word_bytes = shape.bits // 8
    if shape.method == INLINE:
        n_values = (shape.n_items - 1) * CHUNK
        n_words = int((source.widths * source.lengths).sum() - source.widths.max()) * CHUNK // shape.bits
    elif shape.method == OUT_OF_LINE:
        n_values = (shape.n_items - 1) * CHUNK
        n_words = n_values // shape.bits * USUAL_WIDTH[shape.bits]
    else:
        step = CHUNK // shape.bits * LEVEL_WIDTH[distribution]
        n_whole, n_tail = source.lengths // CHUNK, source.lengths % CHUNK
        n_values = int((n_whole * CHUNK + np.minimum(n_tail, step)).sum())
        n_words = int(n_whole.sum()) * step
    return word_bytes * (n_values + n_words // 2)


def runs(shape: Shape, distribution: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (widths, lengths) of the runs of chunks of a page: always the same ones, in any order."""
    ends = [
        0,
        shape.bits,
    ]  # both need no shifts; among others they close the width of the first chunk for all
    if distribution == "timestamps":
        # Each chunk has another width: closes code chosen once a page, and jumps that are easy to foresee.
        usual = np.arange(shape.n_items - shape.n_items // 32) % 21
        widths = np.concatenate([usual, np.full(shape.n_items // 32, shape.bits)])
        return widths, np.ones_like(widths)
    if distribution == "codes":
        # Indices of a dictionary, 5 to 8 bits: closes widths of whole bytes alone.
        widths = np.concatenate([ends, 5 + np.arange(shape.n_items - 2) % 4])
        return widths, np.ones_like(widths)
    if distribution == "runs":
        # The real case, neighbours alike: closes a width carried over to the next chunk without a look.
        lengths = 1 + np.arange(shape.n_items) % 12
        lengths = lengths[: int((np.cumsum(lengths) < shape.n_items).sum()) + 1]
        lengths[-1] -= lengths.sum() - shape.n_items
        return np.resize([0, 13, shape.bits, 7, 20, 1], len(lengths)), lengths
    widths = np.concatenate([ends, np.full(shape.n_items - 2, USUAL_WIDTH[shape.bits])])
    return widths, np.ones_like(widths)


def level_counts(stream: SplitMix64, distribution: str, n_buffers: int) -> np.ndarray:
    """Return int64[n_buffers], the values of each buffer."""
    if distribution == "nulls":
        # The real case, most buffers full: closes nothing, but must be fast.
        counts = stream.integers(1, MOST_LEVELS + 1, n_buffers)
        return np.where(np.arange(n_buffers) % 4 > 0, MOST_LEVELS, counts)
    # Lists: every length, one in thirty with a raw tail or none. Short: mostly a tail alone, one in eight of
    # them raw: closes one layout for all tails, and work that many values must pay for.
    return stream.integers(1, MOST_LEVELS + 1 if distribution == "lists" else 501, n_buffers)


def redraw(workload: Workload, seed: int) -> list[OpInputs]:
    """Return the ops of one round: fresh words in a fresh order, changed in place from op to op."""
    stream = SplitMix64(seed)
    shape, source = SHAPES[workload.shape], workload.source
    if shape.method == INLINE:
        return inline_ops(stream, shape, source)
    if shape.method == OUT_OF_LINE:
        return column_ops(stream, shape, source, raw=workload.distribution == "raw")
    return level_ops(stream, shape, source, LEVEL_WIDTH[workload.distribution])


def inline_ops(stream: SplitMix64, shape: Shape, source: Source) -> list[OpInputs]:
    """Return pages whose runs of chunks stand in another order in every op.

    Only headers need to be written: any words are some values. The number of values in the last chunk changes
    as well.
    """
    lanes = CHUNK // shape.bits
    ops: list[OpInputs] = []
    headers = np.zeros(0, np.int64)
    for op in range(shape.n_ops):
        order = stream.fork(2 * op).permutation(len(source.widths))
        widths = np.repeat(source.widths[order], source.lengths[order])
        starts = np.cumsum(np.concatenate([[0], 1 + lanes * widths]))
        if op == 0:
            words = random_words(stream.fork(98), source.pool, int(starts[-1]), shape.bits)
        fresh = fresh_words(stream.fork(2 * op + 1), words, headers)
        words[starts[:-1]] = widths
        at = np.unique(np.concatenate([fresh, headers, starts[:-1]]))
        headers = starts[:-1]
        n_values = (shape.n_items - 1) * CHUNK + int(stream.fork(99 + op).integers(1, CHUNK + 1, 1)[0])
        ops.append(
            {
                "method": INLINE,
                "words": words.copy() if op == 0 else Edit(at, words[at]),
                "chunk_starts": starts,
                "n_values": n_values,
            }
        )
    return ops


def column_ops(stream: SplitMix64, shape: Shape, source: Source, *, raw: bool) -> list[OpInputs]:
    """Return columns of one width with a tail.

    The length of a packed one leaves its number of values open, and every fourth op has as many as make the
    tail raw after all: it is as long either way. A raw tail has one length a round.
    """
    width = USUAL_WIDTH[shape.bits]
    step = CHUNK // shape.bits * width
    n_whole = shape.n_items - 1
    n_raw = int(stream.fork(97).integers(1, step, 1)[0])
    tails = [n_raw] * shape.n_ops if raw else stream.fork(97).integers(step + 1, CHUNK, shape.n_ops).tolist()
    words = random_words(stream.fork(98), source.pool, n_whole * step + (n_raw if raw else step), shape.bits)
    ops: list[OpInputs] = []
    for op, tail in enumerate(tails):
        at = fresh_words(stream.fork(op), words, np.array([0, len(words) - 1]))
        n_tail = step if not raw and op % TIE_EVERY == TIE_EVERY - 1 else tail
        ops.append(
            {
                "method": OUT_OF_LINE,
                "words": words.copy() if op == 0 else Edit(at, words[at]),
                "width": width,
                "n_values": n_whole * CHUNK + n_tail,
            }
        )
    return ops


def level_ops(stream: SplitMix64, shape: Shape, source: Source, width: int) -> list[OpInputs]:
    """Return levels whose buffers come in another order each round.

    Packed tails have another length in each op, one in sixteen of them the one that makes the tail raw.
    """
    step = CHUNK // shape.bits * width
    counts = source.lengths[stream.fork(95).permutation(shape.n_items)]
    n_whole, n_tail = counts // CHUNK, counts % CHUNK
    packed = n_tail > step
    starts = np.cumsum(np.concatenate([[0], n_whole * step + np.where(packed, step, n_tail)]))
    words = random_words(stream.fork(98), source.pool, int(starts[-1]), shape.bits)
    ops: list[OpInputs] = []
    for op in range(shape.n_ops):
        at = fresh_words(stream.fork(2 * op), words, np.array([0, len(words) - 1]))
        drawn = stream.fork(2 * op + 1).integers(step + 1, CHUNK, shape.n_items)
        drawn[op % TIES :: TIES] = step
        tails = np.where(packed, drawn, n_tail)
        ops.append(
            {
                "method": LEVELS,
                "words": words.copy() if op == 0 else Edit(at, words[at]),
                "buffer_starts": starts,
                "width": width,
                "buffer_values": (n_whole * CHUNK + tails).astype(np.int32),
            }
        )
    return ops


def random_words(stream: SplitMix64, pool: np.ndarray, n_words: int, bits: int) -> np.ndarray:
    """Return uint{T}[n_words] of uniform bits: the pool from a drawn place on, under another mask."""
    n_blocks = n_words * bits // 64 // len(pool) + 1
    turned = np.roll(pool, int(stream.fork(0).integers(0, len(pool), 1)[0]))
    blocks = turned ^ stream.fork(1).uint64((n_blocks, 1))
    return blocks.reshape(-1).astype("<u8", copy=False).view(f"<u{bits // 8}")[:n_words]


def fresh_words(stream: SplitMix64, words: np.ndarray, always: np.ndarray) -> np.ndarray:
    """Write random bits over some words, and over those at `always`; return where."""
    at = np.unique(np.concatenate([stream.fork(0).integers(0, len(words), N_FRESH), always]))
    words[at] = stream.fork(1).uint64(len(at)).astype(words.dtype)
    return at
