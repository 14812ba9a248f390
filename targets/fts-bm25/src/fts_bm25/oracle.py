"""What is expected of one op, many postings at a time, and the comparison with a kernel's outputs.

The reference goes posting by posting, which is too slow for the timed inputs; here the same operations are
done on arrays, each of them rounded to float32 as there. `tests/test_oracle.py` holds the two side by side.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from fts_bm25 import BLOCK, NO_DOCUMENT, codec
from fts_bm25.index import List, contributions, norms
from harness_common.tolerance import Mismatch, require_equal
from referee.workload import Outputs, Value

Expected = tuple[np.ndarray, np.ndarray, np.ndarray]
OUTPUTS = ("ids", "scores", "count")


def expect(build_inputs: Mapping[str, Value], op_inputs: Mapping[str, Value]) -> Expected:
    """Return what the reference says about one op, edits applied: (ids, scores, count)."""
    arrays = {name: value for name, value in op_inputs.items() if isinstance(value, np.ndarray)}
    k, avgdl = op_inputs["k"], op_inputs["avgdl"]
    doc_length = build_inputs["doc_length"]
    assert isinstance(k, int)
    assert isinstance(avgdl, float)
    assert isinstance(doc_length, np.ndarray)
    terms, idf = arrays["terms"], arrays["idf"]
    lists = {term: decoded(arrays, term) for term in np.unique(terms).tolist() if term >= 0}
    ids = np.full((len(terms), k), NO_DOCUMENT, np.uint32)
    scores = np.zeros((len(terms), k), np.float32)
    count = np.zeros(len(terms), np.int32)
    for query in range(len(terms)):
        slots = [
            (lists[term], weight)
            for term, weight in zip(terms[query].tolist(), idf[query], strict=True)
            if term >= 0
        ]
        best = best_documents(slots, doc_length, avgdl, k, arrays["mask"])
        count[query] = len(best[0])
        ids[query, : count[query]], scores[query, : count[query]] = best
    return ids, scores, count


def decoded(arrays: Mapping[str, np.ndarray], term: int) -> List:
    """Return the postings of one term."""
    first, end = arrays["blocks_of_term"][term : term + 2].tolist()
    starts = arrays["block_start"][first : end + 1]
    blob = arrays["blob"][starts[0] : starts[-1]]
    return decoded_bytes(blob.tobytes(), (starts - starts[0]).tobytes(), int(arrays["length"][term]))


@lru_cache(maxsize=64)  # the ops of a round share most lists, and to decode one takes longer than to hash it
def decoded_bytes(blob: bytes, starts: bytes, length: int) -> List:
    """Return the postings of a list: its blocks, where each begins and the end, and how many there are."""
    content, offsets = np.frombuffer(blob, np.uint8), np.frombuffer(starts, np.int64)
    n_whole = length // BLOCK
    documents, frequencies = codec.decode_whole(content, offsets[:n_whole])
    if len(offsets) - 1 == n_whole:
        return documents.reshape(-1), frequencies.reshape(-1)
    last = codec.decode_last(content[offsets[n_whole] : offsets[n_whole + 1]])
    return np.append(documents, last[0]), np.append(frequencies, last[1])


def best_documents(
    slots: Sequence[tuple[List, np.float32]], doc_length: np.ndarray, avgdl: float, k: int, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (ids, scores) of the k best documents, or all if there are fewer.

    slots       (documents, frequencies) and idf of each slot of the query, in order
    doc_length  uint32[N]
    mask        uint8[ceil(N / 8)] or uint8[0], as in `reference`
    """
    total = np.zeros(len(doc_length), np.float32)
    found = np.zeros(len(doc_length), np.bool_)
    for (documents, frequencies), weight in slots:
        # A list has no document twice.
        total[documents] += contributions(frequencies, norms(doc_length[documents], avgdl), weight)
        found[documents] = True
    if len(mask):
        found &= np.unpackbits(mask, count=len(doc_length), bitorder="little").view(np.bool_)
    ids = np.flatnonzero(found)
    scores = total[ids]
    if 0 < k < len(ids):
        good = scores >= np.partition(scores, -k)[-k]
        ids, scores = ids[good], scores[good]
    best = np.argsort(-scores, kind="stable")[:k]
    return ids[best].astype(np.uint32), scores[best]


def compare(expected: Expected, outputs: Outputs) -> None:
    """Do nothing if `outputs` has the bits of `expected`: (ids, scores, count).

    The fold's order is fixed, so there is no tolerance.

    Raises: Mismatch that names the output, otherwise.
    """
    if len(outputs) != len(OUTPUTS):
        raise Mismatch(f"outputs: expected 3 (ids, scores, count), got {len(outputs)}")
    for name, want, got in zip(OUTPUTS, expected, outputs, strict=True):
        require_equal(name, want, got)
