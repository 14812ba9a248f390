"""Everything that can be wrong with the inputs of an op, each from a good one."""

from collections.abc import Iterator

import numpy as np

from bitpack import CHUNK, MOST_LEVELS, MOST_VALUES
from bitpack.pages import Inputs
from harness_common.prng import SplitMix64


def bad_pages(stream: SplitMix64, good: Inputs) -> Iterator[Inputs]:
    """Yield pages of chunks with headers, wrong in one chunk, in two, or in their number of values.

    good  5 chunks or more
    """
    words, starts, n_values = good["words"], good["chunk_starts"], good["n_values"]
    bits = 8 * words.itemsize
    n_chunks = len(starts) - 1
    drawn = int(stream.integers(1, n_chunks - 1, 1)[0])
    for c in (0, drawn, n_chunks - 1):
        width = int(words[starts[c]])
        wider = words.copy()
        for header in {bits + 1, 2 * bits, 2 ** (bits - 1), 2**bits - 1, width + 1, abs(width - 1)}:
            wider[starts[c]] = header
            yield good | {"words": wider.copy()}
        for header in {bits + 1, 2 * bits, min(255, 2**bits - 1)}:
            yield good | too_wide(words, starts, c, header)
        for start in {-1, -(2**62), len(words) + 1, 2**62, int(starts[c + 1]), int(starts[c]) + 1}:
            moved = starts.copy()
            moved[c] = start
            yield good | {"chunk_starts": moved}
    two = words.copy()
    two[starts[[n_chunks - 1, drawn]]] = bits + 1
    yield good | {"words": two}
    yield good | {"words": two, "n_values": n_values + CHUNK}  # n_values comes first
    yield good | {"words": words[:-1]}
    yield good | {"words": words[: starts[drawn] + 1]}
    yield good | {"words": words[:0]}
    swapped = starts.copy()
    swapped[drawn], swapped[drawn + 1] = starts[drawn + 1], starts[drawn]
    yield good | {"chunk_starts": swapped}
    for n in (0, -1, -CHUNK, (n_chunks - 1) * CHUNK, n_chunks * CHUNK + 1, 2**40):
        yield good | {"n_values": n}
    yield good | {"chunk_starts": starts[:1]}
    yield good | {"chunk_starts": starts[:-1], "n_values": n_values}


def too_wide(words: np.ndarray, starts: np.ndarray, c: int, header: int) -> Inputs:
    """Return a page in which chunk c has this header and as many words as such a width would have.

    Closes a test of the length alone. 255 is the header whose words a byte cannot count.
    """
    payload = np.zeros(CHUNK // (8 * words.itemsize) * header, words.dtype)
    own = np.concatenate([np.array([header], words.dtype), payload])
    moved = starts.copy()
    moved[c + 1 :] += len(own) - (starts[c + 1] - starts[c])
    return {
        "words": np.concatenate([words[: starts[c]], own, words[starts[c + 1] :]]),
        "chunk_starts": moved,
    }


def bad_columns(good: Inputs) -> Iterator[Inputs]:
    """Yield columns with a wrong width or number of values, or with a length that is right for neither tail.

    good  of width 0, its last chunk has more values than one: one word could be the raw tail
    """
    words, width, n_values = good["words"], good["width"], good["n_values"]
    bits = 8 * words.itemsize
    step = CHUNK // bits * width
    for wrong in (-1, bits + 1, 255, -(2**40), 2**40):
        yield good | {"width": wrong}
    yield good | {"width": bits + 1, "n_values": 2**40}  # the width comes first
    more = np.zeros(1, words.dtype)
    yield good | {"words": np.concatenate([words, more])}
    for n in (-1, -CHUNK, MOST_VALUES + 1, 2**40, 2**63):
        yield good | {"n_values": n}
    if width > 0:
        yield good | {"words": words[:-1]}
        yield good | {"words": words[:0]}
        yield good | {"words": np.concatenate([words, words[:step], more])}
        yield good | {"n_values": n_values + 2 * CHUNK}


def bad_levels(stream: SplitMix64, good: Inputs) -> Iterator[Inputs]:
    """Yield levels with a wrong width, or wrong in one buffer or in two.

    good  5 buffers or more, and a width of 1 or more
    """
    words, starts, counts = good["words"], good["buffer_starts"], good["buffer_values"]
    n_buffers = len(counts)
    drawn = int(stream.integers(1, n_buffers - 1, 1)[0])
    for wrong in (-1, 17, 255, -(2**40), 2**40):
        yield good | {"width": wrong}
    for b in (0, drawn, n_buffers - 1):
        for n in {-1, -(2**31), MOST_LEVELS + 1, 2 * MOST_LEVELS, 2**31 - 1}:
            other = counts.copy()
            other[b] = n
            yield good | {"buffer_values": other}
        for start in {-1, -(2**62), len(words) + 1, 2**62, int(starts[b]) + 1}:
            moved = starts.copy()
            moved[b] = start
            yield good | {"buffer_starts": moved}
    two = counts.copy()
    two[[n_buffers - 1, drawn]] = -1
    yield good | {"buffer_values": two}
    yield good | {"buffer_values": two, "width": 17}  # the width comes first
    yield good | {"words": words[:-1]}
    yield good | {"words": words[:0]}
