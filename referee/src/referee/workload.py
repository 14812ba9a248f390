"""What a target hands to the referee: the inputs of cases and workloads, and the functions that know them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Value = np.ndarray | int | float | str
Outputs = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Edit:
    """Changes to the array of the same name that the previous op had, made in the same memory.

    at      int64[p]  flat positions, C order
    values  dtype[p]  what stands there from this op on

    A large input that differs a little from op to op costs its changed elements, not its size; a kernel
    that remembers the array by identity, pointer or a few samples answers for contents that are gone.
    """

    at: np.ndarray
    values: np.ndarray


OpInputs = Mapping[str, Value | Edit]


@dataclass(frozen=True)
class Case:
    """One correctness input: a kernel to build and the ops to run on it, every output checked."""

    name: str
    build_inputs: Mapping[str, Value]
    ops: Sequence[OpInputs]


@dataclass(frozen=True)
class Workload:
    """One shape x distribution to time.

    least_bytes is what any right kernel must read or write in one op: the referee derives from it, and from
    the machine's measured bandwidth, a time below which no answer is believed.
    source is the target's own data from which `redraw` draws; the referee never looks inside.
    """

    shape: str
    distribution: str
    build_inputs: Mapping[str, Value]
    least_bytes: int
    source: Any

    @property
    def combo(self) -> str:
        return f"{self.distribution}/{self.shape}"


@dataclass(frozen=True)
class Experiment:
    """What the referee knows of a target: its package, and the functions that differ between targets.

    package              import name; `<package>.prepare` holds `prepare(kernels, build_inputs) -> op`,
                         the one piece of the target that runs beside the kernel
    correctness_battery  seed -> cases
    speed_workloads      seed -> workloads
    redraw               workload, seed -> the ops of one round, fresh inputs every time
    expect               build_inputs, op_inputs (plain arrays, edits applied) -> expected, in any form
    compare              expected, outputs -> nothing, or raises `harness_common.tolerance.Mismatch`
    """

    package: str
    correctness_battery: Callable[[int], Sequence[Case]]
    speed_workloads: Callable[[int], Sequence[Workload]]
    redraw: Callable[[Workload, int], Sequence[OpInputs]]
    expect: Callable[[Mapping[str, Value], Mapping[str, Value]], Any]
    compare: Callable[[Any, Outputs], None]


def applied(ops: Sequence[OpInputs]) -> Iterator[dict[str, Value]]:
    """Yield what each op sees, edits applied, without sharing arrays that a later op changes."""
    current: dict[str, Value] = {}
    for op_inputs in ops:
        for name, value in op_inputs.items():
            if isinstance(value, Edit):
                before = current[name]
                assert isinstance(before, np.ndarray)
                after = before.copy()
                after.reshape(-1)[value.at] = value.values
                current[name] = after
            else:
                current[name] = value
        yield dict(current)
