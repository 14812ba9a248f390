import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness_common.prng import Shape, SplitMix64

SEEDS = st.integers(0, 2**64 - 1)
METHODS: dict[str, Callable[[SplitMix64, Shape], NDArray[Any]]] = {
    "uint64": lambda stream, shape: stream.uint64(shape),
    "floats": lambda stream, shape: stream.floats(shape),
    "uniform": lambda stream, shape: stream.uniform(-2.0, 3.0, shape),
    "normals": lambda stream, shape: stream.normals(shape),
    "integers": lambda stream, shape: stream.integers(-50, 1000, shape),
}


def plain_outputs(seed: int, n: int) -> list[int]:
    """Return the first n outputs, as the published C program computes them, in plain integers."""
    outputs, state, mask = [], seed, 2**64 - 1
    for _ in range(n):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        outputs.append(z ^ (z >> 31))
    return outputs


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        (0, [0xE220A8397B1DCDAF]),
        (
            1234567,
            [
                6457827717110365317,
                3203168211198807973,
                9817491932198370423,
                4593380528125082431,
                16408922859458223821,
            ],
        ),
    ],
)
def test_published_outputs(seed: int, expected: list[int]) -> None:
    """The plain version and ours give the outputs published for SplitMix64."""
    stream = SplitMix64(seed)
    assert expected == plain_outputs(seed, len(expected))
    assert expected == [stream.next_uint64() for _ in expected]
    assert expected == SplitMix64(seed).uint64(len(expected)).tolist()


@given(SEEDS, st.integers(0, 40))
def test_equals_the_plain_version_for_every_seed(seed: int, n: int) -> None:
    """Vectorised arithmetic wraps at 2**64 as the integers do."""
    assert plain_outputs(seed, n) == SplitMix64(seed).uint64(n).tolist()


@pytest.mark.parametrize("method", METHODS)
@given(seed=SEEDS, cuts=st.lists(st.integers(0, 7), max_size=6))
def test_drawing_in_pieces_gives_the_stream_drawn_at_once(method: str, seed: int, cuts: list[int]) -> None:
    """One by one, in pieces or all at once: the same numbers, and the same next one."""
    draw, n = METHODS[method], sum(cuts)
    at_once, in_pieces, one_by_one = SplitMix64(seed), SplitMix64(seed), SplitMix64(seed)
    expected = draw(at_once, n).tolist()
    assert expected == [x for cut in cuts for x in draw(in_pieces, cut).tolist()]
    assert expected == [draw(one_by_one, 1)[0] for _ in range(n)]
    assert at_once.next_uint64() == in_pieces.next_uint64() == one_by_one.next_uint64()


@pytest.mark.parametrize("method", METHODS)
def test_fills_a_shape_in_c_order(method: str) -> None:
    """A matrix is the flat stream, row after row; a shape of no extents is one draw."""
    draw = METHODS[method]
    flat = draw(SplitMix64(5), 6)
    assert np.array_equal(flat.reshape(2, 3), draw(SplitMix64(5), (2, 3)))
    assert draw(SplitMix64(5), ()).shape == ()
    assert draw(SplitMix64(5), (4, 0)).shape == (4, 0)
    with pytest.raises(ValueError, match=r"expected extents of 0 or more, got shape \(2, -1\)"):
        draw(SplitMix64(5), (2, -1))


def test_same_seed_same_inputs() -> None:
    """Frozen values: a change here changes every target's inputs and makes ledgers incomparable.

    Floats are written in hexadecimal, so every bit counts.
    """
    floats = ["0x1.8f2f879164c82p-2", "0x1.130f35fd0f180p-6", "0x1.cd30810175625p-1", "0x1.2a75d6e0ce7c5p-1"]
    uniform = ["-0x1.a092d14840bc0p-5", "-0x1.ea82cfc83ad22p+0", "0x1.407ca141d2baep+1"]
    normals = ["-0x1.57f80000abfc0p-1", "-0x1.f7380000fb9c0p-3", "0x1.2c00000096000p-2"]
    assert floats == [x.hex() for x in SplitMix64(7).floats(4).tolist()]
    assert uniform == [x.hex() for x in SplitMix64(7).uniform(-2.0, 3.0, 3).tolist()]
    assert normals == [x.hex() for x in SplitMix64(7).normals(3).tolist()]
    assert SplitMix64(7).integers(-50, 1000, 8).tolist() == [359, -33, 895, 562, 425, 211, 441, 294]
    assert SplitMix64(7).permutation(10).tolist() == [1, 8, 5, 7, 0, 9, 4, 6, 3, 2]
    assert SplitMix64(7).fork(0).next_uint64() == 5651114593729759386
    assert SplitMix64(7).fork(1).next_uint64() == 17845917765308678581
    assert SplitMix64(7).fork(1).fork(0).next_uint64() == 2642375891946378526


