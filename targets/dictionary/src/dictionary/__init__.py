"""Codes replaced by the dictionary entries that they stand for. Here: the methods, and what a chunk is."""

DECODE_FIXED = "decode_fixed"
DECODE_STRINGS = "decode_strings"
DECODE_PACKED_FIXED = "decode_packed_fixed"
DECODE_PACKED_STRINGS = "decode_packed_strings"

CHUNK_ROWS = 1024  # as many codes are packed together; errors count rows in chunks everywhere
