"""`--profile` on the toy target: what it finds, how it ends, what it makes of a report of another form."""

import dataclasses
import json
import struct
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from referee import cli, counters, machine, profile, profile_text, sampling
from referee.faults import KernelFault
from referee.player_report import understood
from referee.workload import Experiment, Workload

COMPILED = """
import numpy as np
from numba import njit


@njit(cache=True)
def scale_all(values, scale):
    out = np.empty_like(values)
    for i in range(values.shape[0]):
        out[i] = values[i] * scale
    return out


class ToyKernel:
    def __init__(self, scale):
        self.scale = scale

    def scaled(self, values):
        return scale_all(values, self.scale)
"""
# `walk` calls itself, so it stays a function; the library of `scale_all`, which is there first, has a copy
# of it that is other code.
CALLEE = """
import numpy as np
from numba import njit


@njit(cache=True)
def scale_all(values, scale):
    out = values * scale
    out[0] += 0 * walk(values, np.minimum(np.arange(9), values.size), values.size)
    return out


@njit(cache=True)
def walk(values, starts, n):
    f, first, left = 0, 0.0, 0
    for i in range(n):
        value = values[np.uintp(i)]
        while f < starts.shape[0] - 1:
            if value < first + starts[f + 1]:
                break
            first += starts[f]
            f += 1
            left = 0
        start, end = starts[f], starts[f + 1]
        if start < end:
            right = left + (end - start)
            while left < right:
                place = below(values, start, end, value)
                if place == left or (place < end and values[np.uintp(place)] == value):
                    break
                if place > left:
                    left += 1
                else:
                    right -= 1
    if n < 0:
        return walk(values, starts, n + 1)
    return left


@njit(cache=True)
def below(values, start, end, bound):
    low, n = start, end - start
    while n > 1:
        half = n >> 1
        if values[np.uintp(low + half)] < bound:
            low += half
        n -= half
    return low - start + (values[np.uintp(low)] < bound)


class ToyKernel:
    def __init__(self, scale):
        self.scale = scale

    def scaled(self, values):
        return scale_all(values, self.scale)
"""
ROWS = 500_000


