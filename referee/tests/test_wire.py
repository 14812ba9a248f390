"""Messages arrive as they were sent, or not at all."""

import json
import socket
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from referee import wire
from referee.workload import Edit, Value

arrays = st.sampled_from(sorted(wire.DTYPES)).flatmap(
    lambda dtype: hnp.arrays(
        np.dtype(dtype), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)
    )
)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    left, right = socket.socketpair()
    with left, right:
        right.settimeout(2)
        yield left, right


@given(st.dictionaries(st.text(), st.integers()), st.lists(arrays, max_size=4))
def test_a_message_arrives_as_it_was_sent(body: dict[str, int], sent: list[np.ndarray]) -> None:
    """Body, dtypes, shapes and bytes, NaN payloads included."""
    left, right = socket.socketpair()
    with left, right:
        wire.send(left, body, sent)
        got_body, got = wire.receive(right)
    assert got_body == body
    assert [(a.dtype, a.shape, a.tobytes()) for a in got] == [(a.dtype, a.shape, a.tobytes()) for a in sent]


def test_inputs_survive_packing() -> None:
    """Arrays, edits and plain values keep names and kinds; an array in another order comes in C order."""
    packed_arrays: list[np.ndarray] = []
    columns = np.arange(6.0).reshape(2, 3).T
    inputs: dict[str, Value | Edit] = {
        "k": 3,
        "values": columns,
        "codes": Edit(np.array([1]), np.array([9], np.uint8)),
    }
    packed = json.loads(json.dumps(wire.pack_inputs(inputs, packed_arrays)))
    got = wire.unpack_inputs(packed, packed_arrays)
    assert got["k"] == 3
    assert np.array_equal(np.asarray(got["values"]), columns)
    assert packed_arrays[0].flags.c_contiguous
    edit = got["codes"]
    assert isinstance(edit, Edit)
    assert (edit.at.tolist(), edit.values.tolist()) == ([1], [9])


@pytest.mark.parametrize(
    "frame",
    [
        b"nope" + b"\0" * 8,
        wire.PREFIX.pack(wire.MAGIC, wire.MAX_BODY_BYTES + 1, 0),
        wire.PREFIX.pack(wire.MAGIC, 3, 0) + b"{,}",
        wire.PREFIX.pack(wire.MAGIC, 2, 0) + b"[]",
        wire.PREFIX.pack(wire.MAGIC, 200_000, 0) + b"[" * 200_000,
        wire.PREFIX.pack(wire.MAGIC, 2, 1)
        + b"{}"
        + wire.DESCRIPTOR.pack(b"<f8", 2)
        + wire.EXTENT.pack(0)
        + wire.EXTENT.pack(1 << 63),
        wire.PREFIX.pack(wire.MAGIC, 2, 1) + b"{}" + wire.DESCRIPTOR.pack(b"|O", 0),
        wire.PREFIX.pack(wire.MAGIC, 2, 1) + b"{}" + wire.DESCRIPTOR.pack(b"<f8", 9),
        wire.PREFIX.pack(wire.MAGIC, 2, 1)
        + b"{}"
        + wire.DESCRIPTOR.pack(b"<f8", 1)
        + wire.EXTENT.pack(1 << 60),
    ],
)
def test_a_frame_that_breaks_a_rule_is_refused(
    frame: bytes, pair: tuple[socket.socket, socket.socket]
) -> None:
    """Wrong magic, sizes beyond reason, no JSON object, object arrays: nothing of it is interpreted."""
    pair[0].sendall(frame)
    with pytest.raises(wire.BrokenMessage):
        wire.receive(pair[1])


def test_half_a_message_is_an_end_of_file(pair: tuple[socket.socket, socket.socket]) -> None:
    """A player that dies in the middle of an answer has not answered."""
    pair[0].sendall(wire.PREFIX.pack(wire.MAGIC, 100, 0) + b"{")
    pair[0].close()
    with pytest.raises(EOFError):
        wire.receive(pair[1])


def test_an_object_array_is_not_sent(pair: tuple[socket.socket, socket.socket]) -> None:
    """Only plain numbers cross the channel."""
    with pytest.raises(ValueError, match="plain array"):
        wire.send(pair[0], {}, [np.array([None])])


def test_a_frame_is_sent_whole_by_a_call_that_takes_a_part_of_it() -> None:
    """And by sendmsg(2) alone: the sandbox that an agent itself runs in may refuse sendto(2)."""

    class Narrow:
        sent = b""

        def sendmsg(self, parts: list[memoryview]) -> int:
            self.sent += bytes(parts[0][:4000])
            return min(4000, len(parts[0]))

    channel = Narrow()
    wire.send(channel, {"op": 1}, [np.arange(20_000.0), np.arange(3)])  # type: ignore[arg-type]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(5)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        ours.sendall(channel.sent)
        body, arrays = wire.receive(theirs)
    assert (body, [array.size for array in arrays]) == ({"op": 1}, [20_000, 3])
