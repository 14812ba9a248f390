"""Two clocks on made-up turns."""

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from referee import clocks
from referee.clocks import Turn
from referee.faults import KernelFault

MS = 1_000_000


def test_a_plausible_turn_passes() -> None:
    """Durations within the span, one core's worth of processor time."""
    turn = Turn([4 * MS, 5 * MS], wall_ns=10 * MS, cpu_ns=10 * MS)
    assert turn.wrong() == ""
    assert (turn.timed_ns, turn.untimed_ns) == (9 * MS, 1 * MS)


def test_durations_must_fit_in_the_span() -> None:
    """A player's clock cannot have seen more time than passed."""
    turn = Turn([6 * MS, 5 * MS], wall_ns=10 * MS, cpu_ns=10 * MS)
    assert turn.wrong() == "clock: 11000000 ns of ops do not fit in the 10000000 ns that they took"


def test_processor_time_of_two_threads_is_refused() -> None:
    """Twice the processor time of the span needs a second thread."""
    turns = [Turn([9 * MS], wall_ns=10 * MS, cpu_ns=20 * MS)] * 4
    assert clocks.overworked(turns) == "threads: 80000000 ns of processor time in 40000000 ns"


def test_time_that_is_booked_late_is_no_second_thread() -> None:
    """15 ms spent before the first turn and found in it, on top of one thread's time."""
    turns = [Turn([9 * MS], 10 * MS, 25 * MS)] + [Turn([9 * MS], 10 * MS, 10 * MS)] * 3
    assert clocks.overworked(turns) == ""


def turns(timed_ms: float, untimed_ms: float) -> list[Turn]:
    return [Turn([int(timed_ms * MS)], int((timed_ms + untimed_ms) * MS), 0) for _ in range(3)]


def test_hidden_time_is_what_only_the_referee_saw() -> None:
    """5 ms of 10 are hidden: half of the opponent's time."""
    assert clocks.hidden(turns(5, 6), turns(10, 1)) == pytest.approx([0.5, 0.5, 0.5])
    assert clocks.hidden(turns(10, 1), turns(10, 1)) == [0, 0, 0]


def test_a_long_turn_may_end_a_little_later() -> None:
    """0.1 ms after 50 ms is the way a machine wakes up; after 5 ms it is 1 % of the opponent's 10."""
    assert clocks.hidden(turns(50, 1.1), turns(10, 1)) == pytest.approx([0.002] * 3)
    assert clocks.hidden(turns(5, 1.1), turns(10, 1)) == pytest.approx([0.01] * 3)


def test_a_clock_that_runs_slow_is_found_out() -> None:
    """Sixteen turns in which 10 % of the time is missing from the player's account."""
    with pytest.raises(KernelFault, match=r"workload a: clock: the two clocks disagree by 10\.0%"):
        clocks.check_agreement(list((0.1 + noise(16)).T), ["a", "b"])


def test_a_little_everywhere_is_found_out_together() -> None:
    """1.5 % in each combo passes combo by combo, but not over all."""
    with pytest.raises(KernelFault, match="all workloads"):
        clocks.check_agreement(list((0.015 + noise(16)).T), ["a", "b"])


def test_a_clock_that_lies_in_most_turns_is_found_out() -> None:
    """A third of honest turns buys nothing: the ratio is a median, and so is this."""
    lying = noise(160)
    lying[:108] += 0.04
    with pytest.raises(KernelFault, match=r"the two clocks disagree by (3\.9|4\.0)%"):
        clocks.check_agreement(list((lying).T), ["a", "b"])


def test_combos_may_have_different_numbers_of_turns() -> None:
    """A large shape has fewer ops in a round; each combo is looked at alone, then all turns together."""
    clocks.check_agreement([np.zeros(16), np.zeros(64)], ["a", "b"])
    with pytest.raises(KernelFault, match="workload b"):
        clocks.check_agreement([np.zeros(16), np.full(64, 0.1)], ["a", "b"])


def test_noise_alone_is_not_a_lie() -> None:
    """Disturbed turns, fewer than half of them, do not convict an honest kernel; neither do two turns."""
    disturbed = noise(16)
    disturbed[2:9] = 0.3
    clocks.check_agreement(list((disturbed).T), ["a", "b"])
    clocks.check_agreement(list(np.full((2, 2), 0.3)), ["a", "b"])


def noise(n: int) -> np.ndarray:
    return SplitMix64(5).normals((n, 2)) * 0.001


def test_the_floor_refuses_the_impossible_only() -> None:
    """Half of the ops below what the bytes allow is refused; one lucky op is not."""
    clocks.check_floor("a", np.array([[1, 100, 100]]), least_ns=50.0)
    with pytest.raises(KernelFault, match="too good to be true: a took 40 ns"):
        clocks.check_floor("a", np.array([[40, 40, 100]]), least_ns=50.0)
