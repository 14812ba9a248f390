"""Op inputs of each method from the same dictionary and codes, for the battery and the workloads."""

from typing import Any

import numpy as np

from dictionary import DECODE_FIXED, DECODE_PACKED_FIXED, DECODE_PACKED_STRINGS, DECODE_STRINGS
from dictionary.packing import Packed, pack

FIXED = (DECODE_FIXED, DECODE_PACKED_FIXED)
STRINGS = (DECODE_STRINGS, DECODE_PACKED_STRINGS)
PACKED = (DECODE_PACKED_FIXED, DECODE_PACKED_STRINGS)
NO_NULLS = np.zeros(0, np.uint8)

Dictionary = dict[str, np.ndarray]  # values, or offsets and data, or all of them


def op_of(
    method: str,
    dictionary: Dictionary,
    codes: np.ndarray,
    validity: np.ndarray = NO_NULLS,
    code_bytes: int = 4,
    padding: np.ndarray | int = 0,
) -> dict[str, Any]:
    """Return the op that decodes `codes`, packed if the method takes them so.

    code_bytes  of a code that is not packed
    padding     the codes that fill up the last packed chunk
    """
    if method in PACKED:
        return packed_op(method, dictionary, pack(codes.astype(np.uint32), padding), len(codes), validity)
    narrow = codes.astype(f"u{code_bytes}")
    return {"method": method, **part(method, dictionary), "codes": narrow, "validity": validity}


def packed_op(
    method: str, dictionary: Dictionary, packed: Packed, n_values: int, validity: np.ndarray = NO_NULLS
) -> dict[str, Any]:
    """Return the op that decodes codes that are packed, rightly or not."""
    return {
        "method": method,
        **part(method, dictionary),
        "words": packed.words,
        "chunk_starts": packed.chunk_starts,
        "n_values": n_values,
        "validity": validity,
    }


def every_method(
    dictionary: Dictionary, codes: np.ndarray, validity: np.ndarray = NO_NULLS, code_bytes: int = 4
) -> list[Any]:
    """Return an op of each of the four methods for the same codes."""
    return [op_of(method, dictionary, codes, validity, code_bytes) for method in (*FIXED, *STRINGS)]


def both_strings(
    dictionary: Dictionary, codes: np.ndarray, validity: np.ndarray = NO_NULLS, code_bytes: int = 4
) -> list[Any]:
    """Return an op of each of the two methods that return strings."""
    return [op_of(method, dictionary, codes, validity, code_bytes) for method in STRINGS]


def part(method: str, dictionary: Dictionary) -> Dictionary:
    """Return what a method takes of a dictionary."""
    names = ("values",) if method in FIXED else ("offsets", "data")
    return {name: dictionary[name] for name in names}
