"""How all tests run: on both cores, a target's tests one after another in the same process."""

from pathlib import Path

import pytest

# Binds the name to the package, before pytest names modules after the folder of the same name.
import referee  # noqa: F401

ROOT = Path(__file__).parent


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes share the tests: one per core, but none beside this one for benchmarks."""
    return 0 if any("benches" in argument for argument in config.args) else 2


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests of a target share a process, which compiles its kernels once; others go file by file."""
    for item in items:
        parts = item.path.relative_to(ROOT).parts
        item.add_marker(pytest.mark.xdist_group("/".join(parts[:2] if parts[0] == "targets" else parts)))
