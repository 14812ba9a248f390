"""Memory that ends where an array ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from referee.guarded import PAGE_BYTES, guarded, guarded_empty

TOUCH = """
import ctypes, sys
import numpy as np
from referee.guarded import guarded_empty
array = guarded_empty({shape}, np.uint8)
array[...] = 1
byte = ctypes.c_uint8.from_address(array.ctypes.data + {offset})
{touch}
"""


def touched(shape: int, offset: int, touch: str) -> int:
    """Return how a process ends that touches the byte at `offset` from an array of `shape` bytes."""
    text = TOUCH.format(shape=shape, offset=offset, touch=touch)
    return subprocess.run([sys.executable, "-c", text], check=False, capture_output=True).returncode


@pytest.mark.parametrize("touch", ["print(byte.value)", "byte.value = 1"])
@pytest.mark.parametrize(
    ("shape", "offset"),
    [(100, 100), (PAGE_BYTES, PAGE_BYTES), (PAGE_BYTES, -1), (0, 0), (5 * PAGE_BYTES, -1)],
)
def test_a_touch_outside_ends_the_process(shape: int, offset: int, touch: str) -> None:
    """The byte behind the last one always; the byte before the first where the array fills its pages."""
    assert touched(shape, offset, touch) == -signal.SIGSEGV


@pytest.mark.parametrize("offset", [0, 99])
def test_a_touch_inside_is_fine(offset: int) -> None:
    """The first and the last byte."""
    assert touched(100, offset, "byte.value = 1") == 0


@pytest.mark.parametrize("make", [guarded_empty, lambda shape, dtype: guarded(np.ones(shape, dtype))])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.uint64])
@pytest.mark.parametrize("shape", [(), 0, 3, (0, 4), (7, 5), (1 << 20, 8)])
def test_an_array_as_any_other(
    make: Callable[..., np.ndarray], shape: int | tuple[int, ...], dtype: type
) -> None:
    """Shape, dtype, order, alignment; it can be written, and its memory stays as long as it is used."""
    array = make(shape, dtype)
    assert (array.shape, array.dtype) == (np.zeros(shape).shape, np.dtype(dtype))
    assert array.flags.c_contiguous
    assert array.flags.aligned
    assert array.flags.writeable
    part = array.reshape(-1)[:1]
    del array
    part[...] = 3
    assert np.all(part == 3)


def test_a_copy_has_the_values_in_c_order() -> None:
    """Of a transposed array too."""
    array = np.arange(12, dtype=np.uint16).reshape(3, 4).T
    copy = guarded(array)
    assert np.array_equal(copy, array)
    assert copy.flags.c_contiguous


def mapped_bytes() -> int:
    """Return the size of this process's address space; skip where the system does not tell."""
    statm = Path(f"/proc/{os.getpid()}/statm")
    if not statm.is_file():
        pytest.skip("no /proc on this system")
    return int(statm.read_text().split()[0]) * PAGE_BYTES


def test_memory_is_given_back() -> None:
    """A thousand arrays of 8 MB, one after the other, do not add up."""
    before = mapped_bytes()
    for _ in range(1000):
        guarded_empty(1 << 23, np.uint8)
    assert mapped_bytes() - before < 1 << 28
