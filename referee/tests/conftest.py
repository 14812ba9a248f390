"""A toy target for the referee's own tests: multiply an array by a number."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness_common
import referee
from harness_common.prng import SplitMix64
from harness_common.tolerance import require_array, require_equal
from referee.contender import contender
from referee.player_process import PlayerProcess, Rules, started
from referee.workload import Case, Edit, Experiment, OpInputs, Outputs, Value, Workload

HONEST = """
class ToyKernel:
    def __init__(self, scale):
        self.scale = scale

    def scaled(self, values):
        return values * self.scale
"""

PREPARE = """
def prepare(kernels, build_inputs):
    kernel = kernels.ToyKernel(build_inputs["scale"])

    def op(inputs):
        return (kernel.scaled(inputs["values"]),)

    return op
"""


def battery(seed: int) -> list[Case]:
    return [Case(f"{n} values", {"scale": 3}, ops(SplitMix64(seed).fork(n), n, 3)) for n in (1, 7, 100)]


def workloads(seed: int) -> list[Workload]:
    return [
        Workload("small", "normal", {"scale": 2}, 80, source=100_000),
        Workload("large", "normal", {"scale": 5}, 80, source=300_000),
    ]


def redraw(workload: Workload, seed: int) -> list[OpInputs]:
    return ops(SplitMix64(seed), workload.source, 8 if workload.shape == "small" else 4)


def ops(stream: SplitMix64, n: int, n_ops: int) -> list[OpInputs]:
    made: list[OpInputs] = [{"values": stream.normals(n)}]
    for _ in range(1, n_ops):
        made.append({"values": Edit(stream.integers(0, n, 1), stream.normals(1))})
    return made


def expect(build_inputs: Mapping[str, Value], op_inputs: Mapping[str, Value]) -> Any:
    return np.asarray(op_inputs["values"]) * build_inputs["scale"]


def compare(expected: np.ndarray, outputs: Outputs) -> None:
    (got,) = outputs
    require_array("scaled", got, np.float64, expected.shape)
    require_equal("scaled", expected, got)


TOY = Experiment("toy", battery, workloads, redraw, expect, compare)


@pytest.fixture
def toy() -> Experiment:
    return TOY


@pytest.fixture
def honest() -> str:
    return HONEST


@pytest.fixture(scope="session")
def source_paths(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """Where players find the toy package, the referee and harness_common."""
    folder = tmp_path_factory.mktemp("toy-source")
    (folder / "toy").mkdir()
    (folder / "toy" / "__init__.py").write_text("")
    (folder / "toy" / "prepare.py").write_text(PREPARE)
    return [folder, *(Path(str(module.__file__)).parents[1] for module in (referee, harness_common))]


@pytest.fixture
def play(tmp_path: Path, source_paths: Sequence[Path]) -> Callable[..., Any]:
    """Return a context manager that gives a loaded player of a kernel text."""

    @contextmanager
    def playing(text: str, **rules: Any) -> Iterator[PlayerProcess]:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        one = contender("candidate", "toy", text, folder, source_paths)
        with started(one, Rules(**rules)) as player:
            player.load()
            yield player

    return playing
