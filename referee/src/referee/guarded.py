"""Arrays that end where memory ends: whoever touches a byte behind one is stopped by the processor.

A kernel that reads or writes beyond an array is wrong even where nobody sees it: in Rust the same access is
not allowed, and one day the next page is not there. So it is not there from the start.
"""

import ctypes
import math
import mmap

import numpy as np

# Bound before a `kernels.py` is imported, so that patching a module changes nothing here.
ndarray, dtype_of, copyto, prod, map_memory = np.ndarray, np.dtype, np.copyto, math.prod, mmap.mmap

PAGE_BYTES = mmap.PAGESIZE
LIBC = ctypes.CDLL(None, use_errno=True)
NO_ACCESS = 0
HUGE_BYTES = 1 << 22  # from here on NumPy asks for huge pages, and so do we


def guarded_empty(shape: int | tuple[int, ...], dtype: np.typing.DTypeLike = np.float64) -> np.ndarray:
    """Return an uninitialised array whose last byte is the last one before a page that cannot be touched.

    The page before the array's first cannot be touched either; as an array rarely fills its pages, up to a
    page of bytes before it can. It is aligned to its dtype, and to 64 bytes if it is a multiple of them long.
    A touch ends the process with SIGSEGV. Arguments as for `np.empty`.

    Raises: OSError if the system refuses to close a page.
    """
    n_items = prod(shape) if isinstance(shape, tuple) else shape
    n_bytes = n_items * dtype_of(dtype).itemsize
    inside_bytes = -(-max(n_bytes, 1) // PAGE_BYTES) * PAGE_BYTES
    memory = map_memory(-1, inside_bytes + 2 * PAGE_BYTES)
    if n_bytes >= HUGE_BYTES and hasattr(mmap, "MADV_HUGEPAGE"):
        memory.madvise(mmap.MADV_HUGEPAGE)
    for offset in (0, PAGE_BYTES + inside_bytes):
        close_page(memory, offset)
    return ndarray(shape, dtype, memory, PAGE_BYTES + inside_bytes - n_bytes)


def guarded(array: np.ndarray) -> np.ndarray:
    """Return a copy of `array`, in C order, in memory as `guarded_empty` gives it."""
    copy = guarded_empty(array.shape, array.dtype)
    copyto(copy, array)
    return copy


def close_page(memory: mmap.mmap, offset: int) -> None:
    page = ctypes.c_char.from_buffer(memory, offset)
    if LIBC.mprotect(ctypes.c_void_p(ctypes.addressof(page)), ctypes.c_size_t(PAGE_BYTES), NO_ACCESS) != 0:
        raise OSError(ctypes.get_errno(), "expected to close a page of memory, but mprotect refused")
