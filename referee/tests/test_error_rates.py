"""Resampling recorded blocks under the keep rule, on blocks whose truth is known."""

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from referee import error_rates
from referee.faults import Verdict

COMBOS = ("a", "b")


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Return 40 blocks without a difference, 0.2 % of noise."""
    monkeypatch.setattr(error_rates, "RESAMPLED", 200)
    return SplitMix64(3).normals((40, 2)) * 0.002


def test_identical_kernels_are_never_kept_on_a_quiet_machine(quiet: np.ndarray) -> None:
    """No gain, no keep, no guard."""
    assert error_rates.resample(quiet, COMBOS) == (0.0, 0.0)


def test_a_planted_gain_is_always_kept_on_a_quiet_machine(quiet: np.ndarray) -> None:
    """3 % is many times the noise of five blocks."""
    assert error_rates.resample(quiet - 0.03, COMBOS) == (1.0, 0.0)


def test_the_guard_counts_what_it_stops(quiet: np.ndarray) -> None:
    """One combo 20 % slower: everything is stopped, and counted as such."""
    slower = quiet - 0.1
    slower[:, 1] += 0.3
    assert error_rates.resample(slower, COMBOS) == (0.0, 1.0)


def test_undecided_trials_draw_more_blocks() -> None:
    """Half of the blocks say 10 % faster, half 10 % slower: inconclusive at the cap."""
    blocks = np.array([[0.1, 0.1], [-0.1, -0.1]] * 10)
    decision, n_blocks = error_rates.played(blocks, COMBOS, SplitMix64(1))
    assert decision.verdict is Verdict.DISCARD
    assert n_blocks == 20
