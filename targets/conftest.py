"""What every target's `test_cheats.py` is handed: a judge for the kernels of its folder `cheats/`.

Such a module says `FEW`, the target's experiment with few cases and workloads, and `HONEST`, the text of the
champion that the cheats are judged against.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from referee import testing
from referee.stage import Record


@pytest.fixture(scope="module")
def compiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what Numba makes of the honest text, compiled once for all kernels that build on it."""
    module = request.module
    return testing.machine_code(module.FEW, module.HONEST, tmp_path_factory.mktemp("compiled"))


@pytest.fixture
def judge(request: pytest.FixtureRequest, tmp_path: Path, compiled: Path) -> Callable[..., Record]:
    """Return a function that runs a kernel text through a trial, policy left out."""
    module = request.module
    return partial(testing.judge, module.FEW, module.HONEST, compiled, tmp_path)
