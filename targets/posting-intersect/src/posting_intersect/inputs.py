"""What a trial times: nine shapes, each with some distributions, fresh ops every round.

Every array follows from the seed alone, the same bits on every machine.
"""

from dataclasses import dataclass

from harness_common.prng import SplitMix64
from posting_intersect import INTERSECT, INTERSECT_BLOCKS
from posting_intersect.forms import packed as packed_lists
from posting_intersect.lists import RUN, Pool, draw_pool
from posting_intersect.moves import move
from posting_intersect.pack import Packed
from posting_intersect.rounds import begun, draw_queries, edits
from referee.workload import Edit, OpInputs, Value, Workload


@dataclass(frozen=True)
class Shape:
    """What one op asks for: `method`, `n_queries` queries of `m` terms and three short ones besides."""

    method: str
    m: int
    n_queries: int
    n_ops: int = 4


SHAPES = {
    "raw-2": Shape(INTERSECT, 2, 2),
    "raw-2-skewed": Shape(INTERSECT, 2, 2),
    "raw-3-skewed": Shape(INTERSECT, 3, 1),
    "raw-5": Shape(INTERSECT, 5, 1),
    # 44 MB, of which each op asks for another quarter, on a machine whose last-level cache has 33 MB.
    "raw-2-large": Shape(INTERSECT, 2, 1),
    "blocks-2": Shape(INTERSECT_BLOCKS, 2, 2),
    "blocks-2-skewed": Shape(INTERSECT_BLOCKS, 2, 2),
    "blocks-3-skewed": Shape(INTERSECT_BLOCKS, 3, 1),
    "blocks-5": Shape(INTERSECT_BLOCKS, 5, 1),
}
DISTRIBUTIONS = {
    "raw-2": ("half", "evens", "runs", "wide"),
    "raw-2-skewed": ("clustered",),
    "raw-3-skewed": ("scattered",),
    "raw-5": ("dense", "zipf"),
    "raw-2-large": ("large",),
    "blocks-2": ("tenth", "evens", "runs", "wide"),
    "blocks-2-skewed": ("clustered",),
    "blocks-3-skewed": ("scattered",),
    "blocks-5": ("dense", "zipf"),
}
COMBOS = [(name, distribution) for name in SHAPES for distribution in DISTRIBUTIONS[name]]


Pools = dict[tuple[str, int], Pool]


@dataclass(frozen=True)
class Source:
    """What the rounds of one workload draw from: made once, because packing takes longer than a round."""

    shape: Shape
    pool: Pool
    packed: Packed | None


def speed_workloads(seed: int) -> list[Workload]:
    """Return the workloads; those of one distribution and number of terms have the same lists."""
    pools: Pools = {}
    return [workload(*combo, seed, pools) for combo in COMBOS]


def workload(shape_name: str, distribution: str, seed: int, pools: Pools | None = None) -> Workload:
    """Return one shape x distribution; what lists it draws it adds to `pools`, or takes them from there."""
    shape, stream = SHAPES[shape_name], SplitMix64(seed)
    pools, key = {} if pools is None else pools, (distribution, shape.m)
    if key not in pools:
        pools[key] = draw_pool(stream.fork(len(pools)), *key)
    pool = pools[key]
    packed = packed_lists(stream.fork(1_000), pool.lists) if shape.method == INTERSECT_BLOCKS else None
    return Workload(
        shape=shape_name,
        distribution=distribution,
        build_inputs={},
        least_bytes=least_bytes(shape, distribution, pool),
        source=Source(shape, pool, packed),
    )


def least_bytes(shape: Shape, distribution: str, pool: Pool) -> int:
    """Return what any right kernel must read and write in one op; what is only read counts half.

    To know of a document that it is not shared, a kernel must have read it or its neighbours, so a quarter of
    the shortest list is supposed; of documents that follow one another, the ends of each run are enough. A
    packed document has a bit at least. Of the answers, which may be empty, nothing is counted.
    """
    shortest = min(len(pool.lists[v]) for numbers, _ in pool.groups for v in numbers)
    n_docs = shape.n_queries * (shortest // (RUN[1] // 2) if distribution == "runs" else shortest // 4)
    return n_docs * 4 // 2 if shape.method == INTERSECT else n_docs // 8 // 2


def redraw(workload: Workload, seed: int) -> list[OpInputs]:
    """Return the ops of one round: lists in another order and moved up by another number, fresh queries.

    From the second op on one document of a list of each query moves up by one, in place, and with it the
    query's answer changes: the first of a block, the last of one, one of a last block, or any. In one op, as
    drawn, that happens to the short list of few documents, or to its partner, too.
    """
    source: Source = workload.source
    shape, stream = source.shape, SplitMix64(seed)
    now = begun(stream.fork(0), source.pool, source.packed)
    edited_few = 1 + stream.fork(99).next_uint64() % (shape.n_ops - 1)
    ops: list[OpInputs] = []
    for op in range(shape.n_ops):
        own = stream.fork(1 + op)
        queries = draw_queries(own.fork(0), source.pool, now.number, shape.m, shape.n_queries, op)
        inputs: dict[str, Value | Edit] = {"method": shape.method}
        if op == 0:
            inputs |= now.inputs()
        else:
            chosen = [*range(shape.n_queries), *([shape.n_queries + 1] if op == edited_few else [])]
            places = [move(own.fork(1 + q), now, queries[q], (op + q) % 4) for q in chosen]
            inputs |= edits(now, places)
        inputs["queries"] = queries[own.fork(9).permutation(len(queries))]
        ops.append(inputs)
    return ops
