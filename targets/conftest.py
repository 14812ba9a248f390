"""What the tests of every target share: the modules on trial, a battery, and a judge for wrong kernels.

A target's `test_cheats.py` says `FEW`, its experiment with few cases and workloads, and `HONEST`, the text of
the champion that the kernels of `cheats/` are judged against.
"""

import atexit
import functools
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numba
import pytest

from referee import testing
from referee.stage import Record
from referee.workload import Case

SEED = 20_251_115
# What Numba compiles in this process a player may begin with, and the other way round.
COMPILED = Path(tempfile.mkdtemp(prefix="compiled-"))
atexit.register(shutil.rmtree, COMPILED, ignore_errors=True)
numba.config.CACHE_DIR = str(COMPILED)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hand `implementation` to a test: the baseline, then the kernel unless they are alike.

    A test that says by itself what it is handed is left alone.
    """
    marks = metafunc.definition.iter_markers("parametrize")
    if "implementation" in metafunc.fixturenames and not any(
        "implementation" in one.args[0] for one in marks
    ):
        modules = on_trial(package_of(metafunc.definition.path))
        metafunc.parametrize("implementation", modules, ids=lambda module: module.__name__)


@pytest.fixture(scope="module")
def implementations(request: pytest.FixtureRequest) -> list[ModuleType]:
    """Return what `implementation` is handed, one after the other."""
    return on_trial(package_of(request.path))


@pytest.fixture(scope="module")
def battery_cases(request: pytest.FixtureRequest) -> list[Case]:
    """Return the cases of one seed, drawn once for all tests of a target."""
    return battery(package_of(request.path))


def package_of(test: Path) -> str:
    """Return the package of the target whose test this is."""
    (kernels,) = test.parents[1].glob("src/*/kernels.py")
    return kernels.parent.name


def on_trial(package: str) -> list[ModuleType]:
    """Return the baseline, and the kernel unless they are alike."""
    return testing.distinct(import_module(f"{package}.baseline"), import_module(f"{package}.kernels"))


@functools.cache
def battery(package: str) -> list[Case]:
    """Return the cases of one seed."""
    cases: list[Case] = import_module(f"{package}.battery").correctness_battery(SEED)
    return cases


@pytest.fixture(scope="module")
def compiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what Numba makes of the honest text, compiled once for all kernels that build on it."""
    module = request.module
    return testing.machine_code(module.FEW, module.HONEST, tmp_path_factory.mktemp("compiled"), COMPILED)


@pytest.fixture
def judge(request: pytest.FixtureRequest, tmp_path: Path, compiled: Path) -> Callable[..., Record]:
    """Return a function that runs a kernel text through a trial, policy left out."""
    module = request.module
    return partial(testing.judge, module.FEW, module.HONEST, compiled, tmp_path)
