"""What lies in the pages of a Lance file of format 2.1, byte for byte, for tests on genuine data.

A layout that matches only our own encoder proves nothing, so the tests of the decoders let pylance write a
file, take it apart here and decode the parts. Only mini-block pages are read: small values in chunks of at
most 4,096, each chunk a few buffers behind a header. Nothing is decompressed.
Sources, at Lance d2039d750: protos/file2.proto (footer, columns, pages), protos/encodings_v2_1.proto (what a
page says of itself), rust/lance-encoding/src/encodings/logical/primitive.rs (chunks).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOOTER = struct.Struct("<QQQIIHH4s")
ALIGNMENT_BYTES = 8
COMPRESSIONS = {1: "flat", 2: "variable", 3: "constant", 4: "out_of_line_bitpacking", 5: "inline_bitpacking"}
COMPRESSIONS |= {6: "fsst", 7: "dictionary", 8: "rle", 9: "byte_stream_split", 10: "general"}
COMPRESSIONS |= {11: "fixed_size_list", 12: "packed_struct", 13: "variable_packed_struct"}
LAYOUTS = {1: "mini-block", 2: "constant", 3: "full-zip", 4: "blob", 5: "sparse"}
# Which field of which compression holds what; where there is none, it holds nothing that is read here.
BITS_FIELD = {"flat": 1, "out_of_line_bitpacking": 1, "inline_bitpacking": 1}
INNER_FIELD = {"variable": 1, "out_of_line_bitpacking": 3, "fsst": 2, "general": 3, "fixed_size_list": 2}

Message = dict[int, list[int | bytes]]


@dataclass(frozen=True)
class Encoding:
    """How a block of values is stored.

    name          as in `COMPRESSIONS`
    bits          of a value: stored if `flat`, unpacked if it is a bit-packing, else 0
    symbol_table  of `fsst`, else empty
    inner         how the result is stored in turn (of `variable`: how its offsets are)
    """

    name: str
    bits: int = 0
    symbol_table: bytes = b""
    inner: "Encoding | None" = None


@dataclass(frozen=True)
class Chunk:
    """One mini-block: `n_values` values in `buffers`; levels are empty where the page has none."""

    n_values: int
    n_levels: int
    repetition: bytes
    definition: bytes
    buffers: list[bytes]


@dataclass(frozen=True)
class Page:
    """A page of one column; an encoding that it does not have is None."""

    n_rows: int
    n_items: int
    values: Encoding
    repetition: Encoding | None
    definition: Encoding | None
    chunks: list[Chunk]
    dictionary: Encoding | None
    dictionary_bytes: bytes
    n_dictionary_items: int


def read_pages(path: Path, column: int) -> list[Page]:
    """Return the pages of one column of the file at `path`, in order.

    Columns count from 0 in the order of the schema, as long as none is nested.
    Raises: ValueError if the file is not of format 2.1 or a page has another layout than mini-block.
    """
    file = path.read_bytes()
    _, table, _, _, n_columns, major, minor, magic = FOOTER.unpack(file[-FOOTER.size :])
    if (major, minor, magic) != (2, 1, b"LANC"):
        raise ValueError(f"{path}: expected a Lance file of format 2.1, got {magic!r} {major}.{minor}")
    if not 0 <= column < n_columns:
        raise ValueError(f"{path}: expected a column below {n_columns}, got {column}")
    begin, size = struct.unpack_from("<QQ", file, table + 16 * column)
    pages = fields(file[begin : begin + size]).get(2, [])
    return [read_page(file, fields(inside(page))) for page in pages]


def read_page(file: bytes, page: Message) -> Page:
    begins, sizes = numbers(page, 1), numbers(page, 2)
    buffers = [file[begin : begin + size] for begin, size in zip(begins, sizes, strict=True)]
    (layout,) = follow(page, 4, 2, 1, 2).items()  # encoding, direct, its bytes, the value of the Any there
    if LAYOUTS[layout[0]] != "mini-block":
        raise ValueError(f"expected a mini-block page, got {LAYOUTS[layout[0]]}")
    described = fields(inside(layout[1][0]))
    repetition, definition = encoding(described, 1), encoding(described, 2)
    values = encoding(described, 3)
    assert values is not None
    n_items = number(described, 9)
    shape = (repetition is not None, definition is not None, number(described, 7))
    return Page(
        n_rows=number(page, 3),
        n_items=n_items,
        values=values,
        repetition=repetition,
        definition=definition,
        chunks=list(read_chunks(buffers[0], buffers[1], n_items, *shape)),
        dictionary=encoding(described, 4),
        dictionary_bytes=buffers[2] if 4 in described else b"",
        n_dictionary_items=number(described, 5),
    )


def read_chunks(
    words: bytes, data: bytes, n_items: int, has_repetition: bool, has_definition: bool, n_buffers: int
) -> Iterator[Chunk]:
    """Yield the chunks of `data`; each of the 16-bit `words` says how long one is and how much it holds.

    The low four bits are the logarithm of its number of values, 0 in the last one, which holds the rest; the
    others count its bytes in eights, less one.
    """
    begin = 0
    for (word,) in struct.iter_unpack("<H", words):
        size = ((word >> 4) + 1) * ALIGNMENT_BYTES
        n_values = min(1 << (word & 15), n_items) if word & 15 else n_items
        yield read_chunk(data[begin : begin + size], n_values, has_repetition, has_definition, n_buffers)
        begin += size
        n_items -= n_values


def read_chunk(
    chunk: bytes, n_values: int, has_repetition: bool, has_definition: bool, n_buffers: int
) -> Chunk:
    """Return a chunk's parts: 16-bit numbers of levels and of bytes per part, then the parts, all padded."""
    n_sizes = has_repetition + has_definition + n_buffers
    n_levels, *sizes = struct.unpack_from(f"<{1 + n_sizes}H", chunk)
    begin, parts = padded(2 + 2 * n_sizes), []
    for size in sizes:
        parts.append(chunk[begin : begin + size])
        begin = padded(begin + size)
    repetition = parts.pop(0) if has_repetition else b""
    definition = parts.pop(0) if has_definition else b""
    return Chunk(n_values, n_levels, repetition, definition, parts)


