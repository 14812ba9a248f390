"""The definition: which value each row has, and which fault of the input is named. Plain, and by indexing.

A row that is null has the value 0 or the empty string, whatever its code says. Faults are looked for in this
order: whether there are as many packed chunks as the rows need; the dictionary's entries; then chunk by chunk
of 1,024 rows how it is packed, the codes of its valid rows, and whether all strings up to its end still fit.
The first one found is raised as `Corrupt`.
"""

from functools import cache
from itertools import pairwise

import numpy as np

from dictionary import CHUNK_ROWS

MOST_BYTES = 2**31 - 1  # an offset is an int32
LANES = 32  # as many codes lie side by side in a packed chunk, and as many rows of them are a chunk
BLOCKS = np.array([0, 4, 2, 6, 1, 5, 3, 7])  # where the rows 0 to 7, 8 to 15, and so on begin, in sixteens


class Corrupt(ValueError):
    """An input that cannot be, with its place; another ValueError is a mistake in this file."""


def decode_fixed(values: np.ndarray, codes: np.ndarray, validity: np.ndarray) -> np.ndarray:
    """Return dtype[n] (or uint64[n, 2]), the value of each row.

    values    uint8|16|32|64[card] or uint64[card, 2]
    codes     uint8|16|32[n]
    validity  uint8[ceil(n / 8)], the least significant bit first, or uint8[0] where no row is null

    Raises: Corrupt, which names the row and the chunk of the first code that no entry has.
    """
    valid = valid_rows(validity, len(codes))
    check_rows(codes, valid, np.zeros(len(values), np.int64))
    if len(values) == 0:
        return np.zeros((len(codes), *values.shape[1:]), values.dtype)
    found = np.take(values, np.where(valid, codes, codes.dtype.type(0)), axis=0)
    found[~valid] = 0
    return found


