"""The definition: which rows are asked for, and where they are. Plain Python loops and NumPy's indexing.

A bitmap has bit i % 8 of byte i // 8 for row i, 1 where the row is valid; an empty one says that all are.
Every function raises ValueError if its input is corrupt, and names the first place that is.
"""

import numpy as np

from take import TOMBSTONE

MOST_BYTES = 2**31 - 1  # what int32 offsets can count


def take_fixed(
    values: np.ndarray, validity: np.ndarray, indices: np.ndarray, index_validity: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return values[indices] and its bitmap, which is empty where nothing is null; 0 under a null index.

    values          uint32[n] or uint64[n]
    validity        uint8[ceil(n / 8)] or uint8[0]
    indices         uint32[m] or uint64[m]
    index_validity  uint8[ceil(m / 8)] or uint8[0]

    Raises: ValueError with `row i` for the least valid i whose index is not below n.
    """
    chosen = bits(index_validity, len(indices))
    require_rows(indices, chosen, len(values))
    taken = np.zeros(len(indices), values.dtype)
    taken[chosen] = values[indices[chosen]]
    valid = chosen.copy()
    valid[chosen] = bits(validity, len(values))[indices[chosen]]
    return taken, np.packbits(valid[: 0 if valid.all() else None], bitorder="little")


def take_rows(vectors: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Return vectors[indices], bit by bit.

    vectors  float32[n, dim]
    indices  uint32[m]

    Raises: ValueError with `row i` for the least i whose index is not below n.
    """
    require_rows(indices, bits(np.zeros(0, np.uint8), len(indices)), len(vectors))
    return np.asarray(vectors.view(np.uint32)[indices].view(np.float32))


def take_strings(offsets: np.ndarray, data: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the strings at `indices`, end to end, as (offsets int32[m + 1], data uint8[total]).

    offsets  int32[n + 1]  string j is data[offsets[j]:offsets[j + 1]]
    data     uint8[n_bytes]
    indices  uint32[m]

    Raises: ValueError with `row i` for the least i whose index is not below n, whose string does not lie in
    `data`, or with whose string there are more than 2**31 - 1 bytes.
    """
    n = len(offsets) - 1
    bounds, text = offsets.tolist(), data.tobytes()  # a NumPy scalar for each would take ten times as long
    strings, total = [], 0
    ends = [0]
    for i, index in enumerate(indices.tolist()):
        if index >= n:
            raise ValueError(f"row {i}: expected an index below {n}, got {index}")
        start, end = bounds[index : index + 2]
        if not 0 <= start <= end <= len(data):
            raise ValueError(f"row {i}: expected a string inside {len(data)} bytes, got {start} to {end}")
        total += end - start
        if total > MOST_BYTES:
            raise ValueError(f"row {i}: expected at most {MOST_BYTES} bytes, got {total}")
        strings.append(text[start:end])
        ends.append(total)
    return np.array(ends, np.int32), np.frombuffer(b"".join(strings), np.uint8)


def remap(returned: np.ndarray, requested: np.ndarray) -> np.ndarray:
    """Return uint32[k], where each requested address stands among the returned; missing ones are left out.

    returned   uint64[u]  of equal ones the first counts
    requested  uint64[m]
    """
    places: dict[int, int] = {}
    for place, address in enumerate(returned.tolist()):
        places.setdefault(address, place)
    found = [places[address] for address in requested.tolist() if address in places]
    return np.array(found, np.uint32)


def map_offsets(
    offsets: np.ndarray,
    fragment_ids: np.ndarray,
    n_rows: np.ndarray,
    deleted_starts: np.ndarray,
    deleted: np.ndarray,
) -> np.ndarray:
    """Return uint64[m], the address (fragment id << 32 | row) of each offset among the rows not deleted.

    offsets         uint64[m]  in any order; from the number of live rows on there is no row: TOMBSTONE
    fragment_ids    uint32[F]
    n_rows          int64[F]  with the deleted ones, 0 to 2**32
    deleted_starts  int64[F + 1]  deleted[deleted_starts[f]:deleted_starts[f + 1]] belong to fragment f
    deleted         uint32[D]  ascending in each fragment

    Row k + r is live number k if r deleted rows come before it: as many as have `row - its rank` up to k.

    Raises: ValueError with `fragment f`, counted from 0, for the least f that is not as said.
    """
    addresses = np.full(len(offsets), TOMBSTONE, np.uint64)
    first = 0
    for f, identifier in enumerate(fragment_ids.tolist()):
        gone = deleted_rows(f, n_rows, deleted_starts, deleted).astype(np.uint64)
        n_live = int(n_rows[f]) - len(gone)
        inside = (offsets >= np.uint64(first)) & (offsets < np.uint64(first + n_live))
        live = offsets[inside] - np.uint64(first)
        before = np.searchsorted(gone - np.arange(len(gone), dtype=np.uint64), live, side="right")
        addresses[inside] = np.uint64(identifier << 32) | (live + before.astype(np.uint64))
        first += n_live
    return addresses


def deleted_rows(f: int, n_rows: np.ndarray, deleted_starts: np.ndarray, deleted: np.ndarray) -> np.ndarray:
    """Return the deleted rows of fragment f; ValueError if they or its number of rows cannot be."""
    start, end, n = int(deleted_starts[f]), int(deleted_starts[f + 1]), int(n_rows[f])
    if not 0 <= n <= 2**32:
        raise ValueError(f"fragment {f}: expected 0 to 2**32 rows, got {n}")
    if not 0 <= start <= end <= len(deleted):
        raise ValueError(
            f"fragment {f}: expected a part of {len(deleted)} deleted rows, got {start} to {end}"
        )
    gone = deleted[start:end]
    if len(gone) > 0 and not ((gone[:-1] < gone[1:]).all() and int(gone[-1]) < n):
        raise ValueError(f"fragment {f}: expected deleted rows ascending and below {n}")
    return gone


def require_rows(indices: np.ndarray, chosen: np.ndarray, n: int) -> None:
    """Do nothing if all chosen indices are below n; ValueError with the first row that is not."""
    wrong = np.flatnonzero(chosen & (indices >= n))
    if len(wrong) > 0:
        raise ValueError(f"row {wrong[0]}: expected an index below {n}, got {indices[wrong[0]]}")


def bits(bitmap: np.ndarray, n: int) -> np.ndarray:
    """Return bool[n]; all true of an empty bitmap."""
    if len(bitmap) == 0:
        return np.ones(n, np.bool_)
    return np.unpackbits(bitmap, count=n, bitorder="little").astype(np.bool_)
