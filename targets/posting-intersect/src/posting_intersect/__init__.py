"""The documents that several sorted posting lists share. Here: what an op may ask for, and the block size."""

# The two methods of a kernel; each op calls one of them.
INTERSECT = "intersect"
INTERSECT_BLOCKS = "intersect_blocks"

BLOCK = 128  # documents of a packed block; the last block of a list has fewer, or as many
MISSING = -1  # in place of the number of a list: a term that no document has
