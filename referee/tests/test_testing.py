"""What the tests of targets build on, itself tested with the toy target."""

import dataclasses
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from harness_common.tolerance import Mismatch
from referee import testing, trial
from referee.faults import Verdict
from referee.player import Unfit
from referee.stage import Record, Stage
from referee.workload import Case, Edit, Experiment, OpInputs

REMEMBERS = """
class ToyKernel:
    def __init__(self, scale):
        self.scale, self.values, self.answer = scale, None, None

    def scaled(self, values):
        if values is not self.values:
            self.values, self.answer = values, values * self.scale
        return self.answer
"""


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch, source_paths: Sequence[Path]) -> Iterator[None]:
    """Make the toy package one that this process can import."""
    monkeypatch.syspath_prepend(str(source_paths[0]))
    yield
    for name in ("toy.prepare", "toy"):
        sys.modules.pop(name, None)


def module(text: str) -> ModuleType:
    """Return a kernel text as the module that `prepare` is given."""
    made = ModuleType("kernels")
    exec(text, vars(made))
    return made


def edited(place: int, value: float) -> list[OpInputs]:
    """Return two ops, the second of which changes one element."""
    return [{"values": np.arange(5.0), "k": 3}, {"values": Edit(np.array([place]), np.array([value]))}]


def test_read_only_arrays_refuse_writing() -> None:
    """In C order; the caller's array and all that is not an array stay what they were."""
    mine = np.asfortranarray(np.ones((2, 3)))
    edit = Edit(np.array([0]), np.array([1.0]))
    handed = testing.read_only({"values": mine, "row": mine[0], "edit": edit, "k": 3})
    for name in ("values", "row"):
        assert handed[name].flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            handed[name][0] = 2.0
    contiguous = np.zeros(3)
    testing.read_only({"values": contiguous})
    contiguous[0] = mine[0, 0] = 5.0
    assert (handed["edit"], handed["k"]) == (edit, 3)


def test_a_checksum_changes_with_every_part() -> None:
    """A value or a place of an edit, an array, a number, the order: each is noticed."""
    ops = edited(2, 7.0)
    assert testing.checksum(*ops) == testing.checksum(*edited(2, 7.0))
    others = [
        edited(2, 8.0),
        edited(3, 7.0),
        [{**ops[0], "values": np.arange(1.0, 6.0)}, ops[1]],
        [{**ops[0], "k": 4}, ops[1]],
        ops[::-1],
        ops[:1],
    ]
    assert len({testing.checksum(*other) for other in [ops, *others]}) == 1 + len(others)


def test_the_checksum_of_an_array_is_that_of_its_elements_in_c_order() -> None:
    """Alone or as an input; zlib's figure for the bytes of 1, 2, 3, 4."""
    array = np.array([[1, 2], [3, 4]], np.uint8)
    same = (array, np.asfortranarray(array), {"codes": array})
    assert [testing.checksum(one) for one in same] == [0xB63CFBCD] * 3


def test_ops_are_seen_with_their_edits() -> None:
    """The second op sees the first one's array, but for what it changed."""
    first, second = testing.seen(edited(2, 7.0))
    assert first["values"].tolist() == [0, 1, 2, 3, 4]
    assert second["values"].tolist() == [0, 1, 7, 3, 4]


@pytest.mark.usefixtures("importable")
def test_a_right_kernel_passes_in_this_process(toy: Experiment, honest: str) -> None:
    """Every op of every case; `answers` has one answer for each op."""
    for case in toy.correctness_battery(7):
        testing.check_case(toy, case, module(honest))
        answers = list(testing.answers(toy, case, module(honest)))
        assert len(answers) == len(case.ops)
        for expected, (scaled,) in answers:
            assert np.array_equal(expected, scaled)


@pytest.mark.usefixtures("importable")
def test_a_kernel_that_remembers_by_identity_fails_in_this_process(toy: Experiment) -> None:
    """The array is the same object in every op, as in a player; only its contents change."""
    case = toy.correctness_battery(7)[1]
    testing.check_case(toy, dataclasses.replace(case, ops=case.ops[:1]), module(REMEMBERS))
    with pytest.raises(Mismatch, match=r"^scaled"):
        testing.check_case(toy, case, module(REMEMBERS))


@pytest.mark.usefixtures("importable")
@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ("values[:]", Unfit, "got a view of the input 'values'"),
        ("list(values)", Unfit, "expected exactly numpy.ndarray"),
        ("values.__imul__(3)", ValueError, "read-only"),
    ],
)
def test_what_a_player_refuses_is_refused_in_this_process(
    toy: Experiment, honest: str, answer: str, error: type[Exception], words: str
) -> None:
    """A view of an input, something other than an array, writing to an input."""
    text = honest.replace("values * self.scale", answer)
    assert text != honest
    case = toy.correctness_battery(7)[1]
    with pytest.raises(error, match=words):
        testing.check_case(toy, case, module(text))


@pytest.mark.usefixtures("importable")
def test_the_battery_names_the_first_case_that_is_wrong(toy: Experiment, honest: str) -> None:
    """Case, output and place; nothing for a right kernel."""
    assert testing.wrong_in_battery(toy, honest) == ""
    wrong = honest.replace("values * self.scale", "values * self.scale + (values.size == 7)")
    assert testing.wrong_in_battery(toy, wrong).startswith("case 7 values: scaled: ")


BEYOND = "np.lib.stride_tricks.as_strided(values, (len(values) + 1,))"
QUIETLY = "faulthandler.disable()"  # in the forked process


