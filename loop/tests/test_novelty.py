"""Edits that are none, and edits that were tried before."""

from typing import Any

import pytest

from lance_autoresearch.novelty import fingerprint, tried_before

KERNEL = '''
"""A kernel."""
import numpy as np
from numba import njit

LANES = 8

@njit
def scan(codes, table):
    """Sum."""
    total = np.float32(0.0)
    for i in range(codes.shape[0]):  # every row
        total += table[codes[i]]
    return total

class Kernel:
    def probe(self, codes, table):
        return scan(codes, table)
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("total", "accumulated"),
        ("codes", "rows"),
        ("LANES", "WIDTH"),
        ("scan", "sweep"),
        ('"""Sum."""', '"""Add everything up."""'),
        ("  # every row", ""),
        ("\nclass Kernel", "\n\n\n\nclass Kernel"),
        ("np.float32(0.0)", "np . float32( 0.0 )"),
    ],
)
def test_names_docstrings_comments_and_layout_make_no_new_kernel(old: str, new: str) -> None:
    """What the compiled code cannot show."""
    edited = KERNEL.replace(old, new)
    assert edited != KERNEL
    assert fingerprint(edited) == fingerprint(KERNEL)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LANES = 8", "LANES = 16"),
        ("total += table[codes[i]]", "total += table[i]"),
        ("float32", "float64"),
        ("def probe", "def probe_all"),
        ("class Kernel", "class Core"),
        ("@njit", "@njit(cache=True)"),
        (
            "codes, table):\n        return scan(codes, table)",
            "codes, table):\n        return scan(table, codes)",
        ),
        ("import numpy as np", "import numpy as np\nimport math"),
    ],
)
def test_numbers_order_attributes_and_public_names_make_a_new_kernel(old: str, new: str) -> None:
    """Each of these is another program."""
    edited = KERNEL.replace(old, new)
    assert edited != KERNEL
    assert fingerprint(edited) != fingerprint(KERNEL)


def test_text_that_is_no_python_stands_for_itself() -> None:
    """A syntax error is a candidate like any other: the referee says what is wrong with it."""
    assert fingerprint("def (") == fingerprint("def (")
    assert fingerprint("def (") != fingerprint("def ((")


@pytest.mark.parametrize("deep", ["-" * 20_000 + "1", "1+" * 5_000 + "1", "(" * 500 + "1" + ")" * 500])
def test_text_that_is_nested_too_deeply_stands_for_itself(deep: str) -> None:
    """The parser, the walk and the dump each have a depth at which they give up."""
    assert fingerprint(f"x = {deep}") == fingerprint(f"x = {deep}")
    assert fingerprint(f"x = {deep}") != fingerprint(f"x = {deep} + 1")


def record(champion: str, candidate: str, verdict: str, reason: str = "") -> dict[str, Any]:
    """Return what a trial record says of an edit."""
    texts = {"champion_text": champion, "candidate_text": candidate}
    return {**texts, "verdict": verdict, "reason": reason, "judged": verdict != "rejected"}


def test_an_edit_that_was_decided_is_not_tried_again() -> None:
    """The same change to the same champion, under other names."""
    other = KERNEL.replace("LANES = 8", "LANES = 16")
    before = record(KERNEL, other, "discard", "slower")
    renamed = other.replace("total", "t")
    assert tried_before(KERNEL, renamed, [before]) is before
    assert tried_before(KERNEL, other.replace("16", "32"), [before]) is None
    assert tried_before(renamed, KERNEL, [before]) is None, "the way back is another edit"


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        ("timeout", "over"),
        ("keep", "and then taken back"),
        ("rejected", "only kernels.py may change in a run, but so did README.md"),
        ("discard", "inconclusive after 20 blocks"),
        ("crash", "not the candidate: it died"),
    ],
)
def test_what_was_not_decided_may_be_tried_again(verdict: str, reason: str) -> None:
    """A busy machine, or an opponent that failed, says nothing of the edit."""
    other = KERNEL.replace("LANES = 8", "LANES = 16")
    assert tried_before(KERNEL, other, [record(KERNEL, other, verdict, reason)]) is None
