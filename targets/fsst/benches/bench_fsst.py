"""The kernel, the baseline and Vortex on the timed workloads, for a human: no verdict uses it.

    uv run --package fsst --group bench pytest targets/fsst/benches/bench_fsst.py

Vortex encodes the same strings with a table that it learns itself, in one array without chunks, and decodes
them into Arrow; its answer is checked before it is timed. It takes text only, so each byte above 127 becomes
two bytes of UTF-8. A copy of as many bytes as an op writes stands beside them. One round is one op; ours come
in turn from one redraw.
"""

from typing import Any

import numpy as np
import pytest

from fsst import baseline, kernels
from fsst.inputs import COMBOS, redraw, symbols_for, workload
from fsst.oracle import expect
from fsst.prepare import prepare
from harness_common.prng import SplitMix64
from referee import testing
from referee.workload import Workload, applied

SEED = 20_251_115


@pytest.fixture(scope="module", params=COMBOS, ids="-".join)
def drawn(request: pytest.FixtureRequest) -> Workload:
    """Return one shape x distribution."""
    stream = SplitMix64(SEED).fork(COMBOS.index(request.param))
    return workload(stream, *request.param, symbols_for(stream.fork(0), request.param[1]))


def rounds_of(drawn: Workload) -> int:
    """Return how often an op is timed."""
    return 20 if "25M" in drawn.shape else 200


@pytest.mark.parametrize("implementation", [kernels, baseline], ids=["kernel", "baseline"])
def test_ours(benchmark: Any, drawn: Workload, implementation: Any) -> None:
    """One op; the bytes that it writes stand in the benchmark's extra information."""
    ops = [testing.read_only(op) for op in applied(redraw(drawn, SEED)[:4])]
    benchmark.group = drawn.combo
    benchmark.extra_info["bytes"] = sum(array.nbytes for array in expect({}, ops[0]).arrays)
    testing.time_in_turn(benchmark, prepare(implementation, {}), ops, rounds=rounds_of(drawn))


def test_copy(benchmark: Any, drawn: Workload) -> None:
    """A copy of as many bytes, into memory that was written before."""
    arrays = expect({}, next(applied(redraw(drawn, SEED)))).arrays
    source = np.ones(sum(array.nbytes for array in arrays), np.uint8)
    target = np.zeros_like(source)
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, lambda whole: np.copyto(target, whole), [source], rounds=rounds_of(drawn))


def test_vortex(benchmark: Any, drawn: Workload) -> None:
    """All strings of the first op at once, encoded by Vortex."""
    vortex: Any = pytest.importorskip("vortex")
    arrow: Any = pytest.importorskip("pyarrow")
    arrays = expect({}, next(applied(redraw(drawn, SEED)))).arrays
    strings: list[bytes] = []
    for data, offsets in zip(arrays[::2], arrays[1::2], strict=True):
        text = data.tobytes()
        strings += [text[a:b] for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)]
    plain = arrow.array([string.decode("latin-1") for string in strings])  # so that escapes stay text
    encoded = vortex.compress(vortex.array(plain))
    if "fsst" not in str(encoded.id):
        pytest.skip(f"Vortex chose {encoded.id}")
    assert encoded.to_arrow_array().cast(plain.type).equals(plain)
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, lambda one: one.to_arrow_array(), [encoded], rounds=rounds_of(drawn))
