"""The reference against answers worked out by hand, and the packer and the quick oracle against it."""

from itertools import pairwise

import numpy as np
import pytest

from harness_common.prng import SplitMix64
from posting_intersect import bulk, reference
from posting_intersect.battery import some_docs
from posting_intersect.forms import both_forms
from posting_intersect.pack import pack, packed_bits

NONE = np.zeros(0, np.uint32)


def asked(lists: list[list[int]], queries: list[list[int]]) -> list[list[int]]:
    """Return each query's documents."""
    docs = np.array([doc for one in lists for doc in one], np.uint32)
    list_start = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    start, ids = reference.intersect(docs, list_start, np.array(queries, np.int32))
    assert (start.dtype, ids.dtype, start[0], start[-1]) == (np.int64, np.uint32, 0, len(ids))
    return [ids[a:b].tolist() for a, b in pairwise(start)]


def test_what_all_lists_have_in_common_comes_in_order() -> None:
    """Two lists, three, one, and one twice."""
    lists = [[1, 4, 6, 9, 12], [0, 4, 5, 9, 12, 13], [4, 12, 14]]
    assert asked(lists, [[0, 1], [1, 0], [2, 1]]) == [[4, 9, 12], [4, 9, 12], [4, 12]]
    assert asked(lists, [[2, 0, 1], [1, 1, 0]]) == [[4, 12], [4, 9, 12]]
    assert asked(lists, [[2], [0]]) == [[4, 12, 14], [1, 4, 6, 9, 12]]


def test_documents_have_32_bits_and_no_sign() -> None:
    """Around the sign bit and at both ends."""
    lists = [[0, 2**31 - 1, 2**31, 2**32 - 1], [0, 1, 2**31, 2**32 - 2, 2**32 - 1]]
    assert asked(lists, [[0, 1]]) == [[0, 2**31, 2**32 - 1]]


def test_a_missing_term_and_an_empty_list_leave_nothing() -> None:
    """In any place; and no terms at all have no documents."""
    lists = [[1, 2], [], [2]]
    assert asked(lists, [[-1, 0], [0, -1], [1, 0], [0, 2]]) == [[], [], [], [2]]
    assert asked(lists, [[-1], [1]]) == [[], []]
    start, ids = reference.intersect(NONE, np.zeros(1, np.int64), np.zeros((2, 0), np.int32))
    assert (start.tolist(), ids.tolist()) == ([0, 0, 0], [])


def test_a_block_is_unpacked_as_its_layout_says() -> None:
    """Width 3, differences 0, 1, 2, ..., 7, 0, ...: lane 0 holds those of 0, 4, 8, ...: 0, 4, 0, 4, ...

    So the first word of lane 0 is 0b...100_000_100_000, and so on for lanes 1 (1, 5), 2 (2, 6) and 3 (3, 7).
    """
    words = []
    for lane in range(4):
        stream = 0
        for slot in range(32):
            stream |= (lane + 4 * (slot % 2)) << (3 * slot)
        words.append([stream >> 32 * i & 0xFFFFFFFF for i in range(3)])
    assert words[0][0] == 0b00_100_000_100_000_100_000_100_000_100_000
    data = b"".join(words[lane][i].to_bytes(4, "little") for i in range(3) for lane in range(4))
    block = b"\x00\x00\x80\x3f" + (1_000).to_bytes(4, "little") + b"\x03" + data + b"\x01" + b"\xff" * 16
    expected = np.cumsum([1_000, *(i % 8 for i in range(1, 128))]).tolist()
    assert reference.unpack(block) == expected


