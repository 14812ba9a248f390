"""`lar profile` passes on what the target says."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Toy


def test_profile_passes_the_text_on_and_records_nothing(
    plain_folder: "Toy", capfd: pytest.CaptureFixture[str]
) -> None:
    """It needs no git and touches no file; the target's process gets `--profile`."""
    text = plain_folder.edit("# unrolled\n")
    assert plain_folder.lar("profile", "toy", "--seed", "7") == 0
    assert capfd.readouterr().out == "profile of # unrolled\n"
    assert plain_folder.kernels.read_text() == text
    assert not plain_folder.target.trials.exists()


def test_its_help_fits_a_screen_and_has_an_example(
    plain_folder: "Toy", capsys: pytest.CaptureFixture[str]
) -> None:
    """Twenty-four lines of eighty columns."""
    assert plain_folder.lar("profile", "--help") == 0
    out = capsys.readouterr().out
    assert "Example: lar profile pq-l2" in out
    assert len(out.splitlines()) <= 24
