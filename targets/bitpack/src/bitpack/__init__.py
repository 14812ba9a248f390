"""Unpacking of chunks of 1,024 unsigned integers in the FastLanes order. Here: what all files share."""

# The three methods of a kernel; each op calls one of them.
INLINE = "inline"
OUT_OF_LINE = "out_of_line"
LEVELS = "levels"

CHUNK = 1024  # values
ORDER = (0, 4, 2, 6, 1, 5, 3, 7)  # where the eight blocks of eight rows stand; its own inverse
MOST_LEVELS = 4096  # values of one buffer of levels
MOST_VALUES = 2**31 - 1  # of a column: of width 0 its length bounds nothing
