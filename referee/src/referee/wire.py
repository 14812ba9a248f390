"""Messages between the referee and a player: a JSON body and raw array bytes, checked on arrival.

Nothing that arrives is unpickled or evaluated. A frame is a 12-byte prefix (magic, body length, number of
arrays), the body, then per array a checked descriptor and its bytes in C order.
"""

import json
import math
import socket
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from referee.workload import Edit, Value

PREFIX = struct.Struct("<4sII")
DESCRIPTOR = struct.Struct("<4sB3x")
EXTENT = struct.Struct("<Q")
MAGIC = b"lar1"
MAX_BODY_BYTES = 1 << 24
MAX_ARRAYS = 1 << 16
MAX_FRAME_BYTES = 1 << 31
DTYPES = {
    np.dtype(name).str: np.dtype(name)
    for name in ("bool", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8")
}


class BrokenMessage(Exception):
    """What arrived is not a complete, valid frame."""


def send(channel: socket.socket, body: Mapping[str, Any], arrays: Sequence[np.ndarray] = ()) -> None:
    """Write one frame; arrays must be C-contiguous and of a dtype in DTYPES."""
    encoded = json.dumps(body).encode()
    parts = [PREFIX.pack(MAGIC, len(encoded), len(arrays)), encoded]
    for array in arrays:
        if array.dtype.str not in DTYPES or not array.flags.c_contiguous:
            raise ValueError(f"expected a C-contiguous plain array, got {array.dtype} {array.shape}")
        parts.append(DESCRIPTOR.pack(array.dtype.str.encode(), array.ndim))
        parts.extend(EXTENT.pack(extent) for extent in array.shape)
        if array.nbytes > 1 << 16:
            send_bytes(channel, b"".join(parts))
            send_bytes(channel, array.reshape(-1).view(np.uint8).data)
            parts = []
        else:
            parts.append(array.tobytes())
    send_bytes(channel, b"".join(parts))


def send_bytes(channel: socket.socket, data: bytes | memoryview) -> None:
    """Send all of `data`.

    Not by `sendall`, which is sendto(2): an agent's own sandbox may refuse that call to keep the agent off
    the network, as Codex's does, and `lar verify` is to work inside it.
    """
    view = memoryview(data)
    while view:
        view = view[channel.sendmsg([view]) :]


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Read one frame.

    Raises BrokenMessage on a wrong frame, EOFError when the other side has gone, TimeoutError when the
    channel's time-out runs out between two pieces.
    """
    magic, body_length, n_arrays = PREFIX.unpack(read_exactly(channel, PREFIX.size))
    if magic != MAGIC or body_length > MAX_BODY_BYTES or n_arrays > MAX_ARRAYS:
        raise BrokenMessage(f"expected a frame, got {magic!r} with {body_length} bytes and {n_arrays} arrays")
    try:
        body = json.loads(bytes(read_exactly(channel, body_length)))
    except (ValueError, RecursionError) as error:
        raise BrokenMessage(f"expected a JSON body, got {error}") from None
    if not isinstance(body, dict):
        raise BrokenMessage(f"expected a JSON object, got {type(body).__name__}")
    arrays: list[np.ndarray] = []
    left_bytes = MAX_FRAME_BYTES
    for _ in range(n_arrays):
        arrays.append(read_array(channel, left_bytes))
        left_bytes -= arrays[-1].nbytes
    return body, arrays


def read_array(channel: socket.socket, most_bytes: int) -> np.ndarray:
    name, ndim = DESCRIPTOR.unpack(read_exactly(channel, DESCRIPTOR.size))
    dtype = DTYPES.get(name.rstrip(b"\0").decode("ascii", "replace"))
    if dtype is None or ndim > 8:
        raise BrokenMessage(f"expected a plain array, got dtype {name!r} with {ndim} extents")
    shape = tuple(EXTENT.unpack(read_exactly(channel, EXTENT.size))[0] for _ in range(ndim))
    n_bytes = dtype.itemsize * math.prod(shape)
    if n_bytes > most_bytes or any(extent > MAX_FRAME_BYTES for extent in shape):
        raise BrokenMessage(f"expected at most {most_bytes} bytes, got an array of shape {shape}")
    return np.frombuffer(read_exactly(channel, n_bytes), dtype).reshape(shape)


def read_exactly(channel: socket.socket, n_bytes: int) -> bytearray:
    buffer = bytearray(n_bytes)
    view = memoryview(buffer)
    while view:
        n_read = channel.recv_into(view)
        if n_read == 0:
            raise EOFError("the other side has closed the channel")
        view = view[n_read:]
    return buffer


def pack_inputs(inputs: Mapping[str, Value | Edit], arrays: list[np.ndarray]) -> dict[str, Any]:
    """Return the JSON form of `inputs`, appending its arrays to `arrays`."""
    packed: dict[str, Any] = {}
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            packed[name] = {"array": len(arrays)}
            arrays.append(np.ascontiguousarray(value))
        elif isinstance(value, Edit):
            packed[name] = {"edit": [len(arrays), len(arrays) + 1]}
            arrays.extend((np.ascontiguousarray(value.at), np.ascontiguousarray(value.values)))
        else:
            packed[name] = value
    return packed


def unpack_inputs(packed: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> dict[str, Value | Edit]:
    """Undo `pack_inputs`."""
    inputs: dict[str, Value | Edit] = {}
    for name, value in packed.items():
        if not isinstance(value, dict):
            inputs[name] = value
        elif "array" in value:
            inputs[name] = arrays[value["array"]]
        else:
            at, values = value["edit"]
            inputs[name] = Edit(arrays[at], arrays[values])
    return inputs


def checksum(inputs: Mapping[str, Any]) -> int:
    """Return the CRC-32 of all arrays among `inputs`, in the order of their names."""
    total = 0
    for name in sorted(inputs):
        value = inputs[name]
        if isinstance(value, np.ndarray):
            total = zlib.crc32(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data, total)
    return total
