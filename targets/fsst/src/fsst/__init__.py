"""Strings out of one-byte codes and a table of symbols. Here: the calls of an op, and the table's layout."""

# What an op asks a kernel for.
DECODE = "decode"  # one call: codes and offsets
PAGE = "decode_page"  # one call: all chunks of a page
CHUNK_BY_CHUNK = "decode_page, chunk by chunk"  # as many calls as there are chunks

TABLE_BYTES = 2312
MAGIC = b"TSSF"  # bytes 4 to 7 of a table
MOST_SYMBOLS = 255
ESCAPE = 255  # the byte after this code stands for itself
LONGEST_SYMBOL = 8  # bytes
PADDING = 72  # fills a chunk up to a multiple of four bytes
