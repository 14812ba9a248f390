"""How all tests run: on two cores, a target's tests one after another in the same process."""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# Binds the name to the package, before pytest names modules after the folder of the same name.
import referee  # noqa: F401

LONG_FIRST = ("tests", "targets")  # so that no process is left alone with one of these at the end


class TargetScheduling(LoadScopeScheduling):
    """Keeps a target's tests together, because they share what Numba compiles, and else those of a file."""

    def _split_scope(self, nodeid: str) -> str:
        parts = nodeid.split("::")[0].split("/")
        return "/".join(parts[:2] if parts[0] == "targets" else parts)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TargetScheduling:
    """Return how the processes share the tests."""
    return TargetScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(config.rootpath).parts[0]
        return LONG_FIRST.index(folder) if folder in LONG_FIRST else len(LONG_FIRST)

    items.sort(key=place)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes share the tests: two, but none beside this one for benchmarks."""
    return 0 if any("benches" in argument for argument in config.args) else 2
