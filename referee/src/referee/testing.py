"""What the tests of a target need: ops played in this process, checksums of inputs, trials of cheats.

A target's tests know its kernels, its cases and what must come of them; how to get there stands here once.
"""

import dataclasses
import functools
import importlib
import io
import itertools
import multiprocessing
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from harness_common.tolerance import Mismatch
from referee import correctness, player, policy, trial
from referee.contender import contender, keep_machine_code, source_roots
from referee.faults import Verdict
from referee.guarded import guarded_empty
from referee.player_process import Rules, started
from referee.progress import Progress
from referee.stage import Question, Record, Stage
from referee.workload import Case, Edit, Experiment, OpInputs, Outputs, Value, Workload, applied

# By Student's t, `statistics.in_bursts` is sure at 5 standard deviations of four blocks, but at 13 of three.
N_BLOCKS = 4
FORKED_S = 300.0


def read_only(inputs: OpInputs) -> dict[str, Any]:
    """Return `inputs` with every array in C order and not writeable, the caller's own left as they are."""
    handed: dict[str, Any] = dict(inputs)
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            handed[name] = np.ascontiguousarray(value).view()
            handed[name].flags.writeable = False
    return handed


def seen(ops: Sequence[OpInputs]) -> list[dict[str, Any]]:
    """Return what each op sees, edits applied; untyped, for tests that know which input is an array."""
    return list(applied(ops))


def flat_arrays(*parts: OpInputs | np.ndarray) -> list[np.ndarray]:
    """Return every value of the inputs `parts`, in order; an edit is its places, then its values."""
    found: list[np.ndarray] = []
    for part in parts:
        for value in [part] if isinstance(part, np.ndarray) else part.values():
            found += [value.at, value.values] if isinstance(value, Edit) else [np.asarray(value)]
    return found


def checksum(*parts: OpInputs | np.ndarray) -> int:
    """Return the CRC-32 of the bytes of `parts` (build inputs, ops, arrays), one after another.

    Frozen in a test, it says whether the same seed still draws the same bits.
    """
    total = 0
    for array in flat_arrays(*parts):
        total = zlib.crc32(array.tobytes(), total)
    return total


def answers(experiment: Experiment, case: Case, kernels: ModuleType) -> Iterator[tuple[Any, Outputs]]:
    """Yield, for each op of `case`, what is expected and what `kernels` answers in this process.

    The kernel is handed what a player would hand it: read-only arrays that stay in the same memory from op
    to op, edits written into it. Its build inputs are read-only too.

    Raises: `player.Unfit` if an output is not a plain array of its own.
    """
    prepare = importlib.import_module(f"{experiment.package}.prepare").prepare
    op = prepare(kernels, read_only(case.build_inputs))
    inputs: dict[str, Value] = {}
    buffers: dict[str, np.ndarray] = {}
    for op_inputs, plain in zip(case.ops, applied(case.ops), strict=True):
        player.place(read_only(op_inputs), inputs, buffers)
        yield experiment.expect(case.build_inputs, plain), player.plain_copies(op(inputs), buffers)


def check_case(experiment: Experiment, case: Case, kernels: ModuleType) -> None:
    """Do nothing if `kernels`, run in this process, is right in every op of `case`.

    Raises: Mismatch at the first wrong output; `player.Unfit` as `answers` does.
    """
    for expected, outputs in answers(experiment, case, kernels):
        experiment.compare(expected, outputs)


def wrong_in_battery(experiment: Experiment, text: str, seed: int = 7) -> str:
    """Return the case and what is wrong where the kernel `text` first is, or "" if it is right in all.

    It runs in this process: for wrong kernels that need no trial, whose processes take seconds to start.
    """
    kernels = module_of(text)
    for case in experiment.correctness_battery(seed):
        try:
            check_case(experiment, case, kernels)
        except Mismatch as found:
            return f"case {case.name}: {found}"
    return ""


def forked(play: Callable[..., None], *arguments: Any) -> int | None:
    """Return the exit code of `play(*arguments)` in a process forked from this one; None if it does not end.

    For kernels that may stray from their arrays, which ends the process; nothing is imported or drawn anew.
    """
    process = multiprocessing.get_context("fork").Process(target=play, args=arguments, daemon=True)
    process.start()
    process.join(FORKED_S)
    code = process.exitcode
    process.kill()
    return code


def play_guarded(experiment: Experiment, modules: Sequence[ModuleType], cases: Sequence[Case]) -> None:
    """Play the cases with outputs from memory that ends where they end, as inputs do; for a forked process.

    What `np.empty` returns ends before a page that cannot be touched. The last case printed is the one that
    strays.
    """
    for module in modules:
        check_case(experiment, cases[0], module)  # compiles, with the true np.empty
    np.empty = guarded_empty  # type: ignore[assignment, misc]
    for module in modules:
        for case in cases:
            print(module.__name__, case.name, flush=True)
            check_case(experiment, case, module)


