"""Rows by number: values with nulls, vectors, strings; addresses of rows. Here: what an op may ask for."""

# The five methods of a kernel; each op calls one of them.
TAKE_FIXED = "take_fixed"
TAKE_ROWS = "take_rows"
TAKE_STRINGS = "take_strings"
REMAP = "remap"
MAP_OFFSETS = "map_offsets"

TOMBSTONE = 2**64 - 1  # the address of a row that does not exist
