"""Documents' lengths and posting lists, drawn with no operation whose last bit depends on the machine."""

import numpy as np

from fts_bm25.index import List
from harness_common.prng import SplitMix64

MOST_FREQUENT = 12
RUN = 2_048  # documents of one topic that stand together, in `clustered`
N_LENGTHS = 2**16  # lengths that are drawn; more documents have one of these each
EQUAL_LENGTH, EQUAL_FREQUENCY = 128, 2


def document_lengths(stream: SplitMix64, n_documents: int, distribution: str) -> np.ndarray:
    """Return uint32[n_documents], 1 to 4,000, or all the same.

    In `clustered`, documents of a run are short or long together, by factors of 1/8 to 4.
    """
    if distribution == "equal":
        return np.full(n_documents, EQUAL_LENGTH, np.uint32)
    exponent = np.clip(6.5 + 1.1 * stream.normals(min(n_documents, N_LENGTHS)), 0.0, 11.9)
    lengths = np.clip(power_of_two(exponent), 1.0, 4000.0).astype(np.uint32)
    if n_documents > N_LENGTHS:
        lengths = lengths[stream.uint64(-(-n_documents // 4)).astype("<u8").view("<u2")[:n_documents]]
    if distribution == "clustered":
        factors = np.uint32(1) << stream.integers(0, 6, -(-n_documents // RUN)).astype(np.uint32)
        lengths = np.clip(lengths * np.repeat(factors, RUN)[:n_documents] // 8, 1, 4000)
    return np.asarray(lengths, np.uint32)


def posting_list(stream: SplitMix64, doc_length: np.ndarray, n: int, distribution: str) -> List:
    """Return about n postings of one term.

    uniform    documents anywhere, about 1.7 times each, longer ones more often
    clustered  49 of 50 documents in a twelfth of the runs of 2,048
    equal      documents anywhere, each twice
    """
    n_documents = len(doc_length)
    if distribution == "clustered":
        documents = clustered_documents(stream, n_documents, n)
    else:
        documents = stream.integers(0, n_documents, n)
    documents = distinct(documents, n_documents).astype(np.uint32)
    if distribution == "equal":
        return documents, np.full(len(documents), EQUAL_FREQUENCY, np.uint32)
    # The number of zeros at the end of a random word is geometric; one more where a document is long.
    words = stream.uint64(len(documents))
    zeros = np.frexp((words & (~words + np.uint64(1))).astype(np.float64))[1] - 1
    more = doc_length[documents] // 256
    return documents, np.clip(1 + zeros // 2 + np.minimum(zeros, more), 1, MOST_FREQUENT).astype(np.uint32)


def clustered_documents(stream: SplitMix64, n_documents: int, n: int) -> np.ndarray:
    """Return int64[n], documents of which 49 in 50 are in few runs."""
    n_runs = max(1, n_documents // RUN)
    n_rich = max(1, n_runs // 12)
    rich = stream.permutation(n_runs)[:n_rich]
    inside = rich[stream.integers(0, n_rich, n)] * (n_documents // n_runs) + stream.integers(
        0, n_documents // n_runs, n
    )
    return np.where(stream.integers(0, 50, n) > 0, inside, stream.integers(0, n_documents, n))


def distinct(documents: np.ndarray, n_documents: int) -> np.ndarray:
    """Return int64[m], the documents in ascending order, each once."""
    found = np.zeros(n_documents, np.bool_)
    found[documents] = True
    return np.flatnonzero(found)


def idf_of(length: int, n_documents: int) -> np.float32:
    """Return about ln((N - n + 0.5) / (n + 0.5) + 1), the logarithm by straight lines between powers of two.

    A logarithm of the machine's own may differ in its last bit from another machine's.
    """
    mantissa, exponent = np.frexp((n_documents - length + 0.5) / (length + 0.5) + 1.0)
    return np.float32((float(exponent) - 1 + (2 * mantissa - 1)) * 0.6931471805599453)


def power_of_two(exponent: np.ndarray) -> np.ndarray:
    """Return float64[n], about 2**exponent, by straight lines between whole exponents."""
    whole = np.floor(exponent)
    return np.asarray(np.ldexp(1.0 + (exponent - whole), whole.astype(np.int64)))