def test_a_block_of_width_1_and_a_rest_make_a_list() -> None:
    """128 documents in a row from 5 on: a difference of 0 and 127 of 1; then three more, as they are.

    Of each lane the 32 bits are all ones but that lane 0 begins with a zero.
    """
    bits = b"\xfe" + b"\xff" * 15
    full = b"\0\0\0\0" + b"\x05\0\0\0" + b"\x01" + bits + b"\x01" + b"\xff" * 16
    rest = b"\0\0\0\0" + b"".join(n.to_bytes(4, "little") for n in (200, 2**31, 2**32 - 1, 1, 9, 1))
    blob = np.frombuffer(full + rest, np.uint8)
    lists = (
        np.array([0, len(full), len(blob)]),
        np.array([5, 200], np.uint32),
        np.array([0, 2]),
        np.array([131]),
    )
    start, ids = reference.intersect_blocks(blob, *lists, np.array([[0]], np.int32))
    assert ids.tolist() == [*range(5, 133), 200, 2**31, 2**32 - 1]
    assert start.tolist() == [0, 131]
    assert [array.tolist() for array in bulk.intersect_blocks(blob, *lists, np.array([[0]], np.int32))] == [
        start.tolist(),
        ids.tolist(),
    ]


@pytest.mark.parametrize("width", range(1, 33))
def test_the_packer_writes_bit_by_bit_what_the_layout_says(width: int) -> None:
    """Values of exactly so many bits; bit by bit into words; and back by the quick oracle."""
    values = SplitMix64(width).uint64((2, 128)).astype(np.uint32) & np.uint32((1 << width) - 1)
    values[:, 3] = (1 << width) - 1
    words = packed_bits(values, width)
    expected = np.zeros((2, width, 4), np.uint64)
    for row in range(2):
        for i in range(128):
            for bit in range(width):
                place = i // 4 * width + bit
                expected[row, place // 32, i % 4] |= np.uint64(int(values[row, i]) >> bit & 1) << np.uint64(
                    place % 32
                )
    assert words.tolist() == expected.reshape(2, -1).tolist()
    assert bulk.unpacked_bits(words.reshape(2, width, 4), width).tolist() == values.tolist()


def test_the_packer_makes_blocks_as_lance_does() -> None:
    """The example of the layout: 130 documents 10 apart, as often in a document as it is long."""
    docs = (7 + 10 * np.arange(130)).astype(np.uint32)
    found = pack([docs, NONE], [np.full(130, 6, np.uint32), NONE])
    assert found.block_start.tolist() == [0, 4 + 4 + 1 + 64 + 1 + 48, 4 + 4 + 1 + 64 + 1 + 48 + 4 + 8 * 2]
    assert (found.blocks_of_list.tolist(), found.length.tolist()) == ([0, 2, 2], [130, 0])
    assert found.block_first_doc.tolist() == [7, 1287]
    block = found.blob[: found.block_start[1]].tobytes()
    assert (block[4:8], block[8], block[73]) == (b"\x07\0\0\0", 4, 3)
    assert reference.unpack(block) == docs[:128].tolist()
    assert found.blob[-16:].view(np.uint32).tolist() == [1287, 1297, 6, 6]


@pytest.mark.parametrize("seed", range(12))
def test_the_quick_oracle_says_what_the_reference_says(seed: int) -> None:
    """Both forms, few and many ids, lists of like and of unlike length."""
    stream = SplitMix64(seed)
    n_ids = (500, 3_000, 2**16)[seed % 3]
    lengths = [int(n) for n in stream.integers(0, 700 if seed % 2 else 200, 5)]
    lists = [some_docs(stream.fork(i), n, n_ids) for i, n in enumerate([*lengths, min(9_000, n_ids)])]
    if seed % 4 == 0:
        lists = [one * np.uint32(60_000) for one in lists]
    m = seed % 5
    queries = stream.integers(-1 if seed > 8 else 0, 6, (7, m)).astype(np.int32)
    raw, blocks = both_forms(stream.fork(9), lists)
    expected = reference.intersect(**raw, queries=queries)
    for got in (
        bulk.intersect(**raw, queries=queries),
        reference.intersect_blocks(**blocks, queries=queries),
        bulk.intersect_blocks(**blocks, queries=queries),
    ):
        for want, have in zip(expected, got, strict=True):
            assert (have.dtype, have.tolist()) == (want.dtype, want.tolist())