def loaded(path: Path) -> ModuleType:
    """Return the kernel in the file `path` as a module of this process, policy left out."""
    return module_of(path.read_text())


def module_of(text: str) -> ModuleType:
    """Return the kernel `text` as a module of this process, policy left out."""
    kernels = ModuleType("kernels")
    exec(text, kernels.__dict__)
    return kernels


def distinct(*modules: ModuleType) -> list[ModuleType]:
    """Return `modules` without those that are, but for their docstring, the text of an earlier one.

    While a kernel is the baseline's text, what the one does the other does, and one is enough to compile.
    """
    by_text: dict[str, ModuleType] = {}
    for module in modules:
        by_text.setdefault(Path(str(module.__file__)).read_text().split('"""', 2)[-1], module)
    return list(by_text.values())


def reduced(experiment: Experiment, every: int, workload: Callable[[int], Workload]) -> Experiment:
    """Return `experiment` with every `every`-th case of its battery and `workload(seed)` as its only one.

    Enough to put the defences on trial, and quick: what a seed draws is drawn once.
    """
    return dataclasses.replace(
        experiment,
        correctness_battery=functools.cache(lambda seed: experiment.correctness_battery(seed)[::every]),
        speed_workloads=functools.cache(lambda seed: [workload(seed)]),
    )


def machine_code(experiment: Experiment, honest: str, folder: Path, shared: Path) -> Path:
    """Return where Numba's files for the kernel text `honest` are, compiled by its battery below `folder`.

    shared  Numba's folder of this process: what is there is not compiled again, what was not is there then
    """
    one = contender("candidate", experiment.package, honest, folder, source_paths(experiment))
    for made in shared.glob(f"{experiment.package}_*"):  # a folder for each of its packages' folders
        keep_machine_code(made, one.cache_path / made.name)
    with started(one, Rules()) as process:
        process.load()
        for case in experiment.correctness_battery(0):
            correctness.check_case(experiment, case, process)
    keep_machine_code(one.cache_path, shared)
    return one.cache_path


def judge(
    experiment: Experiment,
    honest: str,
    compiled: Path,
    folder: Path,
    text: str,
    *,
    sandbox: bool = True,
    may_repeat: bool = True,
    n_blocks: int = N_BLOCKS,
) -> Record:
    """Run `text` through a trial against `honest`, policy left out, and return its record.

    Each defence must stand alone: nothing is refused for how it reads. A machine that is busy with other
    work can make the clocks of any kernel disagree, about one trial in a hundred under load; so where the
    times are not believed, there is a second trial. A kernel that the checks of times really stop is stopped
    in both.

    compiled    what `machine_code` returned for `honest`
    folder      an empty folder of the trial's own
    may_repeat  whether there may be a second trial
    n_blocks    how many blocks; each takes seconds, and two are enough for a verdict
    """
    for place in (folder / "first", folder / "second"):
        place.mkdir()
        stage = Stage(
            experiment,
            Question(text, honest, n_blocks=n_blocks),
            Rules(sandbox=sandbox),
            Progress(io.StringIO()),
            clock=lambda: 0.0,
            deadline_s=1.0,
            record=Record(7),
        )
        trial.run_unread(stage, place, source_paths(experiment), compiled)
        if stage.record.verdict is not Verdict.REJECTED or not may_repeat:
            break
    return stage.record


def assert_judged_by_time(record: Record) -> None:
    """Do nothing if the kernel of `record` was found right and then kept or discarded for its time."""
    assert record.correctness == "pass", record.reason
    assert record.verdict in (Verdict.KEEP, Verdict.DISCARD), record.reason
    assert record.decision is not None


def rules_broken(text: str, package: str) -> list[str]:
    """Return the rules for which the policy refuses the kernel `text`; a test's own imports are no matter.

    A cheat that builds on the honest baseline or the reference imports it, which no kernel may.
    """
    own = re.compile(rf"^from {package}\.(baseline|reference) import .*\n", re.MULTILINE)
    return [finding.rule for finding in policy.findings(own.sub("", text), package) if finding.refuses]


def time_in_turn(
    benchmark: Any, call: Callable[[Any], Any], arguments: Sequence[Any], rounds: int = 200
) -> None:
    """Time `call` with pytest-benchmark's fixture, on one argument after the other, one call a round."""
    turn = itertools.cycle(arguments)
    benchmark.pedantic(call, setup=lambda: ((next(turn),), {}), rounds=rounds, warmup_rounds=2)


def source_paths(experiment: Experiment) -> list[Path]:
    """Return where a player finds the target of `experiment`, the referee and harness_common."""
    package = importlib.import_module(experiment.package)
    return source_roots(Path(str(package.__file__)).parent)
