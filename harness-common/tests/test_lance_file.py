"""The reader of Lance pages: against bytes put together by hand, and against a file that pylance wrote."""

import itertools
import struct
from pathlib import Path

import numpy as np
import pytest

from harness_common import lance_file
from harness_common.lance_file import Chunk, Encoding


def test_a_number_of_variable_length() -> None:
    """The documentation's examples: 150 in two bytes, and one byte for what is below 128."""
    assert lance_file.varint(b"\x96\x01", 0) == (150, 2)
    assert lance_file.varint(b"\xff\x05", 1) == (5, 2)


def test_the_fields_of_a_message() -> None:
    """Field 1 is the number 150, field 2 the bytes `testing`, field 3 occurs twice."""
    message = b"\x08\x96\x01" + b"\x12\x07testing" + b"\x18\x01" + b"\x18\x02"
    assert lance_file.fields(message) == {1: [150], 2: [b"testing"], 3: [1, 2]}
    with pytest.raises(ValueError, match="got wire type 5"):
        lance_file.fields(b"\x0d\0\0\0\0")


def test_numbers_packed_or_not() -> None:
    """Both forms mean the same list; what is not set is 0 or nothing."""
    assert lance_file.numbers({4: [b"\x03\x8e\x02"]}, 4) == [3, 270]
    assert lance_file.numbers({4: [3, 270]}, 4) == [3, 270]
    assert lance_file.numbers({}, 4) == []
    assert lance_file.number({}, 4) == 0


def test_an_encoding_in_another() -> None:
    """FSST with a symbol table, its codes variable, their offsets flat with 32 bits: fields 6, 2, 2, 1, 1."""
    flat = b"\x0a\x02\x08\x20"
    variable = b"\x12\x06\x0a\x04" + flat
    fsst = b"\x32\x11\x0a\x05table" + b"\x12\x08" + variable
    flat32 = Encoding("flat", bits=32)
    expected = Encoding("fsst", symbol_table=b"table", inner=Encoding("variable", inner=flat32))
    assert lance_file.encoding({3: [fsst]}, 3) == expected
    assert lance_file.encoding({3: [fsst]}, 2) is None


def test_a_chunk_with_levels() -> None:
    """Seven levels, two bytes of definition, nine and one of buffers; header and parts padded to 8."""
    header = struct.pack("<4H", 7, 2, 9, 1)
    parts = b"dd" + b"\xfe" * 6 + b"123456789" + b"\xfe" * 7 + b"x" + b"\xfe" * 7
    chunk = lance_file.read_chunk(header + parts, 7, False, True, 2)
    assert chunk == Chunk(7, 7, b"", b"dd", [b"123456789", b"x"])


def test_the_words_say_where_chunks_begin() -> None:
    """Two chunks of 16 and 24 bytes, of 8 and of the last 3 values."""
    first = struct.pack("<2H", 0, 5) + b"\xfe" * 4 + b"first" + b"\xfe" * 3
    last = struct.pack("<2H", 0, 9) + b"\xfe" * 4 + b"the other" + b"\xfe" * 7
    words = struct.pack("<2H", 1 << 4 | 3, 2 << 4)
    chunks = list(lance_file.read_chunks(words, first + last, 11, False, False, 1))
    assert chunks == [Chunk(8, 0, b"", b"", [b"first"]), Chunk(3, 0, b"", b"", [b"the other"])]


def test_another_file_is_refused(tmp_path: Path) -> None:
    """By its footer, and with what was expected."""
    path = tmp_path / "other.lance"
    path.write_bytes(bytes(24) + struct.pack("<IIHH4s", 0, 1, 0, 3, b"LANC"))
    with pytest.raises(ValueError, match=r"expected a Lance file of format 2\.1, got b'LANC' 0\.3"):
        lance_file.read_pages(path, 0)


def test_a_file_that_pylance_wrote(tmp_path: Path) -> None:
    """Values that fill their bits are stored as they are; a dictionary has its offsets before its bytes."""
    lance = pytest.importorskip("lance.file")
    pa = pytest.importorskip("pyarrow")
    path = tmp_path / "small.lance"
    values = np.random.default_rng(5).integers(0, 1 << 32, 5_000, np.uint32)
    words = ["air", "rail", "ship"]
    columns = {"values": pa.array(values), "words": pa.array([words[i % 3] for i in values.tolist()])}
    table = pa.table(columns)
    with lance.LanceFileWriter(str(path), table.schema, version="2.1") as writer:
        writer.write_batch(table)

    (page,) = lance_file.read_pages(path, 0)
    assert page.values == Encoding("flat", bits=32)
    assert (page.n_rows, page.n_items) == (5_000, 5_000)
    assert sum(chunk.n_values for chunk in page.chunks) == 5_000
    assert b"".join(chunk.buffers[0] for chunk in page.chunks) == values.tobytes()

    (page,) = lance_file.read_pages(path, 1)
    assert page.dictionary == Encoding("variable", inner=Encoding("flat", bits=32))
    assert page.n_dictionary_items == 3
    bits, begin, *offsets = struct.unpack_from("<6I", page.dictionary_bytes)
    assert (bits, offsets[-1]) == (32, 11)
    entries = page.dictionary_bytes[begin:]
    found = {entries[i:j].decode() for i, j in itertools.pairwise(offsets)}
    assert found == set(words)
    with pytest.raises(ValueError, match="expected a column below 2, got 2"):
        lance_file.read_pages(path, 2)
