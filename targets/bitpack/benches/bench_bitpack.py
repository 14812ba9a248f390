"""The kernel, the baseline, a copy and two libraries on the timed workloads, for a human: no verdict uses it.

    uv run --package bitpack --group bench pytest targets/bitpack/benches/bench_bitpack.py

A copy is np.copyto of as many bytes as the op returns, both arrays mapped.
Vortex unpacks the same layout, one width for the whole array and no headers; FastPFor's simdbinarypacking,
of 32 bits only, has one width for 128 values in an order of its own. Both get as many uniform values of the
combo's width as an op returns, in whole chunks: no strangers, raw tails, headers or buffers. Pages of mixed
widths they have not. One round is one op; the ops come in turn from one redraw.
"""

from typing import Any

import numpy as np
import pytest

from bitpack import CHUNK, baseline, kernels
from bitpack.inputs import COMBOS, LEVEL_WIDTH, SHAPES, USUAL_WIDTH, redraw, workload
from bitpack.oracle import expect
from bitpack.prepare import prepare
from harness_common.prng import SplitMix64
from referee import testing
from referee.workload import Workload, applied

SEED = 20_251_115


@pytest.fixture(scope="module", params=COMBOS, ids="-".join)
def drawn(request: pytest.FixtureRequest) -> Workload:
    """Return one shape x distribution."""
    return workload(SplitMix64(SEED), *request.param)


def first_op(drawn: Workload) -> dict[str, Any]:
    """Return the inputs of a round's first op."""
    return next(applied(redraw(drawn, SEED)))


@pytest.mark.parametrize("implementation", [kernels, baseline], ids=["kernel", "baseline"])
def test_ours(benchmark: Any, drawn: Workload, implementation: Any) -> None:
    """One op."""
    op = prepare(implementation, drawn.build_inputs)
    benchmark.group = drawn.combo
    ops = [testing.read_only(op_inputs) for op_inputs in applied(redraw(drawn, SEED))]
    benchmark.extra_info["output_bytes"] = op(ops[0])[0].nbytes
    testing.time_in_turn(benchmark, op, ops)


def test_copy(benchmark: Any, drawn: Workload) -> None:
    """As many bytes as an op returns."""
    source = expect({}, first_op(drawn)).values.copy()
    target = source.copy()
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, lambda values: np.copyto(target, values), [source])


def uniform_values(drawn: Workload) -> np.ndarray:
    """Return about as many values as an op returns, of the width that all chunks of the combo have."""
    shape = SHAPES[drawn.shape]
    if drawn.distribution not in ("even", "packed", "raw", *LEVEL_WIDTH):
        pytest.skip("it has one width for all values")
    width = LEVEL_WIDTH.get(drawn.distribution) or USUAL_WIDTH[shape.bits]
    n_chunks = -(-len(expect({}, first_op(drawn)).values) // CHUNK)
    return (SplitMix64(SEED).uint64(n_chunks * CHUNK) >> (64 - width)).astype(f"u{shape.bits // 8}")


def test_vortex(benchmark: Any, drawn: Workload) -> None:
    """One array to Arrow, after a check that it is packed as we pack and comes back the same."""
    vortex: Any = pytest.importorskip("vortex")
    arrow: Any = pytest.importorskip("pyarrow")
    values = uniform_values(drawn)
    packed = vortex.compress(vortex.array(arrow.array(values)))
    assert packed.id == "fastlanes.bitpacked"
    np.testing.assert_array_equal(np.asarray(packed.to_arrow_array()), values)
    benchmark.group = drawn.combo
    testing.time_in_turn(benchmark, lambda array: array.to_arrow_array(), [packed])


def test_fastpfor(benchmark: Any, drawn: Workload) -> None:
    """One array to another, after a check that it comes back the same."""
    fastpfor: Any = pytest.importorskip("pyfastpfor")
    values = uniform_values(drawn)
    if values.itemsize != 4:
        pytest.skip("words of 32 bits only")
    codec = fastpfor.getCodec("simdbinarypacking")
    packed = np.zeros(len(values) + CHUNK, np.uint32)
    n_words = codec.encodeArray(values, len(values), packed, len(packed))
    found = np.zeros(len(values) + CHUNK, np.uint32)
    assert codec.decodeArray(packed, n_words, found, len(found)) == len(values)
    np.testing.assert_array_equal(found[: len(values)], values)
    benchmark.group = drawn.combo
    testing.time_in_turn(
        benchmark, lambda words: codec.decodeArray(words, n_words, found, len(found)), [packed]
    )
