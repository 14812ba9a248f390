"""How all tests run: on two cores, a file's tests one after another in the same process."""

import pytest

# Binds the name to the package, before pytest names modules after the folder of the same name.
import referee  # noqa: F401


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes share the tests: two, but none beside this one for benchmarks."""
    return 0 if any("benches" in argument for argument in config.args) else 2
