"""What is expected, computed on arrays, has the bits of the definition, which goes posting by posting."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fts_bm25 import inputs, reference
from fts_bm25.oracle import expect
from referee.testing import seen
from referee.workload import Case

# Long lists or many, and nothing that the others have not; then what has a timed number of documents.
LONG = ("maxima", "9000", "differences", "tight", "timed", "large")


def plainly(build: Mapping[str, Any], op: Mapping[str, Any], n_queries: int) -> reference.Answer:
    """Return the definition's answer to the first queries."""
    index = [op[name] for name in ("blob", "block_start", "blocks_of_term", "length")]
    queries = op["terms"][:n_queries], op["idf"][:n_queries]
    return reference.search(build["doc_length"], *index, *queries, op["avgdl"], op["k"], op["mask"])


def test_is_the_definition_in_the_battery(battery_cases: list[Case]) -> None:
    """The first and the last op of every small case, two queries each, of random lists one."""
    cases = [case for case in battery_cases if not any(word in case.name for word in LONG)]
    assert len(cases) > 50
    for case in cases:
        n_queries = 1 if case.name.startswith("random") else 2
        for op in (seen(case.ops)[0], seen(case.ops)[-1]):
            answers = expect(case.build_inputs, op), plainly(case.build_inputs, op, n_queries)
            for got, want in zip(*answers, strict=True):
                np.testing.assert_array_equal(got[:n_queries], want, err_msg=case.name)


def test_is_the_definition_on_a_timed_input() -> None:
    """Two ops of the smallest shape, with an edit and a mask."""
    workload = inputs.workload("12x-top1000", "clustered", 3)
    for op in seen(inputs.redraw(workload, 4))[1:3]:
        for got, want in zip(
            expect(workload.build_inputs, op), plainly(workload.build_inputs, op, 1), strict=True
        ):
            np.testing.assert_array_equal(got[:1], want)
