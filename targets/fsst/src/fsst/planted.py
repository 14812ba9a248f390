"""Codes that are right and easy to get wrong, to stand in place of a string's own codes, as many of them.

kind              of a string of m codes                        closes
`escaped escapes` 255 255 over and over                         looking for escapes without their order
`one escape`      one, at any place                             escapes at the edges of blocks of four
`all escapes`     nothing but bytes above and below all codes   taking bytes for unknown codes
`longest`         the longest symbol over and over              room for an average expansion
`ends literal`    symbols, then an escape and its byte          stores of eight bytes at the end
`symbols`         any symbols                                   remembered answers
"""

import numpy as np

from fsst import ESCAPE
from harness_common.prng import SplitMix64

KINDS = ("escaped escapes", "one escape", "all escapes", "longest", "ends literal", "symbols")
WITHOUT_ESCAPES = ("longest", "symbols")


def codes(stream: SplitMix64, kind: str, m: int, lengths: np.ndarray) -> np.ndarray:
    """Return uint8[m], right codes for a string.

    m        1 or more
    lengths  uint8[n_symbols], n_symbols > 0
    """
    found = stream.integers(0, len(lengths), m).astype(np.uint8)
    if kind == "longest":
        found[:] = int(lengths.argmax())
    if m < 2:
        return found
    if kind == "one escape":
        at = int(stream.integers(0, m - 1, 1)[0])
        found[at], found[at + 1] = ESCAPE, stream.integers(0, 256, 1)[0]
    elif kind == "ends literal":
        found[-2], found[-1] = ESCAPE, stream.integers(0, 256, 1)[0]
    elif kind in ("escaped escapes", "all escapes"):
        first = m % 2  # a symbol, where the number is odd
        found[first::2] = ESCAPE
        found[first + 1 :: 2] = ESCAPE if kind == "escaped escapes" else stream.integers(0, 256, m // 2)
    return found
