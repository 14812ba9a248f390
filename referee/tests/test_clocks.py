"""Two clocks on made-up rounds."""

import numpy as np
import pytest

from referee import clocks
from referee.faults import KernelFault, Verdict
from referee.player_process import Round

MS = 1_000_000


def test_a_plausible_round_passes() -> None:
    """Durations within the span, one core's worth of processor time."""
    clocks.check_round(Round([4 * MS, 5 * MS], wall_ns=10 * MS, cpu_ns=10 * MS))


def test_durations_must_fit_in_the_span() -> None:
    """A player's clock cannot have seen more time than passed."""
    with pytest.raises(KernelFault, match=r"clock: 11000000 ns of ops do not fit") as caught:
        clocks.check_round(Round([6 * MS, 5 * MS], wall_ns=10 * MS, cpu_ns=10 * MS))
    assert caught.value.verdict is Verdict.REJECTED


def test_processor_time_of_two_threads_is_refused() -> None:
    """Twice the processor time of the span needs a second thread."""
    with pytest.raises(KernelFault, match="threads: 20000000 ns of processor time"):
        clocks.check_round(Round([9 * MS], wall_ns=10 * MS, cpu_ns=20 * MS))


def rounds(timed_ms: float, untimed_ms: float) -> list[Round]:
    return [Round([int(timed_ms * MS)], int((timed_ms + untimed_ms) * MS), 0) for _ in range(3)]


def test_hidden_time_is_what_only_the_referee_saw() -> None:
    """5 ms of 10 are hidden: half of the opponent's time."""
    assert clocks.hidden(rounds(5, 6), rounds(10, 1)) == pytest.approx([0.5, 0.5, 0.5])
    assert clocks.hidden(rounds(10, 1), rounds(10, 1)) == [0, 0, 0]


def test_a_clock_that_runs_slow_is_found_out() -> None:
    """Five rounds in which 10 % of the time is missing from the player's account."""
    with pytest.raises(KernelFault, match=r"workload a: clock: the two clocks disagree by 10\.0%"):
        clocks.check_agreement(np.full((5, 2), 0.1) + noise(), ["a", "b"])


def test_a_little_everywhere_is_found_out_together() -> None:
    """1.5 % in each combo passes combo by combo, but not over all."""
    with pytest.raises(KernelFault, match="all workloads"):
        clocks.check_agreement(np.full((5, 2), 0.015) + noise(), ["a", "b"])


def test_noise_alone_is_not_a_lie() -> None:
    """Two disturbed rounds of five do not convict an honest kernel."""
    disturbed = np.zeros((5, 2)) + noise()
    disturbed[2:4] = 0.3
    clocks.check_agreement(disturbed, ["a", "b"])


def noise() -> np.ndarray:
    return np.array([[0.001, 0.0], [0.0, 0.001], [-0.001, 0.0], [0.0, -0.001], [0.0, 0.0]])


def test_the_floor_refuses_the_impossible_only() -> None:
    """Half of the ops below what the bytes allow is refused; one lucky op is not."""
    clocks.check_floor("a", np.array([[1, 100, 100]]), least_ns=50.0)
    with pytest.raises(KernelFault, match="too good to be true: a took 40 ns"):
        clocks.check_floor("a", np.array([[40, 40, 100]]), least_ns=50.0)
