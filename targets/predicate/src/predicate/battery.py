"""What a trial checks before it times anything: awkward lengths, row counts, bits and ties."""

from collections.abc import Iterator, Sequence

import numpy as np

from harness_common.prng import SplitMix64
from predicate import DISTANCES, TOP_K, reference
from predicate.inputs import DISTRIBUTIONS, N_CENTRES, SHAPES, edit, query_vectors, random_bytes, vectors
from referee.workload import Case, OpInputs

# Around the widths of words, vectors and Lance's chunk of 64; odd ones put most rows at unaligned addresses.
ROW_LENGTHS = (1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 95, 96, 97, 128, 192, 255, 256, 257)
# All bits of a row may differ: 32 bytes pass what a byte can count, 8,192 what two can. 1,024 bytes are 32
# vectors of 32: counts of up to 8 a byte, added up vector by vector in bytes, overflow there.
LONG_ROWS = (1_024, 8_200, 16_391)
ROW_COUNTS = (0, 1, 7, 8, 9, 63, 64, 65, 4_097)
N_ROWS = 500
N_TIED = 15
N_COPIES = 7  # of each row at the timed sizes: divides none of the k there, nor one less
Step = tuple[str, int]  # a method, and k where it takes one
USUAL_STEPS: Sequence[Step] = ((TOP_K, 10), (DISTANCES, 0), (TOP_K, 1), (TOP_K, 100), (DISTANCES, 0))

TIMED_STEPS: Sequence[Step] = ((TOP_K, 33), (DISTANCES, 0), (TOP_K, 10), (TOP_K, 100), (TOP_K, 1))


def correctness_battery(seed: int) -> list[Case]:
    """Return the cases, with fresh bits, and some fresh shapes, for every seed."""
    streams = SplitMix64(seed)
    parts = (
        row_length_cases,
        distribution_cases,
        long_row_cases,
        row_count_cases,
        changing_row_count_case,
        random_shape_cases,
        special_cases,
        timed_size_cases,
    )
    return [case for i, part in enumerate(parts) for case in part(streams.fork(i))]


def row_length_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield uniform bits at every awkward length of a row."""
    for dim_bytes in ROW_LENGTHS:
        codes = random_bytes(stream, (N_ROWS, dim_bytes))
        yield make_case(f"rows of {dim_bytes} bytes", stream, codes)


def distribution_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every timed distribution at every timed length, with queries of the same distribution."""
    for dim_bytes in sorted({shape.dim_bytes for shape in SHAPES.values()}):
        for distribution in DISTRIBUTIONS:
            centres = random_bytes(stream, (N_CENTRES, dim_bytes))
            codes = vectors(stream.fork(0), distribution, centres, N_ROWS)
            queries = query_vectors(stream.fork(1), distribution, centres, len(USUAL_STEPS))
            yield make_case(f"{distribution} {dim_bytes} bytes", stream, codes, queries)


def long_row_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield rows whose distances need more than a byte or two, and in each later op the greatest there is."""
    for dim_bytes in LONG_ROWS:
        codes = random_bytes(stream, (20, dim_bytes))
        yield make_case(f"long rows of {dim_bytes} bytes", stream, codes)


def row_count_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield every row count, at an aligned and at an odd length, with k of 1, 10, all rows and more."""
    for dim_bytes in (16, 9):
        for n in ROW_COUNTS:
            codes = random_bytes(stream, (n, dim_bytes))
            steps = [(TOP_K, 10), (DISTANCES, 0), (TOP_K, 1), (TOP_K, max(n, 1)), (TOP_K, n + 3)]
            yield make_case(f"{n} rows of {dim_bytes} bytes", stream, codes, steps=steps)


