"""Packing many blocks at once is the same as the definition, bit by bit; bounds are bounds."""

from itertools import pairwise

import numpy as np
import pytest

from fts_bm25 import BLOCK, baseline, codec, draws, reference
from fts_bm25.index import arranged, encode, maximum, norms, with_frequencies
from fts_bm25.oracle import decoded
from harness_common.prng import SplitMix64


@pytest.mark.parametrize("width", range(33))
def test_every_width_packs_to_what_the_definition_unpacks(width: int) -> None:
    """Numbers of all bits, and of random ones."""
    values = (SplitMix64(width).uint64((3, BLOCK)) >> 32).astype(np.uint32) & np.uint32((1 << width) - 1)
    values[0] = (1 << width) - 1
    packed = codec.pack(values, width)
    assert packed.shape == (3, 16 * width)
    assert [reference.unpacked(row.tobytes(), width) for row in packed] == values.tolist()
    np.testing.assert_array_equal(codec.unpack(packed, width), values)
    assert codec.width_of(values).tolist() == [width] * 3 or width > 0


@pytest.mark.parametrize("length", [0, 1, 127, 128, 129, 256, 700])
def test_a_list_comes_back(length: int) -> None:
    """Encoded, and decoded by the definition and by the oracle's own way."""
    stream = SplitMix64(length)
    documents = np.sort(stream.permutation(4_000)[:length]).astype(np.uint32)
    frequencies = (1 + stream.integers(0, 9, length)).astype(np.uint32)
    lists = [(documents, frequencies), (documents[:5], frequencies[:5])]
    norm = norms(np.full(4_000, 80, np.uint32), 100.0)
    arrays = arranged(encode(lists, np.ones(2, np.float32), norm))
    starts = arrays["block_start"][: arrays["blocks_of_term"][1] + 1]
    blocks = [arrays["blob"][a:b].tobytes() for a, b in pairwise(starts)]
    assert reference.postings(blocks, length) == (documents.tolist(), frequencies.tolist())
    for got, want in zip(decoded(arrays, 0), lists[0], strict=True):
        np.testing.assert_array_equal(got, want)
    for block, start in enumerate(starts[:-1]):
        head = arrays["blob"][start : start + 8].tobytes()
        assert np.frombuffer(head, "<f4")[0] == arrays["block_max_score"][block]
        assert np.frombuffer(head, "<u4")[1] == arrays["block_first_doc"][block] == documents[BLOCK * block]


@pytest.mark.parametrize("block", [0, 1, 2])
def test_a_block_may_get_other_frequencies(block: int) -> None:
    """Of a whole block and of the last one: the same bytes as if encoded so."""
    stream = SplitMix64(9)
    documents = np.sort(stream.permutation(4_000)[:300]).astype(np.uint32)
    frequencies = (1 + stream.integers(0, 4, 300)).astype(np.uint32)
    norm, idf = norms(np.arange(4_000, dtype=np.uint32), 100.0), np.full(1, 2.5, np.float32)
    inside = slice(128 * block, 128 * block + 128)
    after = frequencies.copy()
    after[inside] = after[inside][::-1]
    before, wanted = (encode([(documents, some)], idf, norm)[0] for some in (frequencies, after))
    content, most = with_frequencies(before, block, after[inside], norm[documents[inside]])
    start = int(before.sizes[:block].sum())
    assert content.tobytes() == wanted.blob[start : start + len(content)].tobytes()
    assert most == wanted.maxima[block]


def test_stored_maxima_are_often_below_scores_and_widened_ones_never() -> None:
    """Random postings and those at the ends, one in each block: so each maximum is of one posting."""
    stream = SplitMix64(12)
    n = 400_000
    lengths = (stream.uint64(n) >> (32 + stream.integers(0, 32, n)).astype(np.uint64)).astype(np.uint32)
    frequencies = np.maximum(
        1, (stream.uint64(n) >> (32 + stream.integers(0, 32, n)).astype(np.uint64)).astype(np.uint32)
    )
    idf = draws.power_of_two(stream.uniform(0, 27, n) - 22).astype(np.float32)
    stored = draws.power_of_two(stream.uniform(0, 27, n) - 22).astype(np.float32)
    below = 0
    for stored_avgdl, avgdl in (
        (100.0, 100.0),
        (100.0, 50.0),
        (100.0, 203.7),
        (1.0, 1e9),
        (4e9, 1.0),
        (7.3, 7.4),
    ):
        most = maximum(frequencies[:, np.newaxis], norms(lengths, stored_avgdl)[:, np.newaxis], stored)
        f = frequencies.astype(np.float32)
        scores = idf * ((np.float32(2.2) * f) / (f + norms(lengths, avgdl)))
        scale = (idf.astype(np.float64) / stored * (max(1.0, avgdl / stored_avgdl) * baseline.WIDER)).astype(
            np.float32
        )
        assert (scale * most >= scores).all()
        if avgdl == stored_avgdl:
            own = stored * ((np.float32(2.2) * f) / (f + norms(lengths, avgdl)))
            below = int((most < own).sum())
    assert 0.1 * n < below < 0.4 * n