def padded(n_bytes: int) -> int:
    return -(-n_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def encoding(message: Message, field: int) -> Encoding | None:
    """Return the encoding that a field of `message` describes, or None if it is not set."""
    if field not in message:
        return None
    ((kind, (body,)),) = fields(inside(message[field][0])).items()
    described, name = fields(inside(body)), COMPRESSIONS[kind]
    return Encoding(
        name,
        bits=number(described, BITS_FIELD[name]) if name in BITS_FIELD else 0,
        symbol_table=inside(described[1][0]) if name == "fsst" else b"",
        inner=encoding(described, INNER_FIELD[name]) if name in INNER_FIELD else None,
    )


def fields(message: bytes) -> Message:
    """Return the fields of a protobuf message by number: integers as they are, the rest as bytes.

    Source: the encoding page of the protobuf documentation, wire types 0 and 2.
    """
    found: Message = {}
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        value, at = varint(message, at)
        if key & 7 == 0:
            found.setdefault(key >> 3, []).append(value)
        elif key & 7 == 2:
            found.setdefault(key >> 3, []).append(message[at : at + value])
            at += value
        else:
            raise ValueError(f"expected a number or bytes in a message, got wire type {key & 7}")
    return found


def varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number of variable length at `at`, seven bits a byte, and the place after it."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def inside(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("expected bytes in a message, got a number")
    return value


def number(message: Message, field: int) -> int:
    """Return a field that is one number; 0 if it is not set, as protobuf says."""
    value = message.get(field, [0])[0]
    if not isinstance(value, int):
        raise ValueError(f"expected a number in field {field}, got bytes")
    return value


def numbers(message: Message, field: int) -> list[int]:
    """Return a field that is a list of numbers, packed into bytes or not."""
    found: list[int] = []
    for value in message.get(field, []):
        if isinstance(value, int):
            found.append(value)
            continue
        at = 0
        while at < len(value):
            one, at = varint(value, at)
            found.append(one)
    return found


def follow(message: Message, *path: int) -> Message:
    """Return the message inside the message inside ... `message`, by field numbers."""
    for field in path:
        message = fields(inside(message[field][0]))
    return message