@pytest.mark.usefixtures("importable")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("return values * self.scale", 0),
        ("return values * 5", 1),
        (f"{QUIETLY}; return {BEYOND} * self.scale", -signal.SIGSEGV),
    ],
)
def test_a_kernel_that_strays_ends_a_process_of_its_own(
    toy: Experiment, honest: str, body: str, code: int
) -> None:
    """Right, wrong, and reading one element too far."""
    text = f"import faulthandler\nimport numpy as np\n{honest.replace('return values * self.scale', body)}"
    kernels = testing.module_of(text)
    cases = toy.correctness_battery(7)
    assert testing.forked(testing.play_guarded, toy, [kernels], cases) == code


def test_a_forked_process_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no exit code, and nobody waits for it."""
    monkeypatch.setattr(testing, "FORKED_S", 0.05)
    began_s = time.monotonic()
    assert testing.forked(time.sleep, 60) is None
    assert time.monotonic() - began_s < 30


def test_modules_that_differ_in_their_docstring_only_count_once(tmp_path: Path) -> None:
    """The first of them; one other word makes another module."""
    texts = {"one": '"""One."""\nX = 1\n', "alike": '"""Alike."""\nX = 1\n', "other": '"""One."""\nX = 2\n'}
    modules = [ModuleType(name) for name in texts]
    for module in modules:
        module.__file__ = str(tmp_path / f"{module.__name__}.py")
        Path(module.__file__).write_text(texts[module.__name__])
    assert [module.__name__ for module in testing.distinct(*modules)] == ["one", "other"]


def test_a_reduced_experiment_keeps_what_it_is_told(toy: Experiment) -> None:
    """Every second case and one workload, drawn from the seed; the rest is the same."""
    one = testing.reduced(toy, every=2, workload=lambda seed: toy.speed_workloads(seed)[1])

    def names(cases: Sequence[Case]) -> list[str]:
        return [case.name for case in cases]

    assert names(one.correctness_battery(7)) == names(toy.correctness_battery(7))[::2]
    assert [workload.combo for workload in one.speed_workloads(7)] == ["normal/large"]
    assert (one.package, one.redraw, one.compare) == (toy.package, toy.redraw, toy.compare)


@pytest.mark.usefixtures("importable")
@pytest.mark.parametrize(
    ("verdicts", "last"),
    [
        ([Verdict.REJECTED, Verdict.DISCARD], Verdict.DISCARD),
        ([Verdict.REJECTED, Verdict.REJECTED], Verdict.REJECTED),
        ([Verdict.FAIL], Verdict.FAIL),
        ([Verdict.KEEP], Verdict.KEEP),
    ],
)
def test_only_a_kernel_whose_times_are_not_believed_is_judged_again(
    toy: Experiment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    verdicts: list[Verdict],
    last: Verdict,
) -> None:
    """Once, in an empty folder; wrong and slow kernels have had their trial."""
    folders = []

    def run_unread(stage: Stage, folder: Path, _paths: Sequence[Path], _compiled: Path) -> None:
        assert not list(folder.iterdir())
        folders.append(folder)
        stage.record.verdict = verdicts[len(folders) - 1]

    monkeypatch.setattr(trial, "run_unread", run_unread)
    assert testing.judge(toy, "honest", tmp_path, tmp_path, "text").verdict is last
    assert len(set(folders)) == len(verdicts)


@pytest.mark.usefixtures("importable")
def test_a_second_trial_can_be_declined(
    toy: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a cheat that the checks of times are to stop, one trial says it."""

    def run_unread(stage: Stage, *_rest: object) -> None:
        stage.record.verdict = Verdict.REJECTED

    monkeypatch.setattr(trial, "run_unread", run_unread)
    record = testing.judge(toy, "honest", tmp_path, tmp_path, "text", may_repeat=False)
    assert record.verdict is Verdict.REJECTED
    assert [path.name for path in tmp_path.iterdir()] == ["first"]


@pytest.mark.parametrize(
    ("correctness", "verdict"), [("fail", Verdict.FAIL), ("pass", Verdict.REJECTED), ("pass", Verdict.KEEP)]
)
def test_only_a_decision_counts_as_judged_by_time(correctness: str, verdict: Verdict) -> None:
    """Neither a wrong kernel, nor one whose times are not believed, nor a verdict without a decision."""
    record = dataclasses.replace(Record(7), correctness=correctness, verdict=verdict)
    with pytest.raises(AssertionError):
        testing.assert_judged_by_time(record)


def test_the_policy_is_asked_about_all_but_a_test_s_own_import() -> None:
    """Importing the baseline is no fault of a cheat that builds on it; importing os is one."""
    text = "from toy.baseline import Kernel as Honest\nimport os\n"
    assert testing.rules_broken(text, "toy") == ["import"]
    assert testing.rules_broken("from toy.baseline import Kernel as Honest\n", "toy") == []


class Benchmark:
    """pytest-benchmark's fixture, without its clock."""

    def pedantic(self, call: Any, setup: Any, rounds: int, warmup_rounds: int) -> None:
        for _ in range(warmup_rounds + rounds):
            arguments, named = setup()
            call(*arguments, **named)


def test_a_benchmark_gets_one_argument_after_the_other() -> None:
    """In turn, from the first, and beginning again after the last."""
    given: list[int] = []
    testing.time_in_turn(Benchmark(), given.append, [1, 2, 3], rounds=3)
    assert given == [1, 2, 3, 1, 2]