def changing_row_count_case(stream: SplitMix64) -> Iterator[Case]:
    """Yield one kernel that is asked about partitions of different sizes, as Lance asks it."""
    order = stream.permutation(2 * len(ROW_COUNTS))
    queries = random_bytes(stream, (len(order), 24))
    ops: list[OpInputs] = []
    for place, query in zip(order, queries, strict=True):
        codes = random_bytes(stream, (ROW_COUNTS[place // 2], 24))
        ops.append({"method": (DISTANCES, TOP_K)[place % 2], "query": query, "codes": codes, "k": 10})
    yield Case("changing row count", {"dim_bytes": 24}, ops)


def random_shape_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield shapes that no kernel can have listed."""
    for limit in (16, 64, 128, 300, 300, 2_000):
        dim_bytes = int(stream.integers(1, limit, 1)[0])
        n = int(stream.integers(1, 2 * N_ROWS, 1)[0])
        k = int(stream.integers(1, 200, 1)[0])
        codes = random_bytes(stream, (n, dim_bytes))
        steps = [(TOP_K, k), (DISTANCES, 0), (TOP_K, 2), (DISTANCES, 0)]
        yield make_case(f"random shape {n}x{dim_bytes}, k {k}", stream, codes, steps=steps)


def special_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield, at a timed and at an odd length, the bits and the orders that break a shortcut."""
    for dim_bytes in (96, 65):
        codes = random_bytes(stream, (N_ROWS, dim_bytes))
        queries = random_bytes(stream, (len(USUAL_STEPS), dim_bytes))
        zeros, ones = np.zeros_like(codes), np.full_like(codes, 255)
        nearest_first = np.argsort(reference.distances(queries[0], codes), kind="stable")
        for what, rows, asked in (
            ("all zeros", zeros, np.zeros_like(queries)),
            ("all ones", ones, np.full_like(queries, 255)),
            ("ones against zeros", zeros, np.full_like(queries, 255)),
            ("identical rows", np.repeat(codes[:1], N_ROWS, axis=0), queries),
            ("query among the rows", codes, codes[-len(queries) :]),
            ("complement among the rows", codes, ~codes[: len(queries)]),
            ("ties at the boundary", boundary_ties(stream, queries[0], codes), queries),
            ("one bit in each row", one_bit_rows(stream, dim_bytes), np.zeros_like(queries)),
            ("rows from near to far", codes[nearest_first], queries),
            ("rows from far to near", codes[nearest_first[::-1]], queries),
        ):
            yield make_case(f"{what} {dim_bytes} bytes", stream, rows, asked)


def timed_size_cases(stream: SplitMix64) -> Iterator[Case]:
    """Yield special queries and ties among about as many rows as are timed, at those lengths and an odd one.

    Closes a fast path that only many rows take. Their number is drawn, and odd: not a whole number of blocks.
    """
    sizes = {shape.dim_bytes: shape.n_rows for shape in SHAPES.values()} | {65: SHAPES["top10-96B"].n_rows}
    for i, (dim_bytes, n_timed) in enumerate(sizes.items()):
        n = int(stream.integers(n_timed * 9 // 20, n_timed * 13 // 20, 1)[0]) * 2 + 1
        centres = random_bytes(stream, (N_CENTRES, dim_bytes))
        distribution = DISTRIBUTIONS[i % len(DISTRIBUTIONS)]
        rows = vectors(stream.fork(0), distribution, centres, -(-n // N_COPIES))
        queries = random_bytes(stream, (len(TIMED_STEPS), dim_bytes))
        queries[1], queries[2], queries[3], queries[4] = 0, 255, rows[0], ~rows[0]
        codes = rows[stream.permutation(n) % len(rows)]
        name = f"timed size: {n} {distribution} rows of {dim_bytes} bytes"
        yield make_case(name, stream, codes, queries, TIMED_STEPS)


def make_case(
    name: str,
    stream: SplitMix64,
    codes: np.ndarray,
    queries: np.ndarray | None = None,
    steps: Sequence[Step] = USUAL_STEPS,
) -> Case:
    """Return a case of one op per step, with uniform queries unless some are given.

    The first op brings `codes`; each later one changes two rows of it in place: one to its own query, the
    other to the complement. Without rows there is nothing to change and the codes come again.
    """
    n, dim_bytes = codes.shape
    if queries is None:
        queries = random_bytes(stream, (len(steps), dim_bytes))
    places = stream.permutation(n)
    ops: list[OpInputs] = []
    for i, ((method, k), query) in enumerate(zip(steps, queries, strict=True)):
        now = (
            codes.copy()
            if i == 0 or n == 0
            else edit({places[2 * i % n]: ~query, places[(2 * i + 1) % n]: query})
        )
        ops.append({"method": method, "query": query, "codes": now, "k": k})
    return Case(name, {"dim_bytes": dim_bytes}, ops)


def boundary_ties(stream: SplitMix64, query: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return `codes` with seven rows at distance 0 from `query` and fifteen at 1: k = 10 cuts those."""
    tied = codes.copy()
    places = stream.permutation(len(codes))
    tied[places[:7]] = query
    for place, bit in zip(places[7 : 7 + N_TIED], stream.permutation(8 * len(query)), strict=False):
        tied[place] = query
        tied[place, bit // 8] ^= 1 << bit % 8
    return tied


def one_bit_rows(stream: SplitMix64, dim_bytes: int) -> np.ndarray:
    """Return as many rows as a row has bits, each with another single bit set: from zeros all are 1 away."""
    bits = stream.permutation(8 * dim_bytes)
    rows = np.zeros((len(bits), dim_bytes), np.uint8)
    rows[np.arange(len(bits)), bits // 8] = 1 << bits % 8
    return rows