def decode_strings(
    offsets: np.ndarray, data: np.ndarray, codes: np.ndarray, validity: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (int32[n + 1], uint8[total]): where each row's string begins, and all of them end to end.

    offsets  int32[card + 1]  entry e is data[offsets[e]:offsets[e + 1]]
    data     uint8[B]

    Raises: Corrupt, which names the entry, the row and the chunk, or the chunk.
    """
    check_entries(offsets, data)
    valid = valid_rows(validity, len(codes))
    lengths = np.diff(offsets.astype(np.int64))
    check_rows(codes, valid, lengths)
    every = data.tobytes()
    strings = [every[start:end] for start, end in pairwise(offsets.tolist())]
    chosen = np.where(valid, codes.astype(np.int64), len(strings))  # one after the last: of a null
    ends = np.cumsum(np.append(lengths, 0)[chosen])
    joined = b"".join(map([*strings, b""].__getitem__, chosen.tolist()))
    return np.append(0, ends).astype(np.int32), np.frombuffer(joined, np.uint8)


def decode_packed_fixed(
    values: np.ndarray, words: np.ndarray, chunk_starts: np.ndarray, n_values: int, validity: np.ndarray
) -> np.ndarray:
    """Return what `decode_fixed` does, from codes as `unpack` takes them.

    Raises: Corrupt as `decode_fixed` does; or one that names the last chunk if n_values rows do not need as
        many chunks, or the first chunk that is packed wrongly.
    """
    codes, fault = unpack(words, chunk_starts, n_values)
    found = decode_fixed(values, codes, validity)  # a fault in an earlier chunk is raised here
    if fault:
        raise Corrupt(fault)
    return found


def decode_packed_strings(
    offsets: np.ndarray,
    data: np.ndarray,
    words: np.ndarray,
    chunk_starts: np.ndarray,
    n_values: int,
    validity: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return what `decode_strings` does, from codes as `unpack` takes them.

    Raises: Corrupt as `decode_strings` and `decode_packed_fixed` do.
    """
    codes, fault = unpack(words, chunk_starts, n_values)
    found = decode_strings(offsets, data, codes, validity)
    if fault:
        raise Corrupt(fault)
    return found


def valid_rows(validity: np.ndarray, n: int) -> np.ndarray:
    """Return bool[n], true where a row is not null."""
    if len(validity) == 0:
        return np.ones(n, bool)
    return np.asarray(np.unpackbits(validity, bitorder="little")[:n] == 1)


def check_entries(offsets: np.ndarray, data: np.ndarray) -> None:
    """Raise Corrupt for the first entry that is not a stretch of `data`."""
    starts, ends = offsets[:-1], offsets[1:]
    wrong = np.flatnonzero((starts < 0) | (ends < starts) | (ends > len(data)))
    if len(wrong) > 0:
        e = wrong[0]
        raise Corrupt(f"entry {e}: expected a part of 0..{len(data)}, got {starts[e]}..{ends[e]}")


def check_rows(codes: np.ndarray, valid: np.ndarray, lengths: np.ndarray) -> None:
    """Raise Corrupt for the first chunk with a valid code of card or more, or with too long a total.

    lengths  int64[card], the bytes that each entry adds
    """
    wrong = valid & (codes >= len(lengths))
    chosen = np.where(valid & ~wrong, codes.astype(np.int64), len(lengths))  # one after the last: of a null
    ends = np.cumsum(np.append(lengths, 0)[chosen])
    row = int(wrong.argmax()) if wrong.any() else len(codes)
    beyond = int(np.searchsorted(ends, MOST_BYTES, side="right"))  # the first row that ends beyond, or n
    if wrong.any() and row // CHUNK_ROWS <= beyond // CHUNK_ROWS:
        place = f"row {row} in chunk {row // CHUNK_ROWS}"
        raise Corrupt(f"{place}: expected a code below {len(lengths)}, got {codes[row]}")
    if beyond < len(codes):
        raise Corrupt(f"chunk {beyond // CHUNK_ROWS}: expected at most {MOST_BYTES} bytes, got more")


def unpack(words: np.ndarray, chunk_starts: np.ndarray, n_values: int) -> tuple[np.ndarray, str]:
    """Return the codes of all chunks before the first one that is packed wrongly, and what is wrong with it.

    words         uint32[N]      of each chunk one word with its width in bits, then 32 words per bit
    chunk_starts  int64[C + 1]   chunk c is words[chunk_starts[c]:chunk_starts[c + 1]]
    n_values      rows

    Raises: Corrupt, which names the last chunk, or chunk 0, if C is not ceil(n_values / 1024).
    """
    chunks = list(pairwise(chunk_starts.tolist()))
    if n_values < 0 or len(chunks) != -(-n_values // CHUNK_ROWS):
        last = max(len(chunks) - 1, 0)
        raise Corrupt(f"chunk {last}: {n_values} rows do not need {len(chunks)} chunks")
    good: list[np.ndarray] = []
    for c, (start, end) in enumerate(chunks):
        if not 0 <= start < end <= len(words):
            return np.concatenate([np.zeros(0, np.uint32), *good]), (
                f"chunk {c}: expected a part of 0..{len(words)}, got {start}..{end}"
            )
        width = int(words[start])
        if width > LANES or end - start != 1 + LANES * width:
            return np.concatenate([np.zeros(0, np.uint32), *good]), (
                f"chunk {c}: expected at most 32 bits and 32 words per bit, "
                f"got {width} bits and {end - start - 1} words"
            )
        good.append(unpacked(words[start + 1 : end], width))
    return np.concatenate([np.zeros(0, np.uint32), *good])[:n_values], ""


def unpacked(payload: np.ndarray, width: int) -> np.ndarray:
    """Return uint32[1024], the codes of one chunk."""
    words, shifts = places(width)
    bits = payload[words] >> shifts & np.uint32(1)
    return np.asarray(np.bitwise_or.reduce(bits << np.arange(width, dtype=np.uint32), axis=1), np.uint32)


@cache
def places(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (int64[1024, width], uint32[1024, width]): of each bit of each code its word, and where in it.

    Code i is in a lane and in a row of it: rows come in blocks of eight, blocks in the order of BLOCKS. A
    lane is a stream of bits, the lowest first, and its words stand 32 apart.
    """
    i = np.arange(CHUNK_ROWS)[:, np.newaxis]
    lane = i % LANES
    row = BLOCKS[(i % 128 - lane) // 16] * 8 + i // 128
    at = row * width + np.arange(width)
    return LANES * (at // 32) + lane, (at % 32).astype(np.uint32)