@given(SEEDS)
def test_derived_numbers_equal_their_definitions_in_plain_integers(seed: int) -> None:
    """The top 53 bits, the multiply-high product and the sum of twelve, without NumPy."""
    bits = plain_outputs(seed, 12)
    sums = [sum((x >> s) & 0xFFFF for x in bits[i : i + 3] for s in (0, 16, 32, 48)) for i in (0, 3, 6, 9)]
    assert [math.ldexp(x >> 11, -53) for x in bits] == SplitMix64(seed).floats(12).tolist()
    assert [(s - 393210) / math.sqrt(2**32 - 1) for s in sums] == SplitMix64(seed).normals(4).tolist()
    assert [((x >> 32) * 1050 >> 32) - 50 for x in bits] == SplitMix64(seed).integers(-50, 1000, 12).tolist()
    assert sorted(range(12), key=lambda i: bits[i]) == SplitMix64(seed).permutation(12).tolist()


def test_dtypes_are_those_of_the_signature() -> None:
    """A float32 stream or a platform integer would change the inputs."""
    assert SplitMix64(1).uint64(1).dtype == np.uint64
    assert SplitMix64(1).integers(0, 2, 1).dtype == np.int64
    assert SplitMix64(1).permutation(1).dtype == np.int64
    for method in ("floats", "uniform", "normals"):
        assert METHODS[method](SplitMix64(1), 1).dtype == np.float64


def test_normals_have_the_moments_of_the_docstring() -> None:
    """Mean 0, variance 1, no skew, kurtosis 2.9, tails that end before 6; five standard errors each."""
    x = SplitMix64(2024).normals(400_000)
    error = 5 / math.sqrt(x.size)
    assert abs(x.mean()) < error
    assert abs(x.var() - 1.0) < error * math.sqrt(2)
    assert abs((x**3).mean()) < error * math.sqrt(15)
    assert abs((x**4).mean() - 2.9) < error * math.sqrt(96)
    assert np.abs(x).max() < 6.0
    assert (np.abs(x) > 3).mean() == pytest.approx(2.01e-3, rel=0.2)


@given(SEEDS, st.integers(-(2**63), 2**63 - 1), st.integers(1, 2**32))
def test_integers_stay_in_their_range_however_wide(seed: int, low: int, width: int) -> None:
    """No product or sum wraps, at either end of int64."""
    high = min(low + width, 2**63)
    values = SplitMix64(seed).integers(low, high, 50).tolist()
    assert all(low <= value < high for value in values)


def test_integers_reach_every_value_evenly() -> None:
    """Both ends are drawn, and each value about as often as the others."""
    counts = np.bincount(SplitMix64(3).integers(0, 10, 100_000), minlength=10)
    assert counts.size == 10
    assert np.abs(counts - 10_000).max() < 5 * math.sqrt(10_000)


@pytest.mark.parametrize(
    ("low", "high"), [(3, 3), (4, 3), (0, 2**32 + 1), (2**63 - 1, 2**63 + 1), (-(2**63) - 1, -(2**63) + 1)]
)
def test_integers_refuse_an_empty_or_too_wide_range(low: int, high: int) -> None:
    """Otherwise the product would wrap, or there would be nothing to draw."""
    with pytest.raises(ValueError, match=f"got low {low}, high {high}"):
        SplitMix64(0).integers(low, high, 1)


@pytest.mark.parametrize(
    ("low", "high"), [(1.0, 1.0), (2.0, 1.0), (0.0, math.inf), (math.nan, 1.0), (-1e308, 1e308)]
)
def test_uniform_refuses_bounds_without_a_distance(low: float, high: float) -> None:
    """A distance that is 0, infinite or nan gives no random numbers."""
    with pytest.raises(ValueError, match=r"expected low < high, a finite distance apart"):
        SplitMix64(0).uniform(low, high, 1)


@given(SEEDS, st.integers(0, 200))
def test_a_permutation_holds_every_number_once(seed: int, n: int) -> None:
    """Also for none and for one; a negative length is refused."""
    assert list(range(n)) == sorted(SplitMix64(seed).permutation(n).tolist())
    with pytest.raises(ValueError, match="expected extents of 0 or more, got shape -1"):
        SplitMix64(seed).permutation(-1)


@given(SEEDS, st.integers(0, 2**64 - 2))
def test_a_fork_leaves_its_stream_alone_and_differs_from_it(seed: int, label: int) -> None:
    """A draw added to a fork shifts nothing outside it."""
    stream = SplitMix64(seed)
    fork, same, other = stream.fork(label), stream.fork(label), stream.fork(label + 1)
    drawn = fork.uint64(20)
    assert np.array_equal(drawn, same.uint64(20))
    assert np.array_equal(stream.uint64(20), SplitMix64(seed).uint64(20))
    everything = [*drawn.tolist(), *other.uint64(20).tolist(), *SplitMix64(seed).uint64(20).tolist()]
    assert len(set(everything)) == 60


@pytest.mark.parametrize("wrong", [-1, 2**64])
def test_refuses_a_seed_or_a_label_of_more_than_64_bits(wrong: int) -> None:
    """Two seeds must not silently be the same one."""
    with pytest.raises(ValueError, match=rf"expected an integer from 0 to 2\*\*64 - 1, got {wrong}"):
        SplitMix64(wrong)
    with pytest.raises(ValueError, match=rf"expected an integer from 0 to 2\*\*64 - 1, got {wrong}"):
        SplitMix64(0).fork(wrong)


def test_refuses_a_seed_that_is_no_integer() -> None:
    """1.5 must not silently become 1."""
    with pytest.raises(TypeError):
        SplitMix64(1.5)  # type: ignore[arg-type]
