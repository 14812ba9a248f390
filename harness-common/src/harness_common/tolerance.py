"""How far an output may be from the reference, and the comparisons that say so.

An output is right where |got - expected| <= tolerance * max(1, |expected|), against
a float64 reference. NaN is wrong unless the reference is NaN there; equal infinities
have zero error; an infinity against anything else is wrong. Integers and bytes are
compared bit by bit. Every check is written so that what cannot be compared is wrong.
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

# n float32 terms of one sign, added in any order, lose at most about n * 2**-24 of their
# sum: 6e-5 for n = 1024. So the order of additions is free, and little else is.
MAX_ABS_ERR = 1e-4
TOPK_DIST_TOL = 1e-4


class Mismatch(Exception):
    """An output differs from what the reference says; the message says where and by how much."""


def allowed_error(expected: ArrayLike, tolerance: float = MAX_ABS_ERR) -> NDArray[np.float64]:
    """Return tolerance * max(1, |expected|), element by element.

    It is nan or inf where `expected` is: no error is allowed there, see `max_abs_err`.
    """
    return np.asarray(tolerance * np.maximum(1.0, np.abs(np.asarray(expected, dtype=np.float64))))


def max_abs_err(expected: ArrayLike, got: ArrayLike) -> float:
    """Return the largest |got - expected| / max(1, |expected|), or 0.0 for empty arrays.

    It is inf where one of the two is NaN or infinite and the other is not the same.

    Raises: Mismatch if the shapes differ, nothing is broadcast.
    """
    return float(_scaled_error("output", expected, got).max(initial=0.0))


def require_array(name: str, got: object, dtype: DTypeLike, shape: tuple[int, ...]) -> None:
    """Do nothing if `got` is a plain NumPy array of exactly this dtype and shape.

    Raises: Mismatch otherwise, and for any subclass of np.ndarray, whose operators
    could answer the comparison themselves.
    """
    expected = _kind(np.dtype(dtype), shape)
    if type(got) is not np.ndarray:
        raise Mismatch(f"{name}: expected {expected}, got {type(got).__name__}")
    if got.dtype != np.dtype(dtype) or got.shape != shape:
        raise Mismatch(f"{name}: expected {expected}, got {_kind(got.dtype, got.shape)}")


def require_close(name: str, expected: ArrayLike, got: ArrayLike, tolerance: float = MAX_ABS_ERR) -> None:
    """Do nothing if every element of `got` is within the tolerance of `expected`.

    For integers use `require_equal`: here they pass through float64, exact up to 2**53.

    Raises: Mismatch otherwise, also if the shapes differ.
    """
    wrong = ~(_scaled_error(name, expected, got) <= tolerance)
    if not wrong.any():
        return
    index = _first(wrong)
    expected_value = np.asarray(expected)[index]
    allowed = float(allowed_error(expected_value, tolerance)) if np.isfinite(expected_value) else 0.0
    raise Mismatch(
        f"{name}: {np.count_nonzero(wrong)} of {wrong.size} elements differ; first at {index}: "
        f"expected {expected_value}, got {np.asarray(got)[index]} (allowed error {allowed:.2g})"
    )


def first_difference(expected: NDArray[np.generic], got: NDArray[np.generic]) -> tuple[int, ...] | None:
    """Return the index, first in C order, where the bits differ, or None if they never do.

    Bits, not values: -0.0 differs from 0.0, and a NaN equals only a NaN of the same payload.

    Raises: Mismatch if dtype or shape differ.
    """
    require_array("output", got, expected.dtype, expected.shape)
    differs = _bytes(expected) != _bytes(got)
    if not differs.any():
        return None
    element = int(differs.argmax()) // expected.itemsize
    return tuple(int(i) for i in np.unravel_index(element, expected.shape))


def require_equal(name: str, expected: NDArray[np.generic], got: NDArray[np.generic]) -> None:
    """Do nothing if `got` has the dtype, the shape and the bits of `expected`.

    Raises: Mismatch otherwise.
    """
    require_array(name, got, expected.dtype, expected.shape)
    index = first_difference(expected, got)
    if index is None:
        return
    expected_text, got_text = str(expected[index]), str(got[index])
    if expected_text == got_text:  # two NaNs: only their bytes tell them apart
        expected_text += f" (bytes {expected[index].tobytes().hex()})"
        got_text += f" (bytes {got[index].tobytes().hex()})"
    raise Mismatch(f"{name}: first difference at {index}: expected {expected_text}, got {got_text}")


def topk_consistent(
    all_expected: NDArray[np.float64],
    ids: NDArray[np.unsignedinteger],
    distances: NDArray[np.floating],
    k: int,
    tolerance: float = TOPK_DIST_TOL,
    *,
    allowed: NDArray[np.float64] | None = None,
) -> None:
    """Do nothing if `ids` and `distances` are a right top-k smallest of `all_expected`.

    all_expected  float64[n]         the reference distance of every row; +inf may
                                     stand in any number of rows, all tied; NaN sorts last
    ids           unsigned[min(k,n)] row numbers, in any order, none twice
    distances     real[min(k,n)]     the distance of each of `ids`
    allowed       float64[n]         the allowed error of every row, finite and 0 or more,
                                     in place of the tolerance; for distances that lose
                                     more digits in some rows than in others

    Rows may stand in for each other only inside the band of ties: within the
    tolerance of the k-th smallest distance. A row below the band must be returned,
    a row above it must not. With `allowed`, the band reaches from the k-th smallest
    expected - allowed to the k-th smallest expected + allowed, and a row is in it if any
    of expected -+ allowed is: no kernel that keeps to `allowed` in every row can err there.

    Cost: O(n).
    Raises: Mismatch if they are not; ValueError if k < 0, `all_expected` is not float64[n],
    or `allowed` is not as said.
    """
    if k < 0:
        raise ValueError(f"expected k of 0 or more, got {k}")
    n = all_expected.size
    if all_expected.dtype != np.float64 or all_expected.ndim != 1:
        raise ValueError(f"expected float64[n], got {_kind(all_expected.dtype, all_expected.shape)}")
    if allowed is not None:
        if allowed.dtype != np.float64 or allowed.shape != all_expected.shape:
            raise ValueError(f"expected allowed float64[{n}], got {_kind(allowed.dtype, allowed.shape)}")
        if not (np.isfinite(allowed) & (allowed >= 0)).all():
            raise ValueError("expected allowed errors that are finite and 0 or more")
    count = min(k, n)
    require_array("ids", ids, np.asarray(ids).dtype, (count,))
    require_array("distances", distances, np.asarray(distances).dtype, (count,))
    if ids.dtype.kind != "u":  # a negative number would count from the end
        raise Mismatch(f"ids: expected unsigned integers, got {ids.dtype}")
    if count == 0:
        return
    returned = _rows_returned(ids, n)
    if allowed is None:
        require_close("distances", all_expected[ids], distances, tolerance)
        kth = _in_order(all_expected, count)
        margin = float(allowed_error(kth, tolerance)) if np.isfinite(kth) else 0.0
        least, most = all_expected, all_expected
        band = kth - margin, kth + margin
    else:
        _require_within("distances", all_expected[ids], distances, allowed[ids])
        least, most = all_expected - allowed, all_expected + allowed
        band = _in_order(least, count), _in_order(most, count)
    below = ~np.isnan(most) if np.isnan(band[0]) else most < band[0]
    above = np.zeros(n, dtype=np.bool_) if np.isnan(band[1]) else ~(least <= band[1])
    for wrong, fault in ((above & returned, "was returned"), (below & ~returned, "was left out")):
        if wrong.any():
            row = int(wrong.argmax())
            kth = _in_order(all_expected, count)
            error = (band[1] - band[0]) / 2 if np.isfinite(kth) else 0.0
            raise Mismatch(
                f"ids: row {row} {fault}: its expected distance is {all_expected[row]}, "
                f"number {count} in order is {kth} (allowed error {error:.2g})"
            )


def _require_within(name: str, expected: ArrayLike, got: ArrayLike, allowed: NDArray[np.float64]) -> None:
    """Do nothing if every element of `got` is within its own allowed error of `expected`.

    Raises: Mismatch otherwise, also if the shapes differ.
    """
    want = np.asarray(expected, dtype=np.float64)
    size = np.where(np.isfinite(want), np.maximum(1.0, np.abs(want)), 1.0)
    wrong = ~(_scaled_error(name, want, got) * size <= allowed)
    if wrong.any():
        index = _first(wrong)
        raise Mismatch(
            f"{name}: {np.count_nonzero(wrong)} of {wrong.size} elements differ; first at {index}: "
            f"expected {want[index]}, got {np.asarray(got)[index]} (allowed error {allowed[index]:.2g})"
        )


def _in_order(values: NDArray[np.float64], count: int) -> float:
    """Return number `count` of `values` in ascending order, from 1; NaN sorts last."""
    return float(np.partition(values, count - 1)[count - 1])  # partition, like sort, puts NaN last


def _rows_returned(ids: NDArray[np.unsignedinteger], n: int) -> NDArray[np.bool_]:
    """Return bool[n], true at each of `ids`; raises Mismatch if one is n or more, or comes twice."""
    outside = ids >= n
    if outside.any():
        index = _first(outside)
        raise Mismatch(f"ids: expected rows below {n}, got {ids[index]} at {index}")
    times = np.bincount(ids.astype(np.int64), minlength=n)
    if times.max() > 1:
        raise Mismatch(f"ids: expected every row once, got row {times.argmax()} {times.max()} times")
    return np.asarray(times == 1)


def _scaled_error(name: str, expected: ArrayLike, got: ArrayLike) -> NDArray[np.float64]:
    """Return |got - expected| / max(1, |expected|).

    It is 0 where both are NaN or the same infinity, and inf where only one of them is.

    Raises: Mismatch if the shapes differ, or `got` does not hold real numbers.
    """
    if np.asarray(got).dtype.kind not in "biuf":
        raise Mismatch(f"{name}: expected real numbers, got {np.asarray(got).dtype}")
    want = np.asarray(expected, dtype=np.float64)
    have = np.asarray(got, dtype=np.float64)
    if want.shape != have.shape:
        raise Mismatch(f"{name}: expected shape {want.shape}, got {have.shape}")
    finite = np.isfinite(want) & np.isfinite(have)
    same = (want == have) | (np.isnan(want) & np.isnan(have))
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(have - want) / np.maximum(1.0, np.abs(want))
    return np.where(same, 0.0, np.where(finite, error, np.inf))


def _first(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    """Return the index of the first true element, in C order."""
    return tuple(int(i) for i in np.unravel_index(int(mask.argmax()), mask.shape))


def _kind(dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> str:
    """Return the dtype and the shape as in float32[64, 64]."""
    return f"{dtype}{list(shape)}"


def _bytes(array: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return the bytes of `array`, in C order of its elements."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)
