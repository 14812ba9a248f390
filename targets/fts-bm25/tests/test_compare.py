"""Answers that are known to be wrong are refused, and the message names the output."""

from collections.abc import Callable

import numpy as np
import pytest

from fts_bm25.battery import plain_cases
from fts_bm25.oracle import Expected, compare, expect
from harness_common.prng import SplitMix64
from harness_common.tolerance import Mismatch
from referee.testing import seen
from referee.workload import Outputs


def right() -> Expected:
    """Return what is expected of the first op of a case."""
    case = next(plain_cases(SplitMix64(3)))
    return expect(case.build_inputs, seen(case.ops)[0])


def all_zero(ids: np.ndarray, scores: np.ndarray, count: np.ndarray) -> Outputs:
    """The answer of a kernel that computes nothing."""
    return np.zeros_like(ids), np.zeros_like(scores), np.zeros_like(count)


def zero_scores(ids: np.ndarray, scores: np.ndarray, count: np.ndarray) -> Outputs:
    """The right documents, without scores."""
    return ids, np.zeros_like(scores), count


def zero_count(ids: np.ndarray, scores: np.ndarray, count: np.ndarray) -> Outputs:
    """Everything but how many there are."""
    return ids, scores, np.zeros_like(count)


def last_bit(ids: np.ndarray, scores: np.ndarray, count: np.ndarray) -> Outputs:
    """One score off by its last bit."""
    bits = scores.view(np.uint32).copy()
    bits[-1, 3] ^= 1
    return ids, bits.view(np.float32), count


def swapped(ids: np.ndarray, scores: np.ndarray, count: np.ndarray) -> Outputs:
    """Two documents in each other's place."""
    order = np.arange(ids.shape[1])
    order[[0, 1]] = 1, 0
    return ids[:, order], scores, count


def last_left_out(ids: np.ndarray, scores: np.ndarray, count: np.ndarray) -> Outputs:
    """The last document of a query missing, and padded as if it had not been there."""
    ids, scores = ids.copy(), scores.copy()
    ids[0, -1], scores[0, -1] = 0xFFFFFFFF, 0.0
    return ids, scores, count


def signed_ids(ids: np.ndarray, scores: np.ndarray, count: np.ndarray) -> Outputs:
    """Documents of the wrong type, with the right bits."""
    return ids.view(np.int32), scores, count


def double_scores(ids: np.ndarray, scores: np.ndarray, count: np.ndarray) -> Outputs:
    """Scores of the wrong type."""
    return ids, scores.astype(np.float64), count


def long_count(ids: np.ndarray, scores: np.ndarray, count: np.ndarray) -> Outputs:
    """Counts of the wrong type."""
    return ids, scores, count.astype(np.int64)


def nan_score(ids: np.ndarray, scores: np.ndarray, count: np.ndarray) -> Outputs:
    """A score that was never written."""
    return ids, np.where(np.arange(scores.shape[1]) == 4, np.float32(np.nan), scores), count


def one_query_short(ids: np.ndarray, scores: np.ndarray, count: np.ndarray) -> Outputs:
    """No answer to the last query."""
    return ids[:-1], scores[:-1], count[:-1]


WRONG: list[tuple[Callable[..., Outputs], str]] = [
    (all_zero, "ids"),
    (zero_scores, "scores"),
    (zero_count, "count"),
    (last_bit, "scores"),
    (swapped, "ids"),
    (last_left_out, "ids"),
    (signed_ids, "ids"),
    (double_scores, "scores"),
    (long_count, "count"),
    (nan_score, "scores"),
    (one_query_short, "ids"),
]


@pytest.mark.parametrize(("spoil", "name"), WRONG, ids=lambda value: getattr(value, "__name__", value))
def test_wrong_answers_are_named(spoil: Callable[..., Outputs], name: str) -> None:
    """Each way of being wrong, from an answer that was right."""
    expected = right()
    compare(expected, expected)
    with pytest.raises(Mismatch, match=f"^{name}"):
        compare(expected, spoil(*(output.copy() for output in expected)))


@pytest.mark.parametrize("n_outputs", [0, 2, 4])
def test_exactly_three_outputs_are_required(n_outputs: int) -> None:
    """Neither fewer nor more."""
    expected = right()
    with pytest.raises(Mismatch, match=rf"^outputs: expected 3 \(ids, scores, count\), got {n_outputs}"):
        compare(expected, (*expected, expected[0])[:n_outputs])


@pytest.mark.parametrize("name", ["ids", "scores"])
def test_what_stands_behind_the_last_document_counts(name: str) -> None:
    """The padding is compared, too."""
    case = next(plain_cases(SplitMix64(3)))
    op = seen(case.ops)[0]
    expected = expect(case.build_inputs, {**op, "k": 10_000})
    assert (expected[2] < 10_000).all()
    spoiled = [output.copy() for output in expected]
    spoiled[("ids", "scores").index(name)][0, -1] = 1
    with pytest.raises(Mismatch, match=f"^{name}"):
        compare(expected, (spoiled[0], spoiled[1], spoiled[2]))
