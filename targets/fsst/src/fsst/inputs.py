"""What a trial times: five shapes, five distributions, fresh ops every round.

Every array follows from the seed alone, the same bits on every machine.
"""

from dataclasses import dataclass

import numpy as np

from fsst import CHUNK_BY_CHUNK, DECODE, PAGE, encoder, pages, planted, texts
from fsst.pages import Block
from harness_common.prng import SplitMix64
from referee.workload import Edit, OpInputs, Value, Workload


@dataclass(frozen=True)
class Shape:
    """What one workload asks for: how much text, by which call, and the dtype of offsets where it takes them.

    n_chunks  in place of text_bytes, where it is 0
    """

    method: str
    text_bytes: int
    dtype: type = np.int32
    n_chunks: int = 0
    n_ops: int = 8


MIB = 1 << 20
SHAPES = {
    # One call for each of 16 chunks, as a reader of few rows calls: what a call costs beside its strings.
    "chunks-16": Shape(CHUNK_BY_CHUNK, 0, n_chunks=16, n_ops=16),
    "page-1M": Shape(PAGE, MIB),
    "page-25M": Shape(PAGE, 25 * MIB, n_ops=4),  # with its codes more than a last-level cache of 32 MiB
    "batch-256K": Shape(DECODE, MIB // 4),  # text and codes within a second-level cache
    "batch-64bit-256K": Shape(DECODE, MIB // 4, dtype=np.int64),
}
COMBOS = [
    *(("chunks-16", name) for name in ("urls", "comments", "short")),
    *(("page-1M", name) for name in ("urls", "comments", "short", "drifted")),
    ("page-25M", "urls"),
    *(("batch-256K", name) for name in ("comments", "drifted", "literal")),
    *(("batch-64bit-256K", name) for name in ("urls", "short")),
]

BYTES_OF_A_STRING = {"urls": 66, "comments": 26, "short": 7, "drifted": 58, "literal": 22}
FEW_SYMBOLS = {"drifted": 180, "literal": 12}  # tables learnt from other text than they are used for
EMPTY_EVERY = 41  # strings: one in so many is empty, as a null is
BLOCK_STRINGS = 64  # of a batch that stay together
N_PLANTED = 8  # strings overwritten in each op
TABLE_EVERY = 4  # ops: the table changes
NONE = np.zeros(0, np.int64)  # places


@dataclass(frozen=True)
class Source:
    """What `redraw` draws from.

    symbols  of the table
    blocks   all strings, in the order in which they were drawn
    """

    symbols: list[bytes]
    blocks: list[Block]


def speed_workloads(seed: int) -> list[Workload]:
    """Return the thirteen workloads; those of one distribution have one table."""
    streams = SplitMix64(seed)
    names = list(BYTES_OF_A_STRING)
    symbols = {name: symbols_for(streams.fork(i), name) for i, name in enumerate(names)}
    return [
        workload(streams.fork(len(names) + i), shape, name, symbols[name])
        for i, (shape, name) in enumerate(COMBOS)
    ]


def workload(stream: SplitMix64, shape_name: str, distribution: str, symbols: list[bytes]) -> Workload:
    """Return one shape x distribution; `symbols` is what `symbols_for` learnt for the distribution."""
    shape = SHAPES[shape_name]
    text_bytes = shape.text_bytes or 300_000
    n = text_bytes // BYTES_OF_A_STRING[distribution] + 3
    data, offsets = texts.draw(stream, distribution, n)
    codes, bounds = encoder.encode(symbols, data, offsets)
    bounds = with_empty(bounds)
    chunked = shape.method != DECODE
    per_block = pages.per_chunk(np.diff(bounds)) if chunked else BLOCK_STRINGS
    blocks = pages.blocks_of(codes, bounds, per_block, chunked)[: shape.n_chunks or None]
    return Workload(
        shape=shape_name,
        distribution=distribution,
        build_inputs={},
        least_bytes=least_bytes(shape, symbols, blocks),
        source=Source(symbols, blocks),
    )


def symbols_for(stream: SplitMix64, distribution: str) -> list[bytes]:
    """Return the symbols learnt from such text, or from comments where they are to fit badly."""
    learnt = "comments" if distribution in FEW_SYMBOLS else distribution
    data, offsets = texts.draw(stream, learnt, 2_500)
    return encoder.train(encoder.sample_of(data, offsets), FEW_SYMBOLS.get(distribution, 255))


def with_empty(bounds: np.ndarray) -> np.ndarray:
    """Return `bounds` with an empty string after every 40: closes counting on a code in every string."""
    times = np.ones(len(bounds), np.int64)
    times[EMPTY_EVERY - 1 :: EMPTY_EVERY - 1] = 2
    return np.repeat(bounds, times)


def least_bytes(shape: Shape, symbols: list[bytes], blocks: list[Block]) -> int:
    """Return what any right kernel must read and write in one op.

    It writes the text and the offsets, and reads all codes and where each string ends; what is only read
    counts half, because the referee supposes that a reader takes half of a copy's time. The text is the
    strings' own less what planted ones can take from it: no more than theirs was, eight bytes for each code.
    """
    n_strings = sum(len(block.lengths) for block in blocks)
    most_lost = N_PLANTED * shape.n_ops * 8 * max(int(block.lengths.max(initial=0)) for block in blocks)
    lengths = np.zeros(256, np.int64)
    lengths[: len(symbols)] = list(map(len, symbols))
    codes = np.concatenate([block.image[block.codes_at :][: block.lengths.sum()] for block in blocks])
    # Bytes after an escape count as symbols too, if they are codes: then as too much, so they are left out.
    after_escape = np.concatenate([[False], codes[:-1] == 255])
    text = int(lengths[codes[~after_escape]].sum()) + int(after_escape.sum()) // 2
    item = np.dtype(shape.dtype).itemsize
    return max(text - most_lost, 0) + item * n_strings + (len(codes) + item * n_strings) // 2


def redraw(workload: Workload, seed: int) -> list[OpInputs]:
    """Return the ops of one round: the blocks in a new order, then eight strings changed in each op.

    The changed ones get codes of `planted`, every kind in turn, as many as they had; the last string of all
    and the first are always among them. So the text's length changes from op to op, and where almost
    everything lies. One of the changed strings loses its last code to the next one, until the op after, and
    two neighbouring chunks change places: closes offsets and bounds of chunks that are remembered. Every
    fourth op the table changes as well: codes of symbols of the same length change places, in the same
    memory. Closes answers, tables and sizes that are remembered.
    """
    stream = SplitMix64(seed)
    shape, source = SHAPES[workload.shape], workload.source
    order = stream.fork(0).permutation(len(source.blocks))
    blocks = [source.blocks[i] for i in order]
    layout = pages.laid_out(stream.fork(1), blocks)
    first = first_op(shape, encoder.table_of(source.symbols), layout, blocks)
    array = layout.array
    bounds = first.get("offsets", array)  # where the ends of strings stand
    assert isinstance(bounds, np.ndarray)
    lengths = np.array(list(map(len, source.symbols)), np.uint8)
    ops: list[OpInputs] = []
    back = Edit(NONE, bounds[:0])
    for op in range(shape.n_ops):
        draws = stream.fork(2 + op)
        bounds[back.at] = back.values
        swapped, bound = (
            exchange(draws, layout, blocks) if shape.method != DECODE and op > 0 else (NONE, NONE)
        )
        changes, moved = plants(draws, layout, blocks, lengths, op, bounds)
        array[changes.at] = changes.values
        cuts = np.union1d(back.at, moved.at)
        back = Edit(moved.at, bounds[moved.at])
        bounds[moved.at] = moved.values
        if op == 0:
            ops.append({name: np.array(v) if isinstance(v, np.ndarray) else v for name, v in first.items()})
            continue
        changed: dict[str, Value | Edit] = {}
        if shape.method == DECODE:
            changed = {"codes": changes, "offsets": Edit(cuts, bounds[cuts])}
        else:
            at = np.unique(np.concatenate([changes.at, swapped, cuts]))
            changed = {"page": Edit(at, array[at]), "chunk_starts": Edit(bound, layout.starts[bound])}
        if op % TABLE_EVERY == 0:
            changed["table"] = encoder.table_of(turned(source.symbols, op // TABLE_EVERY))
        ops.append(changed)
    return ops


def first_op(shape: Shape, table: np.ndarray, layout: pages.Layout, blocks: list[Block]) -> OpInputs:
    """Return all inputs of a round's first op."""
    if shape.method == DECODE:
        offsets = pages.offsets_in(layout, blocks, shape.dtype)
        return {"method": shape.method, "table": table, "codes": layout.array, "offsets": offsets}
    return {"method": shape.method, "table": table, "page": layout.array, "chunk_starts": layout.starts}


def exchange(stream: SplitMix64, layout: pages.Layout, blocks: list[Block]) -> tuple[np.ndarray, np.ndarray]:
    """Let two neighbouring blocks change places; return where their bytes stand, and the bound between."""
    left = int(stream.integers(0, len(blocks) - 1, 1)[0])
    start, between, end = layout.starts[left : left + 3].tolist()
    layout.array[start:end] = np.concatenate([layout.array[between:end], layout.array[start:between]])
    layout.starts[left + 1] = start + end - between
    blocks[left : left + 2] = blocks[left + 1], blocks[left]
    return np.arange(start, end), np.array([left + 1])


def plants(
    stream: SplitMix64,
    layout: pages.Layout,
    blocks: list[Block],
    lengths: np.ndarray,
    op: int,
    bounds: np.ndarray,
) -> tuple[Edit, Edit]:
    """Return the edits of one op: in eight blocks, or all if there are fewer, one string each; and one end.

    bounds  where the ends of strings stand: offsets of a batch, or the page itself
    """
    others = 1 + stream.permutation(max(len(blocks) - 2, 0))
    chosen = [len(blocks) - 1, 0, *others.tolist()][:N_PLANTED]
    at, values = [], []
    moved = Edit(NONE, bounds[:0])
    for i, place in enumerate(dict.fromkeys(chosen)):
        sizes = blocks[place].lengths
        full = np.flatnonzero(sizes > 0)
        string = int({0: full[-1], 1: full[0]}.get(i, full[stream.integers(0, len(full), 1)[0]]))
        start = int(layout.starts[place]) + blocks[place].codes_at + int(sizes[:string].sum())
        kind = planted.KINDS[(op + i) % len(planted.KINDS)]
        values.append(planted.codes(stream, kind, int(sizes[string]), lengths))
        at.append(start + np.arange(len(values[-1])))
        if kind in planted.WITHOUT_ESCAPES and string + 1 < len(sizes):  # any of its codes may go elsewhere
            moved = one_less(layout, blocks, place, string, bounds)
    return Edit(np.concatenate(at), np.concatenate(values)), moved


def one_less(layout: pages.Layout, blocks: list[Block], place: int, string: int, bounds: np.ndarray) -> Edit:
    """Return the edit after which a block's string ends one code earlier, and the next begins there."""
    if blocks[place].codes_at == 0:
        at = np.array([sum(len(block.lengths) for block in blocks[:place]) + string + 1])
        return Edit(at, bounds[at] - 1)
    at = layout.starts[place] + 4 * (string + 1) + np.arange(4)
    return Edit(at, (bounds[at].view("<u4") - np.uint32(1)).view(np.uint8))


def turned(symbols: list[bytes], turns: int) -> list[bytes]:
    """Return symbols in which those of each length have changed places in a ring, by so many."""
    found = list(symbols)
    for length in {len(symbol) for symbol in symbols}:
        ring = [code for code, symbol in enumerate(symbols) if len(symbol) == length]
        for i, code in enumerate(ring):
            found[code] = symbols[ring[(i + turns) % len(ring)]]
    return found
