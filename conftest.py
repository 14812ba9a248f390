"""How all tests run: on two cores, a file's tests one after another in the same process."""

import pytest

# Binds the name to the package, before pytest names modules after the folder of the same name.
import referee  # noqa: F401

SLOW = ("test_cheats.py", "test_new_target.py", "test_end_to_end.py", "test_guarded.py", "test_kernels.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process is left alone with one at the end."""
    items.sort(key=lambda item: SLOW.index(item.path.name) if item.path.name in SLOW else len(SLOW))


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes share the tests: two, but none beside this one for benchmarks."""
    return 0 if any("benches" in argument for argument in config.args) else 2
