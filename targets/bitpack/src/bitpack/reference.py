"""The definition: which bits of which words are a value, and what is corrupt; plain NumPy, row by row."""

import numpy as np

from bitpack import CHUNK, MOST_LEVELS, MOST_VALUES, ORDER


class Corrupt(ValueError):
    """What no writer can have written; the message begins with the place."""


def value(payload: np.ndarray, width: int, place: int) -> int:
    """Return one value of a packed chunk, bit by bit: what `unpack_chunks` must agree with.

    payload  uint{T}[L * width], where L = 1024 / T
    place    0 to 1023
    """
    bits = 8 * payload.itemsize
    lanes = CHUNK // bits
    lane = place % lanes
    row = ORDER[(place % 128 - lane) // 16] * 8 + place // 128
    total = 0
    for bit in range(width):
        word, shift = divmod(row * width + bit, bits)
        total |= (int(payload[lanes * word + lane]) >> shift & 1) << bit
    return total


def unpack_chunks(payloads: np.ndarray, width: int) -> np.ndarray:
    """Return uint{T}[C, 1024], the values of C packed chunks of one width.

    payloads  uint{T}[C, L * width], where L = 1024 / T
    """
    bits = 8 * payloads.itemsize
    lanes = CHUNK // bits
    values = np.zeros((len(payloads), CHUNK), payloads.dtype)
    packed = payloads.reshape(len(payloads), width, lanes)
    for row in range(bits if width > 0 else 0):
        word, shift = divmod(row * width, bits)
        found = packed[:, word] >> shift
        if shift + width > bits:
            found |= packed[:, word + 1] << (bits - shift)
        at = ORDER[row // 8] * 16 + row % 8 * 128
        values[:, at : at + lanes] = found & (2**width - 1)
    return values


def unpack_inline(words: np.ndarray, chunk_starts: np.ndarray, n_values: int) -> np.ndarray:
    """Return uint{T}[n_values]: chunks that begin with a word that says their width.

    words         uint{T}[N]
    chunk_starts  int64[C + 1]  in words; chunk c ends where the next one begins

    Raises: Corrupt that names the last chunk if n_values does not need C chunks; else the first bad chunk.
    """
    n_chunks = len(chunk_starts) - 1
    if n_values < 0 or n_chunks != -(-n_values // CHUNK):
        raise Corrupt(f"chunk {max(n_chunks - 1, 0)}: {n_values} values do not need {n_chunks} chunks")
    begin, end = chunk_starts[:-1], chunk_starts[1:]
    bits = 8 * words.itemsize
    lanes = CHUNK // bits
    wrong = ~((begin >= 0) & (begin < end) & (end <= len(words)))
    widths = np.zeros(n_chunks, np.int64)
    widths[~wrong] = words[begin[~wrong]].astype(np.int64)  # a header of 2**63 or more is below 0 then
    wrong |= (widths < 0) | (widths > bits) | (end - begin != 1 + lanes * widths)
    if wrong.any():
        c = int(wrong.argmax())
        raise Corrupt(
            f"chunk {c}: its words {begin[c]} to {end[c]} of {len(words)} are no header and payload"
        )
    values = np.empty((n_chunks, CHUNK), words.dtype)
    for width in np.unique(widths).tolist():
        chunks = np.flatnonzero(widths == width)
        payloads = words[begin[chunks, np.newaxis] + 1 + np.arange(lanes * width)]
        values[chunks] = unpack_chunks(payloads, width)
    return values.reshape(-1)[:n_values]


def unpack_out_of_line(words: np.ndarray, width: int, n_values: int) -> np.ndarray:
    """Return uint{T}[n_values]: chunks of one width without headers, then a tail.

    words  uint{T}[N]

    Raises: Corrupt that names chunk 0 if width is not 0 to T, else the last chunk if n_values is not 0 to
        2**31 - 1 or N fits no layout.
    """
    bits = 8 * words.itemsize
    if not 0 <= width <= bits:
        raise Corrupt(f"chunk 0: expected a width of 0 to {bits}, got {width}")
    step = CHUNK // bits * width
    found = layout(len(words), step, n_values) if n_values <= MOST_VALUES else None
    if found is None:
        last = max(-(-n_values // CHUNK) - 1, 0)
        raise Corrupt(f"chunk {last}: {len(words)} words are no {n_values} values of width {width}")
    n_packed, n_raw = found
    packed = unpack_chunks(words[: n_packed * step].reshape(n_packed, step), width)
    return np.concatenate([packed.reshape(-1)[: n_values - n_raw], words[n_packed * step :]])


def layout(n_words: int, step: int, n_values: int) -> tuple[int, int] | None:
    """Return how many chunks of `step` words are packed, and how many values after them raw; None if neither.

    Where as many words are left for the tail as it has values, it is raw; else it is one more packed chunk,
    cut off. What could be both is raw.
    """
    n_whole, n_tail = divmod(n_values, CHUNK)
    if n_values >= 0 and n_words == n_whole * step + n_tail:
        return n_whole, n_tail
    if n_values >= 0 and n_tail > 0 and n_words == (n_whole + 1) * step:
        return n_whole + 1, 0
    return None


def unpack_levels(
    words: np.ndarray, buffer_starts: np.ndarray, width: int, n_values: np.ndarray
) -> np.ndarray:
    """Return uint16[sum of n_values]: buffers as `unpack_out_of_line` takes them, one after another.

    words          uint16[N]
    buffer_starts  int64[B + 1]  in words; buffer b ends where the next one begins
    n_values       int32[B]  0 to 4,096 each

    Raises: Corrupt that names buffer 0 if width is not 0 to 16, else the first bad buffer.
    """
    if not 0 <= width <= 16:
        raise Corrupt(f"buffer 0: expected a width of 0 to 16, got {width}")
    step = CHUNK // 16 * width
    packed, raw, n_chunks = [words[:0]], [], []
    for b, n in enumerate(n_values.tolist()):
        begin, end = buffer_starts[b : b + 2].tolist()
        inside = 0 <= begin <= end <= len(words) and n <= MOST_LEVELS
        found = layout(end - begin, step, n) if inside else None
        if found is None:
            raise Corrupt(f"buffer {b}: words {begin} to {end} are no {n} values of width {width}")
        middle = begin + found[0] * step
        packed.append(words[begin:middle])
        raw.append(words[middle:end])
        n_chunks.append(found[0])
    chunks = unpack_chunks(np.concatenate(packed).reshape(sum(n_chunks), step), width)
    values, done = [words[:0]], 0
    for n, n_packed, tail in zip(n_values.tolist(), n_chunks, raw, strict=True):
        values += [chunks[done : done + n_packed].reshape(-1)[: n - len(tail)], tail]
        done += n_packed
    return np.concatenate(values)
