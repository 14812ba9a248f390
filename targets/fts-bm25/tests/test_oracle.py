"""What is expected, computed on arrays, has the bits of the definition, which goes posting by posting."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from fts_bm25 import inputs, reference
from fts_bm25.battery import small_battery
from fts_bm25.oracle import expect
from referee.testing import seen

LONG = ("maxima", "9000", "differences", "tight")  # long lists or many, and nothing that the others have not
CASES = [case for case in small_battery(41) if not any(word in case.name for word in LONG)]


def plainly(build: Mapping[str, Any], op: Mapping[str, Any], n_queries: int) -> reference.Answer:
    """Return the definition's answer to the first queries."""
    index = [op[name] for name in ("blob", "block_start", "blocks_of_term", "length")]
    queries = op["terms"][:n_queries], op["idf"][:n_queries]
    return reference.search(build["doc_length"], *index, *queries, op["avgdl"], op["k"], op["mask"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_is_the_definition_in_the_battery(case: Any) -> None:
    """The first and the last op of every small case, two queries each."""
    for op in (seen(case.ops)[0], seen(case.ops)[-1]):
        for got, want in zip(expect(case.build_inputs, op), plainly(case.build_inputs, op, 2), strict=True):
            np.testing.assert_array_equal(got[:2], want)


def test_is_the_definition_on_a_timed_input() -> None:
    """Two ops of the smallest shape, with an edit and a mask."""
    workload = inputs.workload("12x-top1000", "clustered", 3)
    for op in seen(inputs.redraw(workload, 4))[1:3]:
        for got, want in zip(
            expect(workload.build_inputs, op), plainly(workload.build_inputs, op, 1), strict=True
        ):
            np.testing.assert_array_equal(got[:1], want)
