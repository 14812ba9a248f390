"""What the tests of this target share: the modules on trial, and the battery of one seed."""

from pathlib import Path
from types import ModuleType

import pytest

from predicate import baseline, kernels
from predicate.battery import correctness_battery
from referee.workload import Case


def code(module: ModuleType) -> str:
    """Return a module's text without its docstring."""
    return Path(str(module.__file__)).read_text().split('"""', 2)[2]


# While the kernel is the baseline's text, what the one does the other does, and one is compiled.
DIFFERENT = [kernels] if code(kernels) == code(baseline) else [baseline, kernels]


@pytest.fixture(scope="session")
def implementations() -> list[ModuleType]:
    """Return the baseline and the kernel, or only the kernel where they are the same."""
    return DIFFERENT


@pytest.fixture(params=DIFFERENT)
def implementation(request: pytest.FixtureRequest) -> ModuleType:
    """Return one after the other."""
    module: ModuleType = request.param
    return module


@pytest.fixture(scope="session")
def battery_cases() -> list[Case]:
    """Return the cases of one seed, drawn once for all tests."""
    return correctness_battery(20_251_115)