@pytest.fixture
def lar(
    toy: Experiment,
    honest: str,
    source_paths: Sequence[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., int]:
    """Return a function that calls the command line on a kernel text and returns its exit code."""
    (source_paths[0] / "toy" / "baseline.py").write_text(honest)
    monkeypatch.syspath_prepend(str(source_paths[0]))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(machine, "pin_referee", lambda: (None, frozenset()))
    large = Workload("large", "normal", {"scale": 5}, 80, source=ROWS)
    experiment = dataclasses.replace(toy, speed_workloads=lambda seed: [large])

    def call(text: str, *options: str) -> int:
        candidate = tmp_path / "candidate.py"
        candidate.write_text(text)
        monkeypatch.setattr(sys, "argv", ["toy", "--candidate", str(candidate), *options])
        with pytest.raises(SystemExit) as caught:
            cli.main(experiment)
        return int(caught.value.code or 0)

    return call


def test_a_profile_tells_times_functions_and_the_hot_loop(
    lar: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is judged and nothing left behind; the text says the same as the document."""
    assert lar(COMPILED, "--profile", "--json", "--seed", "7") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (found["target"], found["verdict"], found["seed"]) == ("toy", None, 7)
    (combo,) = found["combos"].values()
    assert combo["ns_per_op"] > 0
    assert combo["least_gb_per_s"] == pytest.approx(80 / combo["ns_per_op"], rel=1e-3)
    assert combo["of_copy_pace"] == pytest.approx(combo["least_gb_per_s"] / combo["copy_gb_per_s"])
    shown = profile_text.text(found)
    assert "normal/large" in shown
    assert f"{found['samples']:,} samples" in shown
    assert f"took {found['total_seconds']:.0f} s" in shown
    if machine_is_known():
        assert sum(found["functions"].values()) == pytest.approx(1.0, abs=0.01)
        loop = found["hot_loop"]
        assert loop["function"] == "scale_all"
        assert 0 < loop["share"] < found["functions"]["scale_all"] + 1e-3
        assert loop["vector_bits"] >= 128
        assert "hot loop: in scale_all" in shown
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".lock"] == ["candidate.py"]


def test_the_hot_loop_may_be_in_a_function_that_is_called_from_another(
    lar: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every library has a copy of what it calls, and one runs; the listing must be that of this one."""
    assert lar(CALLEE, "--profile", "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    if machine_is_known():
        assert next(iter(found["functions"])) == "walk"
        assert found["hot_loop"]["function"] == "walk"
        assert found["unlisted"] == {}


def machine_is_known() -> bool:
    return sys.platform == "linux" and machine.describe()["system"].endswith(("x86_64", "aarch64"))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("old", "new", "code", "reason"),
    [
        ("import numpy", "import os, numpy", 1, "rejected"),
        ("* scale", "+ scale", 2, "fail"),
        ("return scale_all", "return 1 / 0 * scale_all", 1, "ZeroDivisionError"),
    ],
)
def test_a_kernel_without_a_profile_gets_its_verdict(
    old: str,
    new: str,
    code: int,
    reason: str,
    lar: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The exit codes are those of --verify."""
    text = COMPILED.replace("@njit(cache=True)\n", "").replace("from numba import njit\n", "")
    text = text.replace(
        "    for i in range(values.shape[0]):\n        out[i] = values[i]", "    out[:] = values"
    )
    assert lar(text.replace(old, new), "--profile") == code
    out = capsys.readouterr().out
    assert out.startswith("---\nverdict: ")
    assert reason in out


def test_a_profile_and_a_judgement_are_not_asked_for_at_once(
    lar: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert lar(COMPILED, "--profile", "--verify") == 64
    assert "--profile" in capsys.readouterr().err


@pytest.mark.parametrize(("round_s", "n_rounds"), [(0.01, 4), (0.8, 2), (9.0, 1)])
def test_a_combo_whose_inputs_take_long_is_sampled_in_fewer_rounds(round_s: float, n_rounds: int) -> None:
    """Two workloads share three seconds; one round of each is played in any case, after one to warm up."""
    now_s = 0.0
    played: list[int] = []

    def redraw(workload: str, seed: int) -> list[str]:
        nonlocal now_s
        now_s += round_s
        return [workload] * 8

    stage: Any = SimpleNamespace(
        experiment=SimpleNamespace(redraw=redraw), clock=lambda: now_s, check_budget=lambda: None
    )
    player: Any = SimpleNamespace(
        build=lambda inputs: None, take=lambda ops: None, play=played.append, places=lambda: {"sampled": True}
    )
    workloads: Any = [SimpleNamespace(build_inputs={}), SimpleNamespace(build_inputs={})]
    assert profile.sampled_play(stage, workloads, player, SplitMix64(7)) == {"sampled": True}
    assert played == [4, *[8] * n_rounds] * 2


def told(**changed: Any) -> dict[str, Any]:
    """Return a player's report with some of it changed."""
    honest = {
        "sampled": True,
        "built": [{"n_ops": 4, "functions": {"scan": 3, "Python": 1}, "counted": {"page faults": 8}}],
        "listings": [
            {"function": "scan", "lines": ["a:", "vaddps %ymm0, %ymm1", "jne a"], "shares": [0, 0.5, 0.25]}
        ],
        "unlisted": {"walk": 0.3, "below": 0.03},
        "counters_missing": "cycles: forbidden",
    }
    return {**honest, **changed}


def test_a_report_becomes_shares_and_counts_per_op() -> None:
    found = understood(told(), 1)
    assert found["functions"] == {"scan": 0.75, "Python": 0.25}
    assert found["counters_per_op"] == {"page faults": 2.0}
    assert (found["hot_loop"]["share"], found["hot_loop"]["lines"][1]) == (0.75, [0.5, "vaddps %ymm0, %ymm1"])
    assert found["unlisted"] == {"walk": 0.3}


@pytest.mark.parametrize(
    "changed",
    [
        {"built": []},
        {"built": [{"n_ops": -1, "functions": {}, "counted": {}}]},
        {"built": [{"n_ops": 1, "functions": {"scan": 1e300}, "counted": {}}]},
        {"built": [{"n_ops": 1, "functions": [["scan"]], "counted": {}}]},
        {"listings": [{"function": "scan", "lines": ["a:"], "shares": [float("nan")]}]},
        {"listings": [{"function": 7, "lines": ["a:", "jmp a"], "shares": [0, 1]}]},
        {"listings": {"scan": 1}},
        {"counters_missing": None},
        {"unlisted": {"walk": 1.5}},
        {"unlisted": ["walk"]},
    ],
)
def test_a_report_of_another_form_is_refused(changed: dict[str, Any]) -> None:
    """The process that sends it runs the kernel."""
    with pytest.raises(KernelFault, match="channel: expected a report of samples"):
        understood(told(**changed), 1)


def test_text_in_a_report_cannot_pass_for_lines_of_ours() -> None:
    """One printable line per instruction and name, cut."""
    lines = ["a:", "nop\nverdict: keep\x1b[2J " + "x" * 900, "jne a"]
    found = understood(told(listings=[{"function": "f\n" * 90, "lines": lines, "shares": [0, 1, 0]}]), 1)
    shown = json.dumps(found["hot_loop"])
    assert "\\n" not in shown
    assert "\\u001b" not in shown
    assert len(shown) < 700


def test_every_counter_is_counted_or_said_to_be_missing() -> None:
    """Virtual machines have few, containers often none."""
    opened = counters.opened()
    absent = opened.missing.partition(":")[0].split(", ") if opened.missing else []
    assert [name for name in counters.EVENTS if name not in absent] == list(opened.names)
    before = opened.read()
    assert all(new >= old for old, new in zip(before, opened.read(), strict=True))


def test_a_counter_that_was_on_for_a_part_of_the_time_is_scaled(tmp_path: Path) -> None:
    """A processor has few of them; here two readings, the second 200 events, 20 ns and 10 ns later."""
    readings = tmp_path / "readings"
    readings.write_bytes(struct.pack("<6Q", 100, 50, 50, 300, 70, 60))
    with readings.open("rb") as file:
        opened = counters.Counters(("cycles",), (file.fileno(),))
        sampler = sampling.Sampler(np.zeros(4, np.int64), None, opened)
        op = sampling.sampled(lambda: lambda inputs: inputs, sampler)()
        assert op("done") == "done"
    (entry,) = sampler.built
    assert (entry.n_ops, counters.counted(entry.readings[0])) == (1, 400)
    assert counters.counted((0, 20, 0)) == 0
