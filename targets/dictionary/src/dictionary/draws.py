"""What workloads are drawn from: lengths and bytes of entries, codes, nulls, and what is planted among them.

Every array follows from the stream alone, the same bits on every machine.
"""

import numpy as np

from dictionary import CHUNK_ROWS
from harness_common.prng import SplitMix64

# Lengths of entries that come after the ordinary ones: closes slots of 8, 16 or 32 bytes, and one length for
# all. 0 adds nothing, 300 needs more than a byte for its length. The last one ends where the data ends: who
# loads four bytes of it, or more, reads beyond.
SPECIAL_LENGTHS = (0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 300, 3)
NULL_EVERY = 8  # rows: one of so many is null, in `nulls`
MOST_IN_A_RUN = 200  # rows; 100 on average
ZIPF_DRAWS = 1 << 20
WORDS_PER_MIB = 1 << 17


def zipf_table(card: int) -> np.ndarray:
    """Return uint32[2**20], codes as often as code k comes when its weight is 1 / (k + 1).

    In whole numbers, so that no rounding depends on the machine. With 65,536 codes the rarest comes about
    once in the table.
    """
    ends = np.cumsum((1 << 40) // np.arange(1, card + 1, dtype=np.int64))
    step = ends[-1] // ZIPF_DRAWS  # from one draw to the next; a code's draws go up to its end
    n_draws = np.diff(np.minimum(-(-ends // step), ZIPF_DRAWS), prepend=0)
    return np.repeat(np.arange(card, dtype=np.uint32), n_draws)


def zipf_codes(stream: SplitMix64, table: np.ndarray, n: int) -> np.ndarray:
    """Return uint32[n] out of the table; three places in it from each draw."""
    draws = stream.uint64(-(-n // 3))
    mask = np.uint64(ZIPF_DRAWS - 1)
    places = np.concatenate([draws >> np.uint64(shift) & mask for shift in (0, 20, 40)])[:n]
    return np.asarray(table[places.astype(np.int64)])


def run_codes(stream: SplitMix64, card: int, n: int, *, ascending: bool) -> np.ndarray:
    """Return uint32[n] in runs of 1 to 200 rows; a run of 9 or more of every other has one other code inside.

    ascending  as a sorted column has them; packed, the first chunks are narrower than the last ones

    Closes copying a block of rows whose first and last codes agree.
    """
    lengths = stream.integers(1, MOST_IN_A_RUN + 1, n // 50 + 8)
    ends = np.cumsum(lengths)
    n_runs = int(np.searchsorted(ends, n)) + 1
    codes = stream.integers(0, card, n_runs)
    if ascending:
        codes.sort()
    rows = np.repeat(codes, lengths[:n_runs])[:n]
    broken = np.flatnonzero((lengths[:n_runs] >= 9) & (np.arange(n_runs) % 2 == 1))
    at = ends[broken] - lengths[broken] // 2 - 1
    at = at[at < n]
    rows[at] = np.where(rows[at] > 0, rows[at] - 1, min(1, card - 1))
    return rows.astype(np.uint32)


def validity_bits(stream: SplitMix64, n: int) -> np.ndarray:
    """Return uint8[ceil(n / 8)], one row of eight null, the last one not; the bits after it are any."""
    draws = stream.uint64((3, -(-n // 64)))
    bits: np.ndarray = (draws[0] | draws[1] | draws[2]).view(np.uint8)[: -(-n // 8)].copy()
    bits[-1] |= 1 << (n - 1) % 8
    return bits


def valid_rows(validity: np.ndarray, n: int) -> np.ndarray:
    """Return bool[n], true where a row is not null."""
    return np.asarray(np.unpackbits(validity, bitorder="little")[:n] == 1)


def with_garbage(stream: SplitMix64, codes: np.ndarray, validity: np.ndarray, mask: int) -> np.ndarray:
    """Return `codes` with any number up to `mask` (all ones) under the nulls: closes looking them up.

    Every other null has `mask` itself, which no entry has.
    """
    garbage = (stream.uint64(len(codes)) >> 32).astype(np.uint32) & np.uint32(mask)
    garbage[::2] = mask
    return np.where(valid_rows(validity, len(codes)), codes, garbage)


def padding_codes(stream: SplitMix64, n: int, mask: int) -> np.ndarray:
    """Return uint32[...], what fills up the last chunk after n rows: any number up to `mask` (all ones).

    Every other one is `mask` itself, which no entry has: closes checking what is no row.
    """
    codes = (stream.uint64(-n % CHUNK_ROWS) >> 32).astype(np.uint32) & np.uint32(mask)
    codes[::2] = mask
    return codes


def random_bytes(stream: SplitMix64, n: int) -> np.ndarray:
    """Return uint8[n], uniform: draws up to 1 MiB, and beyond it the same bytes under a mask for each MiB."""
    words = -(-n // 8)
    block = stream.uint64(min(words, WORDS_PER_MIB))
    masks = stream.uint64(-(-words // WORDS_PER_MIB))
    tiled = block if len(masks) < 2 else (block ^ masks[:, np.newaxis]).reshape(-1)
    return np.asarray(tiled.view(np.uint8)[:n].copy())
