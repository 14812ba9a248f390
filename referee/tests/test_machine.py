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


def test_the_description_names_what_a_number_depends_on() -> None:
    """CPU, cores, system, versions, governor and load, none of them empty."""
    described = machine.describe()
    assert set(described) >= {"cpu", "cores", "system", "python", "numba", "numpy", "governor", "load"}
    assert all(value != "" for value in described.values())
