"""The journal of a run: whole lines are steps, a torn one is cut off."""

from pathlib import Path

import pytest

from lance_autoresearch import journal
from lance_autoresearch.errors import LarError


def test_a_step_is_read_back_part_by_part(tmp_path: Path) -> None:
    """Began, turn and end of each step, in the order of their numbers."""
    path = tmp_path / "steps.jsonl"
    assert journal.read_steps(path) == []
    journal.append(path, journal.BEGAN, 1, {"champion": "c0"})
    journal.append(path, journal.TURN, 1, {"reason": "ended", "learned": "zwölf\nlines"})
    journal.append(path, journal.ENDED, 1, {"outcome": "keep", "trials": ["a", "b"]})
    journal.append(path, journal.BEGAN, 2, {"champion": "c1"})
    first, second = journal.read_steps(path)
    assert (first.number, first.began["champion"], first.turn["learned"]) == (1, "c0", "zwölf\nlines")
    assert (second.number, second.turn, second.ended) == (2, {}, {})
    assert journal.trials_of([first, second]) == {"a", "b"}


def test_a_torn_line_is_not_read_and_can_be_cut_off(tmp_path: Path) -> None:
    """After a kill in the middle of a write the step is where it was before."""
    path = tmp_path / "steps.jsonl"
    journal.append(path, journal.BEGAN, 1, {"champion": "c0"})
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"step": 1, "event": "tu')
    [step] = journal.read_steps(path)
    assert step.turn == {}
    assert journal.repair(path)
    assert path.read_bytes() == whole


def test_a_line_that_is_no_step_is_named(tmp_path: Path) -> None:
    """With its number, so that somebody can look."""
    path = tmp_path / "steps.jsonl"
    path.write_text('{"step": 1, "event": "began"}\nno step\n')
    with pytest.raises(LarError, match=r"steps.jsonl line 2, got 'no step'"):
        journal.read_steps(path)
