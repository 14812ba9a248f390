"""Baseline and kernels at the edges of the API; `test_guarded` has the battery."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from referee import testing
from referee.guarded import guarded_empty


def asked(implementation: ModuleType, method: str, *arguments: Any) -> np.ndarray:
    """Return what a kernel's method answers to read-only arrays."""
    kernel = implementation.BitpackKernel()
    handed = testing.read_only({str(i): argument for i, argument in enumerate(arguments)})
    found: np.ndarray = getattr(kernel, method)(*handed.values())
    return found


def test_answers_worked_out_by_hand(implementation: ModuleType) -> None:
    """As in `test_reference`: lanes of one bit, a chunk of its own width, a raw tail, levels."""
    packed = np.zeros(32, np.uint32)
    packed[3] = 1 | 1 << 8 | 1 << 9 | 1 << 16 | 1 << 24 | 1 << 31
    values = asked(implementation, "unpack_out_of_line", packed, 1, 1024)
    assert np.flatnonzero(values).tolist() == [3, 35, 67, 99, 195, 995]
    words = np.array([0, 8, *[7] * 1024, 1, *[255] * 128], np.uint8)
    values = asked(implementation, "unpack_inline", words, np.array([0, 1, 1026, 1155]), 2348)
    assert values.tolist() == [0] * 1024 + [7] * 1024 + [1] * 300
    words = np.concatenate([np.full(64, 0xFFFF), [9, 8], np.full(64, 0xFFFF)]).astype(np.uint16)
    counts = np.array([1024, 2, 0, 70], np.int32)
    values = asked(implementation, "unpack_levels", words, np.array([0, 64, 66, 66, 130]), 1, counts)
    assert values.tolist() == [1] * 1024 + [9, 8] + [1] * 70


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64])
def test_the_type_of_the_words_is_the_type_of_the_values(implementation: ModuleType, dtype: Any) -> None:
    """No values are an empty array of that type."""
    nothing = np.zeros(0, dtype)
    for values in (
        asked(implementation, "unpack_inline", nothing, np.zeros(1, np.int64), 0),
        asked(implementation, "unpack_out_of_line", nothing, 3, 0),
        asked(implementation, "unpack_out_of_line", nothing, 0, 5),
    ):
        assert values.dtype == dtype
        assert not values.any()


def test_no_buffers_have_no_levels(implementation: ModuleType) -> None:
    """An empty page is legal."""
    nothing = np.zeros(0, np.uint16)
    values = asked(implementation, "unpack_levels", nothing, np.zeros(1, np.int64), 2, np.zeros(0, np.int32))
    assert (values.dtype, values.shape) == (np.uint16, (0,))


def test_an_error_says_where_and_what(implementation: ModuleType) -> None:
    """The place comes first, as a word of its own."""
    words = np.array([0, 33, *[0] * 32], np.uint32)
    with pytest.raises(ValueError, match=r"^chunk 1: "):
        asked(implementation, "unpack_inline", words, np.array([0, 1, 34]), 2000)
    with pytest.raises(ValueError, match=r"^chunk 0: expected a width of 0 to 32, got 33$"):
        asked(implementation, "unpack_out_of_line", words, 33, 1000)
    starts, counts = np.array([0, 1, 3]), np.array([1, 3], np.int32)
    with pytest.raises(ValueError, match=r"^buffer 1: "):
        asked(implementation, "unpack_levels", np.zeros(3, np.uint16), starts, 1, counts)


def test_guarded_memory_is_what_the_battery_runs_in(
    implementation: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outputs that a kernel allocates end before a page that cannot be touched, as all inputs do."""
    monkeypatch.setattr(np, "empty", guarded_empty)
    values = asked(
        implementation, "unpack_levels", np.ones(3, np.uint16), np.array([0, 3]), 1, np.array([3], np.int32)
    )
    assert values.tolist() == [1, 1, 1]
    assert values.__array_interface__["data"][0] % 4096 == 4096 - values.nbytes
