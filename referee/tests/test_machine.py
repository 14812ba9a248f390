"""The description of the machine, and the floor below which no time is believed."""

from collections.abc import Callable

from referee import machine


def ticking(step: int) -> Callable[[], int]:
    now = iter(range(0, 10**9, step))
    return lambda: next(now)


def test_the_floor_is_half_of_the_best_copy_and_is_measured_once() -> None:
    """A clock on which every copy takes 1,000 ns gives 500 ns, and no second measurement."""
    calls: list[int] = []
    tick = ticking(1000)

    def clock() -> int:
        calls.append(1)
        return tick()

    least_ns = machine.least_time(clock)
    assert least_ns(4096) == 500
    n_calls = len(calls)
    assert least_ns(4096) == 500
    assert len(calls) == n_calls


def test_the_pace_of_copying_is_the_best_of_many_and_that_of_64_kib_at_least() -> None:
    """One quick copy of 1,000 ns among slow ones: 2 * 65,536 bytes in it; it is measured once."""
    steps = iter([0, *[9_000, 1_000] * 2, 1_000, 1_000, *[9_000] * 2_000])
    now = 0

    def clock() -> int:
        nonlocal now
        now += next(steps)
        return now

    gb_per_s = machine.copy_pace(clock)
    assert gb_per_s(100) == 131.072
    assert gb_per_s(1 << 16) == 131.072


def test_the_description_names_what_a_number_depends_on() -> None:
    """CPU, cores, system, versions, governor and load, none of them empty."""
    described = machine.describe()
    assert set(described) >= {"cpu", "cores", "system", "python", "numba", "numpy", "governor", "load"}
    assert all(value != "" for value in described.values())
